"""The syntax of regular expressions: XPath's, without back-references and look-around."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from workflows.feel.errors import Undefined

MAX_PATTERN = 300
MAX_DEPTH = 20
MAX_COUNT = 200
ANY_COUNT = -1

Test = Callable[[str], bool]


@dataclass(frozen=True)
class Atom:
    """One character, or an anchor (``^`` or ``$``)."""

    test: Test | None
    anchor: str = ""


@dataclass(frozen=True)
class Group:
    """Alternatives; ``index`` is -1 when nothing is captured."""

    choices: tuple[Node, ...]
    index: int = -1


@dataclass(frozen=True)
class Repeat:
    body: Node
    least: int
    most: int
    is_lazy: bool


Node = Atom | Group | Repeat | tuple["Node", ...]

CLASSES: dict[str, Test] = {
    "d": str.isdecimal,
    "s": lambda char: char in " \t\n\r",
    "w": lambda char: unicodedata.category(char)[0] not in "PZC",
}
CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}


def parse(pattern: str, flags: str) -> tuple[Node, int]:
    """The tree and the number of groups. Raises Undefined with the reason."""
    if len(pattern) > MAX_PATTERN:
        raise Undefined(f"the pattern is longer than {MAX_PATTERN} characters")
    reader = _Reader(pattern, flags)
    tree = reader.choices(0)
    if reader.at < len(pattern):
        raise reader.bad("an unmatched )")
    return tree, reader.groups


def _not(test: Test) -> Test:
    return lambda char: not test(char)


class _Reader:
    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern, self.at, self.groups = pattern, 0, 0
        self.ignores_case, self.dot_is_all = "i" in flags, "s" in flags

    def bad(self, reason: str) -> Undefined:
        return Undefined(f"the pattern has {reason} at character {self.at + 1}")

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        char = self.peek()
        if not char:
            raise self.bad("no proper end")
        self.at += 1
        return char

    def choices(self, depth: int) -> Group:
        if depth > MAX_DEPTH:
            raise self.bad("too many nested groups")
        found = [self.sequence(depth)]
        while self.peek() == "|":
            self.at += 1
            found.append(self.sequence(depth))
        return Group(tuple(found))

    def sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.atom(depth)))
        return tuple(parts)

    def repeated(self, body: Node) -> Node:
        sign = self.peek()
        if sign not in ("*", "+", "?", "{") or not sign:
            return body
        self.at += 1
        least, most = {"*": (0, ANY_COUNT), "+": (1, ANY_COUNT), "?": (0, 1)}.get(sign) or self.counts()
        is_lazy = self.peek() == "?"
        self.at += is_lazy
        if self.peek() in ("*", "+", "?", "{") and self.peek():
            raise self.bad("a repeated repetition")
        return Repeat(body, least, most, is_lazy)

    def counts(self) -> tuple[int, int]:
        text, closing, _ = self.pattern[self.at :].partition("}")
        low, comma, high = text.partition(",")
        bounds = [part for part in (low, high) if part]
        if not closing or not low or not all(part.isascii() and part.isdigit() for part in bounds):
            raise self.bad("a bad count")
        self.at += len(text) + 1
        least = int(low)
        most = int(high) if high else ANY_COUNT if comma else least
        if least > MAX_COUNT or most > MAX_COUNT or (most != ANY_COUNT and most < least):
            raise self.bad("a bad count")
        return least, most

    def atom(self, depth: int) -> Node:
        char = self.take()
        if char == "(":
            return self.group(depth)
        if char in "^$":
            return Atom(None, char)
        if char in "*+?{":
            raise self.bad("nothing to repeat")
        if char == ".":
            return Atom(lambda c: self.dot_is_all or c not in "\n\r")
        if char == "[":
            return Atom(self.char_class())
        return Atom(self.escape() if char == "\\" else self.literal(char))

    def group(self, depth: int) -> Node:
        index = -1
        if self.peek() == "?":
            if not self.pattern.startswith("?:", self.at):
                raise self.bad("a group of a kind that is not supported")
            self.at += 2
        else:
            self.groups += 1
            index = self.groups
        inner = self.choices(depth + 1)
        if self.take() != ")":
            raise self.bad("an unclosed group")
        return Group(inner.choices, index)

    def literal(self, char: str) -> Test:
        if self.ignores_case:
            folded = char.casefold()
            return lambda c: c.casefold() == folded
        return lambda c: c == char

    def escape(self) -> Test:
        char = self.take()
        if char.lower() in CLASSES:
            test = CLASSES[char.lower()]
            return test if char.islower() else _not(test)
        if char in "pP":
            return self.category(is_negated=char == "P")
        if char in CONTROLS:
            return self.literal(CONTROLS[char])
        if char.isalnum():
            raise self.bad(f"an escape \\{char} that is not supported")
        return self.literal(char)

    def category(self, *, is_negated: bool) -> Test:
        text, closing, _ = self.pattern[self.at :].partition("}")
        if not closing or not text.startswith("{") or not 2 <= len(text) <= 3:
            raise self.bad("a bad category")
        self.at += len(text) + 1
        name = text[1:]
        return lambda c: unicodedata.category(c).startswith(name) != is_negated

    def char_class(self) -> Test:
        is_negated = self.peek() == "^"
        self.at += is_negated
        tests: list[Test] = []
        while self.peek() != "]" or not tests:
            tests.append(self.class_member())
        self.at += 1
        return lambda char: any(test(char) for test in tests) != is_negated

    def class_member(self) -> Test:
        low = self.take()
        if low == "\\":
            return self.escape()
        if self.peek() != "-" or self.pattern[self.at + 1 : self.at + 2] in ("]", ""):
            return self.literal(low)
        self.at += 1
        high = self.take()
        if high == "\\" or high < low:
            raise self.bad("a bad range of characters")
        if self.ignores_case:
            return lambda char: low <= char.lower() <= high or low <= char.upper() <= high
        return lambda char: low <= char <= high
