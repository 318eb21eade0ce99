"""python -m tools.gallery --out FOLDER: picture every page, write index.html, tell what was noticed."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from sqlalchemy.orm import Session

from tools.gallery import databases, details, index, manual, plan, sites
from tools.gallery.camera import CHROMIUM, Camera, Picture
from tools.gallery.plan import Shot
from workflows import clock
from workflows.demo import PASSWORD

Shots = Callable[[Session], Iterator[Shot]]


def main() -> int:
    arguments = _arguments()
    if arguments.manual:
        return _manual(arguments)
    shutil.rmtree(arguments.out, ignore_errors=True)
    arguments.out.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="jiebang-gallery-") as folder, _browser() as browser:
        pictures = [
            picture
            for file, shots in _sites(Path(folder))
            for picture in _taken(browser, file, shots, arguments)
        ]
    (arguments.out / "index.html").write_text(index.written(pictures), encoding="utf-8")
    noticed = sum(len(one.noticed) for one in pictures)
    print(f"{len(pictures)} pictures in {arguments.out / 'index.html'}, {noticed} things noticed")
    return 1 if noticed else 0


def _manual(arguments: argparse.Namespace) -> int:
    """Take the pictures of the manual anew."""
    with tempfile.TemporaryDirectory(prefix="jiebang-gallery-") as name, _browser() as browser:
        folder = Path(name)
        file = arguments.demo or databases.demo(folder / "demo.db")
        with sites.served(folder / "site", file, demo=False) as site:
            camera = Camera(browser, site.address, PASSWORD, manual.FOLDER)
            with site.app.test_request_context(), site.database.read() as session:
                size = manual.take(camera, session, manual.FOLDER, only=arguments.only)
            camera.close()
    print(f"{size // 1024} KB in {manual.FOLDER}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py gallery", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("var/gallery"))
    parser.add_argument("--only", default="", help="only pictures whose name has this in it")
    parser.add_argument("--state", default="", help="only one of full, empty, long, error, overdue")
    parser.add_argument("--manual", action="store_true", help="only the pictures of docs/manual, there")
    parser.add_argument("--demo", type=Path, help="with --manual: a demo database to picture, not a new one")
    return parser.parse_args()


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=os.environ.get("JIEBANG_CHROMIUM") or shutil.which("chromium"), args=CHROMIUM
        )
        yield opened
        opened.close()


def _sites(folder: Path) -> Iterator[tuple[Path, Shots]]:
    """Databases to serve, and what to picture of each."""
    demo = databases.demo(folder / "demo.db")
    yield demo, lambda session: chain(plan.of_the_demo(session, now=clock.now()), details.pages(session))
    yield databases.with_long_names(demo, folder / "long.db"), plan.long_ones
    yield databases.of_a_first_day(folder / "empty.db"), lambda _session: plan.rooms("empty")


def _taken(browser: Browser, file: Path, shots: Shots, arguments: argparse.Namespace) -> Iterator[Picture]:
    with sites.served(file.with_suffix(""), file) as site:
        with site.app.test_request_context(), site.database.read() as session:
            wanted = [
                shot
                for shot in shots(session)
                if arguments.only in shot.name and arguments.state in ("", shot.state)
            ]
        camera = Camera(browser, site.address, PASSWORD, arguments.out)
        for picture in camera.take(wanted):
            print(f"  {picture.file}", *picture.noticed, sep="\n    ! ", flush=True)
            yield picture
        camera.close()
        print(*(f"  not there for {one.login}: {one.path}" for one in camera.left_out), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
