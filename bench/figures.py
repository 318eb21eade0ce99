"""Figures with their goals, and the machine that they were measured on."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg


@dataclass(frozen=True)
class Figure:
    """One measured value; ``goal`` and ``met`` are None where nothing is asked of it."""

    name: str
    value: float
    unit: str
    goal: str | None = None
    met: bool | None = None


def at_least(name: str, value: float, goal: float, unit: str = "ratio") -> Figure:
    return Figure(name, round(value, 3), unit, f">= {goal:g}", value >= goal)


def at_most(name: str, value: float, goal: float, unit: str = "ratio") -> Figure:
    return Figure(name, round(value, 3), unit, f"<= {goal:g}", value <= goal)


def exactly(name: str, value: float, goal: float, unit: str = "") -> Figure:
    return Figure(name, value, unit, f"= {goal:g}", value == goal)


def for_the_record(name: str, value: float, unit: str) -> Figure:
    return Figure(name, round(value, 3), unit)


def table(figures: Sequence[Figure]) -> str:
    """The figures as Markdown."""
    verdicts = {True: "met", False: "missed", None: ""}
    rows = [(one.name, f"{one.value:g} {one.unit}", one.goal or "", verdicts[one.met]) for one in figures]
    rows.insert(0, ("figure", "value", "goal", "verdict"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in rows
    ]
    lines.insert(1, f"|{'|'.join('-' * (width + 2) for width in widths)}|")
    return "\n".join(lines)


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write the figures as a JSON list."""
    path.write_text(json.dumps([asdict(one) for one in figures], indent=2, ensure_ascii=False) + "\n")


def machine(server: str) -> str:
    """What the figures depend on: processor, cores, load, versions, and how durable a commit is."""
    with psycopg.connect(server) as connection:
        asked = ("server_version", "fsync", "synchronous_commit")
        version, fsync, waits = [_setting(connection, name) for name in asked]
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    return (
        f"{_processor()}, {cores} cores (load {load:.1f}), Python {platform.python_version()}, "
        f"PostgreSQL {version} (fsync {fsync}, synchronous_commit {waits})"
    )


def _setting(connection: psycopg.Connection[tuple[str]], name: str) -> str:
    row = connection.execute("select current_setting(%s)", [name]).fetchone()
    return row[0] if row else "?"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())
