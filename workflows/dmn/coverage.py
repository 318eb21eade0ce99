"""Which rows of a table apply together, and which cases no row is for.

Found by trying: of every column the values that its cells write, those between them and those beyond. A table whose
cells read more than the value in front of them, or that writes other values than numbers, texts and truth, is not judged.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from workflows import feel
from workflows.dmn.hit_policies import HitPolicy
from workflows.dmn.tables import Input, Table

CALL = re.compile(r"\b(?!(?:not|and|or|in|between)\b)[A-Za-z_]\w*\s*\(")
MOST_FOUND = 5
MOST_STEPS = 300_000  # of FEEL, for one table: some 0.3 seconds
MOST_STATES = 20_000  # sets of rows looked at, above which nothing is said

Case = tuple[tuple[str, str], ...]  # expression and value as FEEL writes it


@dataclass(frozen=True)
class Overlap:
    """Two rows, counted from 1, and a case for which both apply."""

    first: int
    second: int
    case: Case


def overlaps(table: Table) -> list[Overlap]:
    """The pairs of rows of a UNIQUE table that may apply together."""
    if table.policy != HitPolicy.UNIQUE:
        return []
    columns = _columns(table, table)
    if columns is None:
        return []
    found: list[Overlap] = []
    for second in range(len(table.rules)):
        for first in range(second):
            case = _common(columns, 1 << first | 1 << second)
            if case is not None and len(found) < MOST_FOUND:
                found.append(Overlap(first + 1, second + 1, case))
    return found


def gaps(table: Table, before: Table) -> list[Case]:
    """Cases for which a row of ``before`` applies, but none of ``table``, which has to answer them.

    Of numbers only those that a cell of ``before`` speaks of: what it leaves open may not exist.
    """
    answers = table.policy.is_single or table.aggregation not in ("", "COUNT")
    if not answers or all(column.default for column in table.outputs):
        return []
    now, then = _columns(table, before), _columns(before, table)
    if now is None or then is None or now.keys() != then.keys():
        return []
    asked = {text: [one for one in now[text] if _is_told(before, text, one[0])] for text in now}
    return _unanswered(asked, then, (1 << len(table.rules)) - 1, (1 << len(before.rules)) - 1)


def holes(table: Table) -> list[Case]:
    """Cases that no row of ``table`` answers, which has to answer each: of numbers the regions between those written.

    A number beyond all that are written counts only where a cell of its column speaks of it: shares above 1, or
    counts below 0, need not exist.
    """
    answers = table.policy.is_single or table.aggregation not in ("", "COUNT")
    columns = _columns(table, table)
    if not answers or columns is None or all(column.default for column in table.outputs) or _calls(table):
        return []
    asked = {text: [one for one in columns[text] if _is_asked(table, text, one[0])] for text in columns}
    every = (1 << len(table.rules)) - 1
    anything = {text: [(value, every) for value, _ in values] for text, values in columns.items()}
    cases = _unanswered(asked, anything, every, every)
    return [tuple((text, region(table, text, told)) for text, told in case) for case in cases]


def region(table: Table, text: str, told: str) -> str:
    """The numbers around ``told`` for which the same rows hold in the column ``text``: ``[55..60)``, ``< 0``.

    The value itself where it stands alone, or is no number.
    """
    values = (_columns(table, table) or {}).get(text, [])
    tried = [(value, rows) for value, rows in values if isinstance(value, Decimal)]
    here = next((place for place, (value, _) in enumerate(tried) if feel.written(value) == told), None)
    if here is None:
        return told
    first = last = here
    while first and tried[first - 1][1] == tried[here][1]:
        first -= 1
    while last + 1 < len(tried) and tried[last + 1][1] == tried[here][1]:
        last += 1
    given = _given(table, text)
    from_, to = tried[first][0], tried[last][0]
    low = from_ if from_ in given else max([one for one in given if one < from_], default=None)
    high = to if to in given else min([one for one in given if one > to], default=None)
    if low is None or high is None:
        below, above = ("<=" if to in given else "<"), (">=" if from_ in given else ">")
        return told if low is high else f"{below} {high}" if low is None else f"{above} {low}"
    return (
        told if low == high else f"{'[' if from_ in given else '('}{low}..{high}{']' if to in given else ')'}"
    )


def _given(table: Table, text: str) -> set[Decimal]:
    """The numbers that cells of the column write, and their negatives: what is tried lies on them or between."""
    numbers = _written_numbers(table, text)
    return numbers | {-one for one in numbers}


def _calls(table: Table) -> bool:
    """Whether a cell calls a function: then what it reads is more than the values that are tried."""
    tests = (test for rule in table.rules for test in rule.tests if test is not None)
    return any(CALL.search(test.text) for test in tests)


def _is_asked(table: Table, text: str, value: object) -> bool:
    if not isinstance(value, Decimal):
        return True
    numbers = _written_numbers(table, text)
    is_between = bool(numbers) and min(numbers) <= value <= max(numbers)
    return is_between or _is_told(table, text, value)


def _written_numbers(table: Table, text: str) -> set[Decimal]:
    constants = _constants(table, text)
    return {Decimal(one) for one in constants if isinstance(one, int | Decimal) and not isinstance(one, bool)}


def _constants(table: Table, text: str) -> list[object]:
    """What the cells of the column write, and what its input says of the values that may be."""
    found: list[object] = []
    for place, column in enumerate(table.inputs):
        if column.expression.text == text:
            tests = [column.allowed, column.type.allowed, *(rule.tests[place] for rule in table.rules)]
            found += [value for test in tests if test is not None for value in test.constants]
    return found


Columns = dict[str, list[tuple[object, int]]]  # expression -> a value, and the rows that take it as bits


def _unanswered(now: Columns, then: Columns, all_now: int, all_then: int) -> list[Case]:
    states: dict[tuple[int, int], Case] = {(all_now, all_then): ()}
    for text, values in now.items():
        known = {feel.written(value): rows for value, rows in then[text]}
        following: dict[tuple[int, int], Case] = {}
        for (mine, theirs), case in states.items():
            for value, rows in values:
                told = feel.written(value)
                state = (mine & rows, theirs & known[told])
                if state[1]:
                    following.setdefault(state, (*case, (text, told)))
        if len(following) > MOST_STATES:
            return []
        states = following
    return [case for (mine, _), case in states.items() if not mine][:MOST_FOUND]


def _is_told(table: Table, text: str, value: object) -> bool:
    """Whether a cell of ``table`` speaks of the number ``value``: a share above 1 that no cell names may not exist."""
    places = [place for place, column in enumerate(table.inputs) if column.expression.text == text]
    tests = [rule.tests[place] for place in places for rule in table.rules]
    told = [test for test in tests if test is not None]
    if not isinstance(value, Decimal) or not told:
        return True
    return any(test.evaluate({"?": value}).value is True for test in told)


def _common(columns: Columns, pair: int) -> Case | None:
    case = []
    for text, values in columns.items():
        value = next((value for value, rows in values if rows & pair == pair), None)
        if value is None:
            return None
        case.append((text, feel.written(value)))
    return tuple(case)


def _columns(table: Table, other: Table) -> Columns | None:
    """Of every input expression the values to try, those of ``other`` too; None where they cannot be tried."""
    grouped: dict[str, list[int]] = {}
    for place, column in enumerate(table.inputs):
        grouped.setdefault(column.expression.text, []).append(place)
    found: Columns = {}
    budget = feel.Budget(MOST_STEPS)
    for text, places in grouped.items():
        values = _values(text, table, other)
        if values is None:
            return None
        found[text] = []
        for value in values:
            rows = _rows(table, places, value, budget)
            if rows is None:
                return None
            found[text].append((value, rows))
    return found


def _rows(table: Table, places: Sequence[int], value: object, budget: feel.Budget) -> int | None:
    """The rows whose cells at ``places`` take ``value``, as bits; None where a cell cannot be tried."""
    rows = 0
    for number, rule in enumerate(table.rules):
        held = True
        for place in places:
            test = rule.tests[place]
            if test is None:
                continue
            if test.names - {"?"} - frozenset(feel.BUILTINS):
                return None
            try:
                held = held and test.evaluate({"?": value}, budget=budget).value is True
            except feel.FeelError:  # it costs too much to be tried
                return None
        rows |= held << number
    return rows


def _values(text: str, *tables: Table) -> list[object] | None:
    written: list[object] = []
    asked: list[Input] = []
    for table in tables:
        asked += [column for column in table.inputs if column.expression.text == text]
        written += _constants(table, text)
    if any(not isinstance(value, str | bool | Decimal | int) for value in written if value is not None):
        return None
    tried = [*_numbers(written), *dict.fromkeys(one for one in written if isinstance(one, str))]
    if any(isinstance(one, bool) for one in written) or any(one.type.kind == "boolean" for one in asked):
        tried += [True, False]
    if None in written:
        tried.append(None)
    kept = [value for value in tried if all(_is_allowed(column, value) for column in asked)]
    return kept or [None]


def _numbers(written: Sequence[object]) -> list[object]:
    """The numbers written, one between each two and one beyond either end."""
    given = {Decimal(one) for one in written if isinstance(one, int | Decimal) and not isinstance(one, bool)}
    numbers = sorted(given | {-one for one in given})
    if not numbers:
        return []
    between = [(low + high) / 2 for low, high in itertools.pairwise(numbers)]
    return [*sorted([numbers[0] - 1, *numbers, *between, numbers[-1] + 1])]


def _is_allowed(column: Input, value: object) -> bool:
    budget = feel.Budget()
    if column.type.fault(value, budget):
        return False
    scope: Mapping[str, object] = {"?": value}
    return column.allowed is None or column.allowed.evaluate(scope).value is True
