"""What a rehearsal says on the terminal when it is over."""

from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


def lines(found: Row) -> Iterator[str]:
    """The result ``found`` in short: a line for each list, a line for each project, and what all were paid."""
    means = {one["code"]: one["mean"] for one in found["bids"]}
    yield ""
    for one in found["challenges"]:
        winners = ", ".join(f"{code} ({means[code]})" for code in one["winners"]) or "-"
        reserve = f", reserve {one['reserve']}" if one["reserve"] else ""
        yield f"{one['code']:<16} {one['level']}  {one['outcome']:<8} {winners}{reserve}"
    yield ""
    for one in found["projects"]:
        yield _project(one)
    due = sum(part["yuan"] for one in found["projects"] for part in one["instalments"])
    bids, eligible = len(found["bids"]), sum(one["eligible"] for one in found["bids"])
    yield ""
    yield (
        f"{len(found['challenges'])} challenges, {bids} bids ({eligible} eligible), "
        f"{len(found['projects'])} projects, {due:,} yuan in instalments"
    )


def _project(one: Row) -> str:
    parts = ", ".join(f"{part['kind']} {part['yuan']:,}" for part in one["instalments"])
    problems = f"; split refused: {', '.join(one['split_problems'])}" if one["split_problems"] else ""
    factors = " ".join(f"{name} {one[name]}" for name in ("Kc", "Kt", "Kdual", "V"))
    return f"{one['bid']:<10} {one['verdict']}  {factors}  {one['total_yuan']:>9,} yuan ({parts}){problems}"
