"""What an evaluation may cost. One budget is shared by everything that one caller asks for at once."""

from __future__ import annotations

from workflows.feel.errors import Refused

STEPS = 250_000
MAX_CALLS = 12
MAX_STRING = 100_000


class Budget:
    """Counts steps (nodes run, items touched) and the depth of function calls."""

    __slots__ = ("calls", "steps")

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps
        self.calls = 0

    def spend(self, steps: int) -> None:
        """Take ``steps`` off. Raises Refused when nothing is left."""
        self.steps -= steps
        if self.steps < 0:
            raise Refused("the expression needs too many steps")

    def enter(self) -> None:
        """Go one function call deeper. Raises Refused beyond the limit."""
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise Refused("functions call one another too deeply")

    def leave(self) -> None:
        self.calls -= 1

    def text(self, value: str) -> str:
        """Pay for a string that was made. Raises Refused if it is too long."""
        if len(value) > MAX_STRING:
            raise Refused("a string grows too long")
        self.spend(1 + len(value) // 64)
        return value
