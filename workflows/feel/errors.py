"""What can go wrong with an expression: it does not parse, it is refused, or a part of it has no value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """A null that an error caused: where in the expression (counted from 1), and why."""

    line: int
    column: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.reason}"


class FeelSyntaxError(Exception):
    """The text is not an expression. ``line`` and ``column`` count from 1."""

    def __init__(self, text: str, *, line: int, column: int, reason: str) -> None:
        super().__init__(f"{reason} (line {line}, column {column} of: {text[:200]})")
        self.text, self.line, self.column, self.reason = text, line, column, reason


class FeelError(Exception):
    """An expression was refused while it ran, or gave null where a value is needed."""

    def __init__(self, reason: str, *, text: str, place: str = "", notes: tuple[Note, ...] = ()) -> None:
        where = f"{place}: " if place else ""
        why = "".join(f"; {note}" for note in notes)
        super().__init__(f"{where}{reason}{why} (in: {text[:200]})")
        self.reason, self.text, self.place, self.notes = reason, text, place, notes


class Refused(Exception):
    """Inside an evaluation: stop all of it (a limit, a float). Leaves the package as FeelError."""


class Undefined(Exception):
    """Inside an evaluation: this part has no value. Becomes null with a note."""


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, counted from 1, of ``offset`` in ``text``."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
