"""The command: a campaign played through the API, its result, and that it leaves nothing else behind."""

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import inspect

from tests import states
from tests.conftest import MONDAY_NINE
from tests.rehearsal import files
from workflows import clock, db, seal
from workflows.rehearsal import comparison

Rehearse = Callable[..., Result]
on_postgresql = pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)


def result_of(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.long
def test_the_shipped_scenario_comes_out_as_expected(rehearse: Rehearse, tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    with states.measured() as largest:
        ended = rehearse(files.SHIPPED, "--out", out, "--expect", files.EXPECTED)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert comparison.differences(result_of(out), files.expected()) == []
    assert "12 challenges, 26 bids (21 eligible), 12 projects, 576,423 yuan in instalments" in ended.stdout
    assert len(largest) > 10
    assert max(largest.values()) < states.MOST_BYTES, largest


@on_postgresql
def test_a_small_scenario_comes_out_as_expected_on_postgresql(
    rehearse: Rehearse, tmp_path: Path, empty_database_url: str
) -> None:
    out, small = tmp_path / "result.json", files.write(tmp_path / "small.json", files.cut(files.shipped()))
    ended = rehearse(small, "--out", out, "--database-url", empty_database_url)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert comparison.differences(result_of(out), files.cut_result(files.expected())) == []


def test_the_order_of_keys_does_not_matter_and_nothing_is_left_behind(
    rehearse: Rehearse, live: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    folder = Path(live.config["DATA"])
    before = {one: digest(one) for one in folder.rglob("*") if one.is_file()}
    out = tmp_path / "result.json"
    document = files.cut(files.reversed_keys(files.shipped()))
    ended = rehearse(files.write(tmp_path / "small.json", document), "--out", out)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert comparison.differences(result_of(out), files.cut_result(files.expected())) == []
    assert list(scratch.iterdir()) == []
    assert {one: digest(one) for one in folder.rglob("*") if one.is_file()} == before
    assert clock.now() == MONDAY_NINE  # as it was held before
    assert seal._key_file == live.config["SEAL_KEY"]


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_mistake_ends_it_with_status_2_and_nothing_written(rehearse: Rehearse, tmp_path: Path) -> None:
    document = files.change(files.shipped(), "bids[3].members[0].person", "P999")
    out = tmp_path / "result.json"
    ended = rehearse(files.write(tmp_path / "wrong.json", document), "--out", out)
    told = "Error: bids[3].members[0].person: unknown person P999\n"
    assert (ended.exit_code, ended.stdout, ended.stderr) == (2, "", told)
    assert not out.exists()


def test_a_panel_that_cannot_be_filled_ends_it_with_the_path_of_the_challenge(
    rehearse: Rehearse, tmp_path: Path
) -> None:
    document = files.cut(files.shipped(), ("TRQ-2027-M03",))
    document["experts"] = document["experts"][:4]
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    ended = rehearse(files.write(tmp_path / "few.json", document), "--database-url", url)
    told = "Error: challenges[0]: a panel cannot be filled without conflict\n"
    assert (ended.exit_code, ended.stderr) == (2, told)
    assert tables(url) == []


def test_a_winner_needs_an_appraisal_of_its_unit(rehearse: Rehearse, tmp_path: Path) -> None:
    document = files.cut(files.shipped(), ("TRQ-2027-M03",))
    document["appraisals"] = [one for one in document["appraisals"] if one["unit"] != "U04"]
    ended = rehearse(files.write(tmp_path / "without.json", document))
    told = "Error: bids[0].unit: it has won, and U04 has no appraisal\n"
    assert (ended.exit_code, ended.stderr) == (2, told)


def test_a_database_that_holds_anything_is_refused(rehearse: Rehearse, live: Flask) -> None:
    ended = rehearse(files.SHIPPED, "--database-url", live.config["DATABASE_URL"])
    assert ended.exit_code == 2
    assert ended.stderr.startswith("Error: --database-url: this database is not empty")


def test_a_folder_that_is_not_there_is_told_before_anything_is_played(
    rehearse: Rehearse, tmp_path: Path
) -> None:
    ended = rehearse(files.SHIPPED, "--out", tmp_path / "nowhere" / "result.json")
    assert (ended.exit_code, ended.stderr) == (2, f"Error: {tmp_path / 'nowhere'}: no such folder\n")


def test_what_differs_from_the_expected_is_told_and_each_factor_explained(
    rehearse: Rehearse, tmp_path: Path
) -> None:
    expected = files.cut_result(files.expected(), ("TRQ-2027-M03",))
    expected["projects"][0]["total_yuan"] += 1
    small = files.write(tmp_path / "small.json", files.cut(files.shipped(), ("TRQ-2027-M03",)))
    wanted, out = files.write(tmp_path / "expected.json", expected), tmp_path / "result.json"
    ended = rehearse(small, "--out", out, "--expect", wanted)
    told = f"projects[0].total_yuan: 12632, expected 12633\nError: 1 differences from {wanted}\n"
    assert (ended.exit_code, ended.stderr) == (1, told)
    lines = {one["factor"]: one for one in result_of(out)["projects"][0]["explanation"]}
    assert list(lines) == [
        *("P", "B", "level", "fixed", "benefit", "Kc", "Kt", "Kdual", "V", "total", "plan")
    ]
    assert lines["level"]["table"].startswith("challenge_level.dmn v1: ")
    assert lines["plan"]["table"].startswith("payout_plan.dmn v1: ")
    assert lines["Kdual"]["table"].startswith("dual_link.dmn v1: ")


def tables(url: str) -> list[str]:
    engine = db.connect(url).engine
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()
