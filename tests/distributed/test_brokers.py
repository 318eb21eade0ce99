"""Two web processes and two workers behind RabbitMQ or Redis come to the same result, though some are killed."""

import json
import os
from pathlib import Path

import pytest

from tests.distributed import plants
from tests.distributed.plants import Fate
from tests.rehearsal import files
from workflows.rehearsal import comparison, reading, scenario_reading

FATES = (Fate("worker0", 60, 160), Fate("web0", 110, 210))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("broker_url", ["rabbitmq", "redis"], indirect=True)
def test_a_rehearsal_on_several_machines_comes_out_as_expected(
    database_url: str, broker_url: str, tmp_path: Path
) -> None:
    whole = bool(os.environ.get("JIEBANG_WHOLE_BROKERS"))
    document = files.shipped() if whole else files.cut(files.shipped())
    scenario = scenario_reading.read(reading.parse(json.dumps(document)))
    played = plants.rehearse(tmp_path, database_url, broker_url, scenario, FATES)
    expected = files.expected() if whole else files.cut_result(files.expected())
    assert comparison.differences(json.loads(json.dumps(played, default=str)), expected) == []
