"""python -m bench [engine] [--json FILE]: measure, and say what was measured on which machine."""

import argparse
import dataclasses
import time
from pathlib import Path

from bench import databases, engine, figures, reports

NAMES = ("engine",)


def main() -> None:
    chosen = _parser().parse_args()
    names = {field.name for field in dataclasses.fields(engine.Counts)}
    counts = engine.Counts(**{name: value for name, value in vars(chosen).items() if name in names})
    print(figures.machine(databases.server()))
    measured, began = [], time.monotonic()
    with databases.stage() as stage:
        database = stage.open()
        try:
            if chosen.statements:
                print(reports.statements(database, stage))
                return
            for part in chosen.part or engine.PARTS:
                measured += engine.PARTS[part](database, stage, counts)
        finally:
            database.engine.dispose()
    print(figures.table(measured))
    print(f"{counts.repetitions} repetitions, {time.monotonic() - began:.0f} s")
    if chosen.json:
        figures.write(measured, chosen.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMES, help="one benchmark; all of them without")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--part", action="append", choices=engine.PARTS, help="only this part; repeatable")
    parser.add_argument("--statements", action="store_true", help="only list what one completion sends")
    for field in dataclasses.fields(engine.Counts):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=int, default=field.default, metavar="N", help=f"{field.default}")
    return parser


if __name__ == "__main__":
    main()
