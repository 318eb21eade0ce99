"""A result against the one that was expected."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from workflows.rehearsal import reading

MOST_TOLD = 20
ABSENT = "nothing"


def load(path: Path) -> Any:
    """An expected result. Raises ScenarioError when the file is no JSON object."""
    return reading.read(path).value


def differences(found: Any, expected: Any) -> list[str]:
    """Where ``found`` is not as ``expected``, by path; numbers count by value, keys that nobody expects do not."""
    return list(_compare(found, expected, ""))


def _compare(found: Any, expected: Any, path: str) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            yield from _compare(found.get(key, ABSENT), value, f"{path}.{key}" if path else key)
    elif isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        for place, value in enumerate(expected):
            yield from _compare(found[place], value, f"{path}[{place}]")
    elif not _is_same(found, expected):
        yield f"{path}: {found!r}, expected {expected!r}"


def _is_same(found: Any, expected: Any) -> bool:
    numbers = _number(found), _number(expected)
    return found == expected if None in numbers else numbers[0] == numbers[1]


def _number(value: Any) -> Decimal | None:
    """The value of a number, also of one written as text."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None
