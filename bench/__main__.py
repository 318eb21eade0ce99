"""python -m bench [NAME] [--json FILE]: measure, and say what was measured on which machine."""

import argparse
import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from bench import databases, engine, figures, pages, reliability, reports, stages, starts, timers
from bench.figures import Figure

Counts = TypeVar("Counts")


def main() -> None:
    chosen = _parser().parse_args()
    print(figures.machine(databases.server()))
    began = time.monotonic()
    if chosen.statements:
        with stages.stage() as stage:
            print(reports.statements(stage.open(), stage))
        return
    measured = [figure for name in _names(chosen) for figure in NAMES[name](chosen)]
    print(figures.table(measured))
    print(f"{chosen.repetitions} repetitions, {time.monotonic() - began:.0f} s")
    if chosen.json:
        figures.write(measured, chosen.json)


def _names(chosen: argparse.Namespace) -> list[str]:
    """What is measured: the benchmark that is named, those of the parts that are, or all of them."""
    if chosen.name:
        return [chosen.name]
    if chosen.part:
        return [name for name, parts in PARTS.items() if _parts(parts, chosen)]
    return list(NAMES)


def _engine(chosen: argparse.Namespace) -> Iterator[Figure]:
    counts, parts = _counts(engine.Counts, chosen), _parts(engine.PARTS, chosen)
    if not parts:
        return
    with stages.stage() as stage:
        database = stage.open()
        try:
            for part in parts:
                yield from engine.PARTS[part](database, stage, counts)
        finally:
            database.engine.dispose()


def _reliability(chosen: argparse.Namespace) -> Iterator[Figure]:
    counts = _counts(reliability.Counts, chosen)
    for part in _parts(reliability.PARTS, chosen):
        yield from reliability.PARTS[part](counts)


def _parts(known: dict[str, Any], chosen: argparse.Namespace) -> list[str]:
    """Those of the ``known`` parts that are asked for; all of them when none is."""
    return [part for part in known if not chosen.part or part in chosen.part]


def _counts(kind: type[Counts], chosen: argparse.Namespace) -> Counts:
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # a dataclass
    return kind(**{name: value for name, value in vars(chosen).items() if name in names})


NAMES: dict[str, Callable[[argparse.Namespace], Iterator[Figure]]] = {
    "engine": _engine,
    "pages": lambda chosen: iter(pages.measure(repetitions=3 * chosen.repetitions)),
    "reliability": _reliability,
    "timers": lambda chosen: iter(timers.measure(_counts(timers.Counts, chosen))),
    "start": lambda chosen: starts.measure(starts=chosen.repetitions),
}


PARTS: dict[str, dict[str, Any]] = {"engine": engine.PARTS, "reliability": reliability.PARTS}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMES, help="one benchmark; all of them without")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parts = [part for known in PARTS.values() for part in known]
    parser.add_argument("--part", action="append", choices=parts, help="only this part of it; repeatable")
    parser.add_argument("--statements", action="store_true", help="only list what one completion sends")
    kinds = (engine.Counts, reliability.Counts, timers.Counts)
    for field in (field for kind in kinds for field in dataclasses.fields(kind)):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=int, default=field.default, metavar="N", help=f"{field.default}")
    return parser


if __name__ == "__main__":
    main()
