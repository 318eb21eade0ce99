"""Two web processes and two workers behind a broker come to the same result, though some of them are killed.

The whole campaign, and behind Redis too: python3 dev.py bench reliability.
"""

import json
from pathlib import Path

import pytest

from tests.distributed import plants
from tests.distributed.plants import Fate
from tests.rehearsal import files
from workflows.rehearsal import comparison, reading, scenario_reading

CODE = "TRQ-2027-M03"  # a race that one team takes up
FATES = (Fate("worker0", 40, 120), Fate("web0", 80, 150))


@pytest.mark.long
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("broker_url", ["rabbitmq"], indirect=True)
def test_a_rehearsal_on_several_machines_comes_out_as_expected(
    database_url: str, broker_url: str, tmp_path: Path
) -> None:
    scenario = scenario_reading.read(reading.parse(json.dumps(files.one(CODE))))
    played = plants.rehearse(tmp_path, database_url, broker_url, scenario, FATES)
    expected = files.cut_result(files.expected(), (CODE,))
    assert comparison.differences(json.loads(json.dumps(played, default=str)), expected) == []
