"""What a page weighs when it is first opened."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests import factories
from tests.web.browsing import Visitor
from webapp import bundles
from workflows.db import Database

Visit = Callable[[], Visitor]
LIGHT = 150_000  # bytes, compressed, beside fonts
PARTS = ("style.css", "theme.js", "app.js")  # of every page; islands come later, where they are wanted


@pytest.fixture
def parts() -> dict[str, str]:
    """The address of each part by name."""
    found = {name: bundles.bundle(name) for name in PARTS}
    return {name: f"/static/{one.path}" for name, one in found.items() if one is not None}


def test_a_list_weighs_little_when_first_opened(
    visit: Visit, database: Database, parts: dict[str, str]
) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang", roles=["office"])
        for number in range(20):
            factories.challenge(session, title=f"降低冬季冻堵次数之{number}")
    visitor = visit()
    visitor.sign_in("wang")
    page = len(gzip.compress(visitor.get("/challenges").data))
    packed = [visitor.get(path, headers={"Accept-Encoding": "gzip"}) for path in parts.values()]
    assert [one.headers["Content-Encoding"] for one in packed] == ["gzip"] * len(PARTS)
    assert page + sum(len(one.data) for one in packed) < LIGHT


def test_compressed_parts_are_the_parts(app: Flask, visit: Visit, parts: dict[str, str]) -> None:
    for name, path in parts.items():
        plain = visit().get(path)
        packed = visit().get(path, headers={"Accept-Encoding": "br, gzip"})
        assert "Content-Encoding" not in plain.headers
        assert (
            gzip.decompress(packed.data)
            == plain.data
            == (Path(str(app.static_folder)) / path[8:]).read_bytes()
        )
        assert packed.mimetype == plain.mimetype
        assert all("Accept-Encoding" in one.headers["Vary"] for one in (packed, plain)), name


def test_nothing_beside_the_parts_is_given_out(visit: Visit) -> None:
    assert visit().get("/static/../config.py").status_code == 404
    assert visit().get("/static/dist/none.css", headers={"Accept-Encoding": "gzip"}).status_code == 404
