"""Whether a process stays as light as it was: one completion and the state, after 300 human tasks and after 20."""

import time
from dataclasses import dataclass
from statistics import median

from sqlalchemy import func, select

from bench import lives
from bench.processes import LOOP
from bench.stages import Stage
from workflows.db import Database
from workflows.engine.tables import Process

FEW, MANY = 20, 300
SAMPLES = 4  # completions timed per repetition and length


@dataclass(frozen=True)
class Growth:
    """Seconds of one completion and bytes of state, for a short history and a long one."""

    few_seconds: float
    many_seconds: float
    few_bytes: int
    many_bytes: int


def measure(database: Database, stage: Stage, *, repetitions: int) -> Growth:
    """Drive loops to both lengths, then time completions of both in turn."""
    long = Loop(database, stage)
    long.turn(MANY)
    shorts = [Loop(database, stage) for _ in range(repetitions)]
    for short in shorts:
        short.turn(FEW)
    sizes = shorts[0].bytes(), long.bytes()
    few, many = [], []
    for short in shorts:
        for _ in range(SAMPLES):
            few.append(short.turn())
            many.append(long.turn())
    return Growth(median(few), median(many), *sizes)


class Loop:
    """One process that asks the same person again and again."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self.database = database
        self.stage = stage
        self.actors = lives.actors(database, stage)
        self.process_id = lives.begin(database, stage, LOOP)

    def turn(self, times: int = 1) -> float:
        """Complete the next ``times`` tasks; the seconds of the last completion."""
        for _ in range(times):
            with self.database.read() as session:
                todo = lives.following(session, self.stage, self.process_id)
            if todo is None:
                raise RuntimeError("the loop has ended")
            began = time.perf_counter()
            lives.complete(self.database, todo, self.actors)
            seconds = time.perf_counter() - began
        return seconds

    def bytes(self) -> int:
        """The size of the stored state."""
        with self.database.read() as session:
            query = select(func.length(Process.state)).where(Process.id == self.process_id)
            return int(session.execute(query).scalar_one())
