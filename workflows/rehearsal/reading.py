"""Reading a JSON file so that every mistake is told with its path: ``bids[3].members[0].person``."""

import datetime as dt
import json
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

MOST_BYTES = 32 * 1024 * 1024
LONGEST_TEXT = 4000
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
LARGEST = Decimal(10) ** 12
MOST_WAN = Decimal(10) ** 8  # a trillion 元
PLACES = 4  # of a measured value
MONEY_PLACES = 6  # 万元 to whole 分
MISSING: Any = object()


class ScenarioError(Exception):
    """A mistake in the file; the text names its path."""


def read(path: Path) -> "Place":
    """The file as JSON, numbers exact. Raises ScenarioError when it cannot be read or is no JSON object."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ScenarioError(f"{path}: larger than {MOST_BYTES // 1024 // 1024} MiB")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: not UTF-8 (byte {error.start})") from error
    return parse(text, name=str(path))


def parse(text: str, *, name: str = "scenario") -> "Place":
    """As ``read``, of a text."""
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=float, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ScenarioError(f"{name}: not JSON: {error.msg} ({where})") from error
    except RecursionError as error:
        raise ScenarioError(f"{name}: nested too deeply") from error
    except ValueError as error:  # a number of more digits than Python converts
        raise ScenarioError(f"{name}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ScenarioError(f"{name}: a scenario is a JSON object")
    root = Place("", value)
    try:
        root.refuse_oddities()
    except RecursionError as error:
        raise ScenarioError(f"{name}: nested too deeply") from error
    return root


class Twins(dict[str, Any]):
    """An object of the file in which ``key`` stands twice."""

    key: str


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; told apart when a key stands twice, because its path is not known yet."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twins = Twins(found)
    keys = [key for key, _ in pairs]
    twins.key = next(key for place, key in enumerate(keys) if key in keys[:place])
    return twins


@dataclass(frozen=True)
class Place:
    """One value of the file with its path."""

    path: str
    value: Any

    def fail(self, reason: str) -> NoReturn:
        told = f"{self.path or 'scenario'}: {reason}"
        raise ScenarioError("".join(one if one.isprintable() else ascii(one)[1:-1] for one in told))

    def refuse_oddities(self) -> None:
        """Raises ScenarioError for what Python's JSON lets through, here or below: a key twice, NaN, Infinity."""
        if isinstance(self.value, float):
            self.fail("is not a number")
        if isinstance(self.value, Twins):
            Place(self._under(self.value.key), None).fail("stands twice in one object")
        if isinstance(self.value, dict):
            for _, inner in self.pairs():
                inner.refuse_oddities()
        elif isinstance(self.value, list):
            for inner in self.items():
                inner.refuse_oddities()

    def at(self, key: str) -> "Place":
        """The value under ``key``, which must be there."""
        inner = self.get(key)
        if inner is None:
            Place(self._under(key), None).fail("missing")
        return inner

    def get(self, key: str) -> "Place | None":
        """The value under ``key``, None when it is not there."""
        if not isinstance(self.value, dict):
            self.fail("must be an object")
        value = self.value.get(key, MISSING)
        return None if value is MISSING else Place(self._under(key), value)

    def filled(self, key: str) -> "Place | None":
        """As ``get``, null counting as not there."""
        inner = self.get(key)
        return None if inner is None or inner.value is None else inner

    def items(self) -> "Iterator[Place]":
        if not isinstance(self.value, list):
            self.fail("must be a list")
        for index, value in enumerate(self.value):
            yield Place(f"{self.path}[{index}]", value)

    def pairs(self) -> "Iterator[tuple[str, Place]]":
        if not isinstance(self.value, dict):
            self.fail("must be an object")
        for key, value in self.value.items():
            yield key, Place(self._under(key), value)

    def text(self, *, longest: int = LONGEST_TEXT, shortest: int = 1) -> str:
        """A text that says something."""
        if not isinstance(self.value, str):
            self.fail("must be a text")
        if not self.value.strip():
            self.fail("must not be empty")
        if len(self.value) > longest:
            self.fail(f"longer than {longest} characters")
        if len(self.value) < shortest:
            self.fail(f"shorter than {shortest} characters")
        if any(ord(one) < 32 and one not in "\n\t\r" for one in self.value):
            self.fail("holds a control character")
        if any(0xD800 <= ord(one) <= 0xDFFF for one in self.value):
            self.fail("holds half a character")
        return self.value

    def one_of(self, choices: tuple[str, ...]) -> str:
        text = self.text()
        if text not in choices:
            self.fail(f"unknown value {text!r}, expected one of {', '.join(choices)}")
        return text

    def known(self, kind: str, codes: Container[str]) -> str:
        """The code of a ``kind`` that is among ``codes``."""
        code = self.text()
        if code not in codes:
            self.fail(f"unknown {kind} {code}")
        return code

    def yes(self) -> bool:
        if not isinstance(self.value, bool):
            self.fail("must be true or false")
        return self.value

    def whole(self, low: int, high: int) -> int:
        number = self.number(Decimal(low), Decimal(high))
        if number != int(number):
            self.fail("must be a whole number")
        return int(number)

    def number(self, low: Decimal | int, high: Decimal | int = LARGEST, *, places: int = PLACES) -> Decimal:
        """A number from ``low`` to ``high`` with at most ``places`` decimals."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            self.fail("must be a number")
        number = Decimal(self.value)
        if not low <= number <= high:
            self.fail(f"must be from {low} to {high}" if high != LARGEST else f"must not be below {low}")
        exponent = number.normalize().as_tuple().exponent
        if isinstance(exponent, int) and exponent < -places:
            self.fail(f"has more than {places} decimals")
        return number

    def fen(self, low: Decimal | int = 0) -> int:
        """An amount in 万元, not below ``low``, as whole 分."""
        return int(self.number(low, MOST_WAN, places=MONEY_PLACES).scaleb(MONEY_PLACES))

    def day(self) -> dt.date:
        if not isinstance(self.value, str) or not DAY.fullmatch(self.value):
            self.fail("must be a date like 2027-01-04")
        try:
            return dt.date.fromisoformat(self.value)
        except ValueError:
            self.fail(f"{self.value} is not a date")

    def instant(self) -> dt.datetime:
        if not isinstance(self.value, str) or not INSTANT.fullmatch(self.value):
            self.fail("must be an instant in UTC like 2027-03-01T08:01:00Z")
        try:
            return dt.datetime.fromisoformat(self.value)
        except ValueError:
            self.fail(f"{self.value} is not an instant")

    def _under(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key
