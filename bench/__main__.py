"""python -m bench [engine|pages|reliability] [--json FILE]: measure, and say what was measured on which machine."""

import argparse
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

from bench import databases, engine, figures, pages, reliability, reports
from bench.figures import Figure


def main() -> None:
    chosen = _parser().parse_args()
    print(figures.machine(databases.server()))
    began = time.monotonic()
    if chosen.statements:
        with databases.stage() as stage:
            print(reports.statements(stage.open(), stage))
        return
    measured = [
        figure for name in ([chosen.name] if chosen.name else NAMES) for figure in NAMES[name](chosen)
    ]
    print(figures.table(measured))
    print(f"{chosen.repetitions} repetitions, {time.monotonic() - began:.0f} s")
    if chosen.json:
        figures.write(measured, chosen.json)


def _engine(chosen: argparse.Namespace) -> list[Figure]:
    names = {field.name for field in dataclasses.fields(engine.Counts)}
    counts = engine.Counts(**{name: value for name, value in vars(chosen).items() if name in names})
    with databases.stage() as stage:
        database = stage.open()
        try:
            parts = chosen.part or engine.PARTS
            return [figure for part in parts for figure in engine.PARTS[part](database, stage, counts)]
        finally:
            database.engine.dispose()


NAMES: dict[str, Callable[[argparse.Namespace], list[Figure]]] = {
    "engine": _engine,
    "pages": lambda chosen: pages.measure(repetitions=3 * chosen.repetitions),
    "reliability": lambda chosen: reliability.measure(spoilt_files=chosen.spoilt_files),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMES, help="one benchmark; all of them without")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--part", action="append", choices=engine.PARTS, help="only this part; repeatable")
    parser.add_argument("--statements", action="store_true", help="only list what one completion sends")
    parser.add_argument("--spoilt-files", type=int, default=5_000, metavar="N", help="5000")
    for field in dataclasses.fields(engine.Counts):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=int, default=field.default, metavar="N", help=f"{field.default}")
    return parser


if __name__ == "__main__":
    main()
