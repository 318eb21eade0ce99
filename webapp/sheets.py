"""A form that scores, or that has one row for each of several things, as parts to be filled in one after another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from webapp.forms import Control
from workflows.domain import ranking
from workflows.tasks import Criterion


@dataclass(frozen=True)
class Mark:
    """The input of one score, and how it counts; ``share`` is its weight of 100."""

    control: Control
    criterion: Criterion
    share: Decimal


@dataclass(frozen=True)
class Part:
    """One thing to judge: ``subject`` is what it is (None: what the task is about), ``key`` names it to the server."""

    number: int  # from 1
    key: Control | None
    subject: Any
    marks: tuple[Mark, ...]
    fields: tuple[Control, ...]  # what is asked beside the scores

    @property
    def is_filled(self) -> bool:
        asked = [one.control for one in self.marks] + [one for one in self.fields if one.required]
        return all(one.value.strip() for one in asked)

    @property
    def has_errors(self) -> bool:
        return any(one.errors for one in (*self.fields, *(mark.control for mark in self.marks)))

    @property
    def points(self) -> Decimal | None:
        """What the scores come to, 0..100 with two decimals; None until each of them is a number within its range."""
        given = [_share_of_most(one) for one in self.marks]
        if not given or None in given:
            return None
        whole = sum((Fraction(one.criterion.weight) for one in self.marks), Fraction(0))
        counted = (
            Fraction(mark.criterion.weight) * (share or 0)
            for mark, share in zip(self.marks, given, strict=True)
        )
        return ranking.shown(100 * sum(counted, Fraction(0)) / whole)


@dataclass(frozen=True)
class Sheet:
    """``rows`` is the table that the parts are the rows of, None where the form itself is the one part."""

    parts: tuple[Part, ...]
    rows: Control | None
    others: tuple[Control, ...]  # of the form, below the parts

    @property
    def filled(self) -> int:
        return sum(one.is_filled for one in self.parts)

    @property
    def asks_each(self) -> bool:
        """Whether there is something in each part that must be filled in."""
        return all(part.marks or any(one.required for one in part.fields) for part in self.parts)


def of(controls: Sequence[Control], *, criteria: Mapping[str, Criterion], about: Any) -> Sheet | None:
    """The score sheet that ``controls`` make; None for a form that is none.

    ``criteria`` name the scores, ``about.of_row(key)`` finds what a row is about.
    """
    for table in controls:
        if table.widget == "rows" and table.each and hasattr(about, "of_row"):
            parts = tuple(_part(n, row, table.each, criteria, about) for n, row in enumerate(table.rows, 1))
            known = parts if all(one.subject is not None for one in parts) else ()
            return Sheet(known, table, tuple(one for one in controls if one is not table)) if known else None
    scored = [one for one in controls if one.name in criteria]
    if not scored:
        return None
    others = tuple(one for one in controls if one.name not in criteria)
    return Sheet((Part(1, None, None, _marks(scored, criteria), ()),), None, others)


def _part(
    number: int, row: Sequence[Control], each: str, criteria: Mapping[str, Criterion], about: Any
) -> Part:
    cells = {one.name.rpartition(".")[2]: one for one in row}
    scored = [one for name, one in cells.items() if name in criteria]
    rest = tuple(one for name, one in cells.items() if name not in criteria and name != each)
    return Part(number, cells[each], about.of_row(cells[each].value), _marks(scored, criteria), rest)


def _marks(scored: Sequence[Control], criteria: Mapping[str, Criterion]) -> tuple[Mark, ...]:
    known = [(one, criteria[one.name.rpartition(".")[2]]) for one in scored]
    whole = sum((one.weight for _, one in known), Decimal(0))
    return tuple(Mark(one, criterion, 100 * criterion.weight / whole) for one, criterion in known)


def _share_of_most(mark: Mark) -> Fraction | None:
    """The score as a share (0..1) of the most that it may be."""
    try:
        score = Decimal(mark.control.value.strip())
    except InvalidOperation:
        return None
    if not score.is_finite() or not 0 <= score <= mark.criterion.most:
        return None
    return Fraction(score) / mark.criterion.most
