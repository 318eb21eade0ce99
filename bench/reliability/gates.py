"""What docs/reliability.md promises of diagrams and tables: what the gate costs, and files spoilt at random."""

import os
import random
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import median

from bench.figures import Figure, at_most, for_the_record
from tests.engine.spoiling import spoilt
from workflows import watch
from workflows.engine import definitions, gate
from workflows.engine.definitions import Files, read_folder

BATCH = 50  # spoilt files that one worker judges in a row


@dataclass(frozen=True)
class Judged:
    """One spoilt file: seconds of the processor, whether it was let in, and what was raised if anything was."""

    seed: int
    seconds: float
    ok: bool
    raised: str


def measure(*, spoilt_files: int) -> list[Figure]:
    """The figures; ``spoilt_files``: how many files are spoilt and judged."""
    return [*_costs(), *_spoilt(spoilt_files)]


def _costs() -> Iterator[Figure]:
    files = read_folder(watch.FOLDER)
    bundles = definitions.bundles(files)
    alone = {process: _seconds(bundle) for process, bundle in bundles.items()}
    slowest = max(alone, key=lambda process: alone[process])
    yield for_the_record(
        "the gate, one shipped process with all it calls, median", median(alone.values()), "s"
    )
    yield at_most(f"the gate, the slowest of them ({slowest})", alone[slowest], 5, "s")
    yield for_the_record("the gate, all shipped files together, first time", _seconds(files), "s")
    proven = frozenset(definitions.digest_of(process, bundle) for process, bundle in bundles.items())
    yield for_the_record("the gate, all shipped files together, proven before", _seconds(files, proven), "s")


def _seconds(files: Files, proven: frozenset[str] = frozenset()) -> float:
    began = time.thread_time()
    defects = gate.defects_of(files, watch.names(), proven=proven)
    seconds = time.thread_time() - began
    if defects:
        raise RuntimeError("\n".join(map(str, defects)))
    return seconds


def _spoilt(count: int) -> Iterator[Figure]:
    starts = range(0, count, BATCH)
    with ProcessPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
        judged = [one for batch in pool.map(_judge, starts, [count] * len(starts)) for one in batch]
    raised = [one for one in judged if one.raised]
    for one in raised[:10]:
        print(f"seed {one.seed}: {one.raised}")
    slowest = max(judged, key=lambda one: one.seconds)
    yield for_the_record("spoilt files judged", len(judged), "files")
    yield at_most("spoilt files, uncaught errors", len(raised), 0, "files")
    yield at_most(f"spoilt files, the slowest (seed {slowest.seed})", slowest.seconds, 5, "s")
    yield for_the_record("spoilt files, let in as still sound", sum(one.ok for one in judged), "files")


def _judge(start: int, count: int) -> list[Judged]:
    files = read_folder(watch.FOLDER)
    bundles = definitions.bundles(files)
    return [_judge_one(files, bundles, seed) for seed in range(start, min(start + BATCH, count))]


def _judge_one(files: Files, bundles: Mapping[str, Files], seed: int) -> Judged:
    name, content = spoilt(files, seed)
    around = [bundle for bundle in bundles.values() if name in bundle]
    together = {**random.Random(seed).choice(around or [{}]), name: content}
    began = time.thread_time()
    try:
        ok, raised = not gate.defects_of(together, watch.names()), ""
    except Exception as error:  # what the bench is there to find
        ok, raised = False, f"{name}: {type(error).__name__}: {error}"
    return Judged(seed, time.thread_time() - began, ok, raised)
