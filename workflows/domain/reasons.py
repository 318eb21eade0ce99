"""Why a table decided as it did: the row that counted, what it asks, and what it was given."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import dmn
from workflows.domain import rules
from workflows.domain.rules import Decided
from workflows.models import RuleVersion

ANY = "-"  # a test that everything passes
SOURCE = re.compile(r"\s*\[(?:R|S\d+\w*)\]")  # where a row comes from, for who edits the table
COLLECT = "COLLECT"

_texts: dict[tuple[str, str], Sequence[dmn.TableText]] = {}  # by file and digest


@dataclass(frozen=True)
class Condition:
    """One input that the row asks about: ``test`` as the table has it, ``given`` as JSON has it (numbers as text)."""

    label: str
    test: str
    given: Any


@dataclass(frozen=True)
class Reason:
    """A row (from 1) of a table in its version; ``note`` is what the table says of the row, without sources."""

    title: str
    file: str
    version: int
    row: int
    note: str
    conditions: Sequence[Condition]


def of(session: Session, decided: Decided) -> list[Reason]:
    """The rows that made ``decided``: one, unless its table collects; none when it is decided without a table."""
    step: Any = decided.trace[-1]
    table = next(
        (one for one in _tables(session, decided) if step["decision"] in (one.title, one.decision)), None
    )
    if table is None:
        return []
    counted = step["rules"] if table.policy.startswith(COLLECT) else step["rules"][:1]
    return [_reason(decided, table, rule["row"], step["inputs"]) for rule in counted]


def _reason(decided: Decided, table: dmn.TableText, row: int, inputs: dict[str, Any]) -> Reason:
    cells, given = table.rows[row - 1], list(inputs.values())
    asked = zip(table.columns[: table.inputs], cells[: table.inputs], given, strict=False)
    return Reason(
        title=table.title,
        file=decided.file,
        version=decided.version,
        row=row,
        note=SOURCE.sub("", table.notes[row - 1]).strip(),
        conditions=[Condition(*one) for one in asked if one[1] != ANY],
    )


def _tables(session: Session, decided: Decided) -> Sequence[dmn.TableText]:
    """The tables of the version that decided, read once by a server."""
    chosen = (RuleVersion.file == decided.file, RuleVersion.version == decided.version)
    stored = session.scalar(select(RuleVersion.content).where(*chosen))
    content = rules.shipped()[decided.file] if stored is None else stored.encode()
    key = (decided.file, rules.digest_of(content))
    if key not in _texts:
        _texts[key] = dmn.tables(content, file=decided.file)
    return _texts[key]
