"""What can go wrong with a file of decisions when it is loaded, and with a decision when it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One reason to refuse a file: the nearest element's id, its line, and what is wrong."""

    file: str
    element: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, {self.element or 'file'}: {self.reason}"


class DmnError(Exception):
    """A file that is refused; ``problems`` holds everything found wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class DecisionError(Exception):
    """A decision that cannot be made.

    ``rules`` are row numbers from 1, ``inputs`` the values by expression.
    """

    def __init__(
        self,
        reason: str,
        *,
        file: str,
        decision: str,
        rules: Sequence[str] = (),
        inputs: dict[str, str] | None = None,
    ) -> None:
        given = ", ".join(f"{text} = {value}" for text, value in (inputs or {}).items())
        parts = [f"{file}, {decision}: {reason}", "; ".join(rules), f"with {given}" if given else ""]
        super().__init__("; ".join(part for part in parts if part))
        self.reason, self.file, self.decision = reason, file, decision
        self.rules, self.inputs = tuple(rules), dict(inputs or {})
