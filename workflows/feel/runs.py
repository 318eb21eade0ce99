"""What an expression sees while it runs: names by scope, the budget, and the notes it leaves."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.feel.budgets import Budget
from workflows.feel.errors import Note, position

MAX_NOTES = 20


class Run:
    """One evaluation of one text."""

    __slots__ = ("budget", "notes", "text")

    def __init__(self, text: str, budget: Budget) -> None:
        self.text, self.budget = text, budget
        self.notes: list[Note] = []

    def note(self, at: int, reason: object) -> None:
        """Remember why the part at offset ``at`` is null. Beyond the first 20, notes are dropped."""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(Note(*position(self.text, at), str(reason)))


class Frame:
    """The names of one scope, and the scope around it."""

    __slots__ = ("outer", "run", "values")

    def __init__(self, values: Mapping[str, object], outer: Frame | None, run: Run) -> None:
        self.values, self.outer, self.run = values, outer, run

    def inner(self, values: Mapping[str, object]) -> Frame:
        return Frame(values, self, self.run)

    def find(self, name: str) -> Frame | None:
        """The nearest scope that has ``name``."""
        frame: Frame | None = self
        while frame is not None and name not in frame.values:
            frame = frame.outer
        return frame
