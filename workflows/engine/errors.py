"""What can go wrong inside the engine. Refusals to people are in workflows.errors."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """One thing wrong with a diagram or table: where, and why, for a program (``code``) and for people.

    ``element`` is the id of the nearest element that has one, or else its name; ``line`` counts from 1.
    """

    file: str
    code: str
    element: str
    line: int
    reason_zh: str
    reason_en: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.element}: {self.reason_zh}"


class DefinitionError(Exception):
    """A diagram or table is wrong: all its defects at once."""

    def __init__(self, defects: list[Defect]) -> None:
        super().__init__("\n".join(map(str, defects)))
        self.defects = defects


class StepFailed(Exception):
    """An automatic part of a process raised: its transaction is to be rolled back. The cause is chained.

    ``item_id`` is the work item whose completion set it off, if one did.
    """

    def __init__(self, node: str, reason: str) -> None:
        super().__init__(f"{node}: {reason}")
        self.node = node
        self.item_id: int | None = None


class UnknownState(Exception):
    """A stored process state cannot be read by this version of the code; ``process_id`` where it is that of a row."""

    process_id: int | None = None

    @property
    def told(self) -> str:
        """For operators: what is wrong and what helps."""
        return f"流程的保存状态无法读取，什么都没有改变。请部署写下它的版本或更新的版本，再重试。（{self}）"
