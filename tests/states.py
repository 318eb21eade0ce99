"""The sizes of the states that are written while something is played."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

MOST_BYTES = 64 << 10


@contextmanager
def measured() -> Iterator[dict[str, int]]:
    """The bytes of the largest state of each process that one database has been given, by the id of its diagram.

    It is filled at the end.
    """
    sizes: dict[int, int] = {}
    names: dict[int, str] = {}
    largest: dict[str, int] = {}

    def sent(
        _connection: Any,
        _statement: Any,
        several: Sequence[Mapping[str, Any]],
        one: Mapping[str, Any],
        _options: Any,
    ) -> None:
        for row in (*several, one):
            if "state" in row and "of" in row:
                sizes[row["of"]] = max(sizes.get(row["of"], 0), len(row["state"]))
            elif row.get("verb") == "start":
                names[row["process_id"]] = row["node"]

    event.listen(Engine, "before_execute", sent)
    try:
        yield largest
    finally:
        event.remove(Engine, "before_execute", sent)
        for process_id, size in sizes.items():
            largest[names[process_id]] = max(largest.get(names[process_id], 0), size)
