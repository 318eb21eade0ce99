"""The statements that one completion sends through the engine and by hand, for people to compare."""

import re

import psycopg

from bench.handwritten import Life
from bench.recordings import record
from bench.stages import Stage
from bench.statements import count_one_life
from workflows.db import Database

STEP = "bench.draft"  # the ordinary completion: one item ends, the next one opens
LONGEST = 100  # characters shown of a statement


def statements(database: Database, stage: Stage) -> str:
    """Counts for every completion of one life, and the statements of the ordinary one on both sides."""
    life = count_one_life(database, stage)
    lines = ["completion: commits, engine, authorisation, all"]
    lines += [f"{one.step}: {one.commits}, {one.engine}, {one.authorisation}, {one.all}" for one in life]
    lines += [f"\n{STEP} through the engine:"]
    lines += [_short(text) for one in life if one.step == STEP for text in one.statements]
    lines += [f"\n{STEP} by hand:"]
    recording = record(database, stage)
    with psycopg.connect(stage.address, autocommit=True) as connection:
        written = Life(connection, recording)
        for completion in recording.completions:
            written.complete(completion)
            if completion.step == STEP:
                lines += [_short(text) for text in written.statements]
    return "\n".join(lines)


def _short(statement: str) -> str:
    """``statement`` without what its parameters and lists of columns add."""
    text = re.sub(r"%\(\w+\)s(::(TIMESTAMP WITH TIME ZONE|\w+))?", "%s", statement)
    text = re.sub(r"(?i)^select .*? from ", "SELECT … FROM ", text)
    text = re.sub(r"(?i)(insert into \w+) .*", r"\1 …", text)
    return f"- `{text[:LONGEST]}{'…' if len(text) > LONGEST else ''}`"
