"""Why a process went the way it did: what its decision tables were asked, and which rows answered."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from workflows import dmn
from workflows.engine.definitions import Definition
from workflows.engine.tables import HistoryEntry

SHOWN = {True: "是", False: "否", None: "—"}


@dataclass(frozen=True)
class Reason:
    """One table: its title, the rows that applied (number, and what stands beside it), and what it was asked."""

    table: str
    rows: tuple[tuple[int, str], ...]
    inputs: tuple[tuple[str, str], ...]  # label and value
    answer: str


def of(entry: HistoryEntry, definition: Definition) -> tuple[Reason, ...]:
    """The reasons that an entry of the history keeps; none unless a table decided."""
    if entry.verb != "decide":
        return ()
    labels = _labels(definition)
    return tuple(_reason(step, labels) for step in entry.after["trace"])


def _reason(step: dict[str, Any], labels: dict[str, str]) -> Reason:
    return Reason(
        table=step["decision"],
        rows=tuple((rule["row"], " ".join(rule["annotations"])) for rule in step["rules"]),
        inputs=tuple((labels.get(name, name), _shown(value)) for name, value in step["inputs"].items()),
        answer="" if isinstance(step["output"], list | dict) else _shown(step["output"]),
    )


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(_shown, value)) or "—"
    if isinstance(value, dict):
        return "；".join(f"{name} {_shown(one)}" for name, one in value.items())
    return SHOWN[value] if value is None or isinstance(value, bool) else str(value)


@lru_cache(maxsize=256)
def _labels_of(content: bytes, file: str) -> dict[str, str]:
    return dmn.input_labels(content, file=file)


def _labels(definition: Definition) -> dict[str, str]:
    """What people call the inputs of the tables that a definition holds."""
    found: dict[str, str] = {}
    for name, content in definition.files.items():
        if name.endswith(".dmn"):
            found |= _labels_of(content, name)
    return found
