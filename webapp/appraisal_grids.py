"""An appraisal for people: its categories beside those of the year's other periods, and how its factor comes about."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from webapp import formats, rule_cells
from workflows import open_items
from workflows.domain import appraisals, calculation, permissions, rule_tables, rule_versions
from workflows.errors import NotFound
from workflows.models import Appraisal, CategoryScore

SCORE = "appraisal.score"
TABLE = "dual_link.dmn"
GRID = '"grid"'


@dataclass(frozen=True)
class Line:
    """One category: who scores it, its scores by period, and of this appraisal what is given or still open."""

    code: str
    name: str
    weight: Decimal
    owner: str
    scores: tuple[CategoryScore | None, ...]  # one for each period
    mine: CategoryScore | None
    due_at: dt.datetime | None
    is_late: bool


@dataclass(frozen=True)
class Side:
    """党建 or 经营: ``told`` is the sum with its figures, 20% × 83 + …; empty while a score is missing."""

    code: str
    title: str
    lines: tuple[Line, ...]
    rate: Decimal | None
    told: str


@dataclass(frozen=True)
class Matrix:
    """D11 as a grid: ``rows`` are (words for P, [(factor, whether it is this unit's)]); ``path_id`` its version."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...]
    version_id: int
    version: int


def sides(session: Session, appraisal: Appraisal, periods: Sequence[Appraisal], path: str) -> list[Side]:
    """Both sides with their categories, in the order of the table."""
    waiting = {one.role: one for one in open_items.about(session, path) if one.step == SCORE}
    known = [{one.category: one for one in each.scores} for each in periods]
    mine = {one.category: one for one in appraisal.scores}
    rows = appraisals.categories(session, appraisal)
    lines = [_line(row, known, mine, waiting.get(str(row["owner"]))) for row in rows]
    parts = (("P", "党建得分率", "A", appraisal.p), ("B", "经营得分率", "B", appraisal.b))
    return [
        _side(code, title, [one for one in lines if one.code.startswith(first)], rate)
        for code, title, first, rate in parts
    ]


def matrix(session: Session, appraisal: Appraisal) -> Matrix | None:
    """The grid in force when it began, this unit's cell marked; None where no version is stored or it is no grid."""
    try:
        version = rule_versions.at(session, TABLE, appraisal.opened_at)
    except NotFound:
        return None
    text = rule_tables.table(version)
    grid = [
        (id_, cells) for id_, cells in zip(text.ids, text.rows, strict=True) if cells and cells[0] == GRID
    ]
    if not grid:
        return None
    return Matrix(*_grid(grid, _here(session, appraisal)), version.id, version.version)


def _here(session: Session, appraisal: Appraisal) -> tuple[str, ...]:
    if appraisal.p is None or appraisal.b is None:
        return ()
    ask = appraisals.rules_of(session, appraisal.opened_at)
    return calculation.dual(ask, appraisal.p, appraisal.b)[1].rows


def _grid(
    rows: Sequence[tuple[str, tuple[str, ...]]], here: Sequence[str]
) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[tuple[str, bool], ...]], ...]]:
    columns = list(dict.fromkeys(cells[2] for _, cells in rows))
    lines: dict[str, dict[str, tuple[str, bool]]] = {}
    for id_, (_, p, b, factor, *_rest) in rows:
        lines.setdefault(p, {})[b] = (factor, id_ in here)
    heads = tuple(rule_cells.words(one, is_input=True) for one in columns)
    told = tuple(
        (rule_cells.words(p, is_input=True), tuple(found.get(b, ("–", False)) for b in columns))
        for p, found in lines.items()
    )
    return heads, told


def _line(
    row: Mapping[str, Any],
    known: Sequence[Mapping[str, CategoryScore]],
    mine: Mapping[str, CategoryScore],
    item: open_items.OpenItem | None,
) -> Line:
    code = str(row["category"])
    owner = permissions.ROLES.get(str(row["owner"]), str(row["owner"]))
    scores = tuple(each.get(code) for each in known)
    waits = item if code not in mine else None
    return Line(
        code,
        str(row["name"]),
        row["weight"],
        owner,
        scores,
        mine.get(code),
        waits.due_at if waits else None,
        waits is not None and waits.is_late,
    )


def _side(code: str, title: str, lines: list[Line], rate: Decimal | None) -> Side:
    given = [
        f"{formats.number(one.weight)}% × {formats.number(one.mine.score)}"
        for one in lines
        if one.mine is not None
    ]
    told = " ＋ ".join(given) if given and len(given) == len(lines) else ""
    return Side(code, title, tuple(lines), rate, told)
