"""The whole campaign on two web processes and two workers behind a broker, a web process and a worker killed midway."""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import databases
from bench.figures import Figure, at_most, for_the_record
from tests.distributed import plants
from tests.distributed.plants import Fate
from tests.rehearsal import files
from workflows.rehearsal import comparison, reading, scenario_reading

ADDRESSES = {"RabbitMQ": "amqp://guest:guest@127.0.0.1:5672//", "Redis": "redis://127.0.0.1:6379/0"}
FATES = (Fate("worker0", 300, 500), Fate("web0", 400, 600), Fate("worker1", 900, 1_000))


def measure() -> Iterator[Figure]:
    """Behind RabbitMQ and behind Redis."""
    scenario = scenario_reading.read(reading.parse(json.dumps(files.shipped())))
    for name, address in ADDRESSES.items():
        given = os.environ.get(f"JIEBANG_TEST_{name.upper()}") or address
        with databases.empty() as url, tempfile.TemporaryDirectory(prefix="jiebang-plant-") as folder:
            began = time.monotonic()
            played = plants.rehearse(Path(folder), url, given, scenario, FATES)
            seconds = time.monotonic() - began
        found = json.loads(json.dumps(played, default=str))
        wrong = comparison.differences(found, files.expected())
        yield at_most(f"rehearsal behind {name}, three kills: differences", len(wrong), 0, "differences")
        yield for_the_record(f"rehearsal behind {name}", seconds, "s")
