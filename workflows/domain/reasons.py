"""为什么: how a decision table came to its answer. The one shape in which pages tell it (macro ``m.why``)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from workflows import dmn
from workflows.domain import rules
from workflows.domain.rules import Decided, Edition

ANY = "-"  # a test that everything passes
SOURCE = re.compile(r"\s*\[(?:R|S\d+\w*)\]")  # where a row comes from, for who edits the table
FIRST = ("UNIQUE", "FIRST", "ANY", "PRIORITY")  # of these tables one row counts, whatever else applied


@dataclass(frozen=True)
class Row:
    """A row that counted, by its number from 1; ``tests`` are label and FEEL of the inputs that it asks about."""

    number: int
    id: str = ""
    note: str = ""
    tests: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reason:
    """A table by its title and id, the rows that counted, and what it was asked: label and JSON (numbers as text).

    ``version`` and ``version_id`` are None where the version is not known, ``version_id`` also where it is not stored.
    """

    table: str
    decision: str
    rows: tuple[Row, ...]
    inputs: tuple[tuple[str, Any], ...]
    answer: Any = None
    version: int | None = None
    version_id: int | None = None


def of(session: Session, decided: Decided | None) -> Reason | None:
    """Why ``decided`` is as it is; None for nothing, and for what is decided without a table."""
    if decided is None:
        return None
    step: Any = decided.trace[-1]
    edition = rules.edition(session, decided.file, decided.version)
    table = edition and _found(rules.texts(session, edition), step["decision"])
    return _reason(step, table, edition) if table else None


def of_rows(
    session: Session, *, file: str, version: int, ids: Sequence[str], inputs: Mapping[str, Any]
) -> Reason | None:
    """The reason of which only the ids of the rows and the inputs were kept; None where its table is gone."""
    edition = rules.edition(session, file, version)
    for table in rules.texts(session, edition) if edition else ():
        places = [table.ids.index(one) for one in ids if one in table.ids]
        if places or set(inputs) & set(table.asks):
            hits = [
                {"row": place + 1, "id": table.ids[place], "annotations": [table.notes[place]]}
                for place in places
            ]
            return _reason({"rules": hits, "inputs": inputs}, table, edition)
    return None


def of_step(step: Mapping[str, Any], texts: Sequence[dmn.TableText]) -> Reason:
    """The reason that a trace keeps; ``texts`` are tables of any version, for what its inputs are called."""
    return _reason(step, _found(texts, step["decision"]), None)


def _found(texts: Sequence[dmn.TableText], named: str) -> dmn.TableText | None:
    return next((one for one in texts if named in (one.title, one.decision)), None)


def _reason(step: Mapping[str, Any], table: dmn.TableText | None, edition: Edition | None) -> Reason:
    labels = dict(zip(table.asks, table.columns, strict=False)) if table else {}
    is_single = table is not None and table.policy in FIRST
    hits = step["rules"][:1] if is_single else step["rules"]
    return Reason(
        table=table.title if table else step["decision"],
        decision=table.decision if table else "",
        rows=tuple(_row(hit, table if edition else None) for hit in hits),
        inputs=tuple((labels.get(name) or name, value) for name, value in step["inputs"].items()),
        answer=step.get("output"),
        version=edition.version if edition else None,
        version_id=edition.id if edition else None,
    )


def _row(hit: Mapping[str, Any], table: dmn.TableText | None) -> Row:
    """``table`` is the one that decided; of any other the tests are not told."""
    note = SOURCE.sub("", "；".join(filter(None, hit["annotations"]))).strip()
    tests: tuple[tuple[str, str], ...] = ()
    if table is not None:
        asked = zip(table.columns[: table.inputs], table.rows[hit["row"] - 1], strict=False)
        tests = tuple((label, test) for label, test in asked if test != ANY)
    return Row(hit["row"], str(hit.get("id") or ""), note, tests)
