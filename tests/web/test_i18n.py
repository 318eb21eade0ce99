import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from marshmallow import Schema, fields, validate

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.messages import CHINESE, all_texts
from webapp import i18n
from webapp.errors import flattened
from workflows.db import Database

Visit = Callable[[], Visitor]
PLACE = re.compile(r"%\(\w+\)s|\{\d\}")


def catalogue(locale: str) -> dict[str, str]:
    with (i18n.CATALOGUES / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id}


def test_every_text_that_people_may_see_is_in_the_english_catalogue() -> None:
    translated = {source for source, target in catalogue("en").items() if target}
    assert sorted(all_texts() - translated) == []


def test_translations_have_no_chinese_and_the_same_places_for_values() -> None:
    for source, target in catalogue("en").items():
        assert not CHINESE.search(target), target
        assert sorted(PLACE.findall(target)) == sorted(PLACE.findall(source)), source


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", "zh_Hans_CN"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh_Hans_CN"),
        ("zh-Hans-CN", "zh_Hans_CN"),
        ("zh-HK", "zh_Hans_CN"),
        ("en-GB,en;q=0.9", "en"),
        ("fr-FR,en;q=0.5", "en"),
        ("de", "zh_Hans_CN"),
    ],
)
def test_the_language_follows_what_the_browser_asks_for(header: str, locale: str) -> None:
    assert i18n.from_header(header) == locale


def test_the_language_is_switched_before_sign_in_and_kept(visit: Visit) -> None:
    visitor = visit()
    assert '<html lang="zh-CN"' in visitor.get("/sign-in").text
    switched = visitor.post("/preferences", {"locale": "en", "next": "/sign-in?next=/work"})
    assert switched.location == "/sign-in?next=/work"
    page = visitor.get("/sign-in").text
    assert '<html lang="en"' in page
    assert '<h1 class="h2">Sign in</h1>' in page


@pytest.mark.parametrize(("theme", "shown"), [("dark", ' data-bs-theme="dark"'), ("auto", ""), ("evil", "")])
def test_the_theme_is_kept_in_a_cookie(visit: Visit, theme: str, shown: str) -> None:
    visitor = visit()
    visitor.post("/preferences", {"theme": theme, "next": "//evil.example"})
    assert f'<html lang="zh-CN"{shown}>' in visitor.get("/sign-in").text


def write_in_english(database: Database) -> None:
    """Somebody named Wang, and a challenge, both with no Chinese in them."""
    with database.transaction() as session:
        home = factories.unit(session, name="Gas Team 1")
        factories.user(session, login="wang", name="Wang", of=home, roles=["office"])
        challenge = factories.challenge(session, title="Fewer freezes")
        challenge.background = "Wells freeze at night."
        challenge.sponsor_unit = home
        for lead in (challenge.party_lead, challenge.admin_lead):
            lead.name, lead.unit = "Li", home
        challenge.indicators[0].name, challenge.indicators[0].measure = "freezes", "times"
        challenge.indicators[0].verifier_unit = home


def test_english_pages_have_no_chinese_but_what_people_wrote(database: Database, visit: Visit) -> None:
    write_in_english(database)
    visitor = visit()
    visitor.client.set_cookie(i18n.COOKIE, "en")
    visitor.sign_in("wang")
    task = visitor.post("/challenges/1/bids").location
    pages = [
        "/",
        "/work",
        "/work?box=done",
        "/work?box=started",
        task,
        "/challenges",
        "/challenges/1",
        "/bids/1",
    ]
    pages += ["/notices", "/account", "/act/post_challenge", "/api/v1/docs", "/no-such-page"]
    for path in pages:
        shown = text_of(visitor.get(path).text).replace("简体中文", "").replace(" 榜 ", " ")
        assert CHINESE.findall(shown) == [], (path, shown)
    wrong = {"members.0.user_id": "x", "members.0.role": "leader", "members.0.workload_pct": "130"}
    refused = text_of(visitor.post(task, wrong).text).replace("简体中文", "").replace(" 榜 ", " ")
    assert CHINESE.findall(refused) == []
    assert "Nobody was found, or several people have this name." in refused


def test_a_sentence_with_values_is_translated_with_them(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        said = i18n.text("本任务已由王建国于 2026-11-23 09:00 办理，无需再办。")
        assert said == "This task was done by 王建国 at 2026-11-23 09:00; nothing is left to do."
        assert i18n.text("已办理：组队") == "Done: Form the team"
        assert i18n.text("没有人翻译过的话") == "没有人翻译过的话"


WRONG_INPUT: list[tuple[fields.Field, object]] = [  # type: ignore[type-arg]
    (fields.Integer(strict=True), "x"),
    (fields.Integer(strict=True), 1.5),
    (fields.Integer(required=True), None),
    (fields.Decimal(), "x"),
    (fields.Decimal(), "nan"),
    (fields.String(), 3),
    (fields.Boolean(), "perhaps"),
    (fields.Date(), "yesterday"),
    (fields.AwareDateTime(), "yesterday"),
    (fields.List(fields.String()), 3),
    (fields.Integer(validate=validate.Range(1, 9)), 10),
    (fields.Integer(validate=validate.Range(min=1)), 0),
    (fields.Decimal(validate=validate.Range(min=0, min_inclusive=False)), 0),
    (fields.String(validate=validate.Length(1, 3)), "long"),
    (fields.String(validate=validate.Length(max=3)), "long"),
    (fields.String(validate=validate.OneOf(["a", "b"])), "c"),
    (fields.String(validate=validate.Regexp("a")), "b"),
    (fields.Nested({"a": fields.String()}), 3),
    (fields.Nested({"a": fields.String()}), {"b": "1"}),
    (fields.Nested({"a": fields.String(required=True)}), {}),
]


def test_what_marshmallow_says_of_wrong_input_is_said_in_chinese(app: Flask) -> None:
    with app.test_request_context():
        for each, value in WRONG_INPUT:
            found = flattened(Schema.from_dict({"one": each})().validate({"one": value}))
            said = [i18n.text(message) for messages in found.values() for message in messages]
            assert [one for one in said if CHINESE.search(one)] == said != [], (each, found)


def test_catalogues_are_compiled_when_missing_or_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(i18n.CATALOGUES, tmp_path / "t", ignore=shutil.ignore_patterns("*.mo"))
    monkeypatch.setattr(i18n, "CATALOGUES", tmp_path / "t")
    i18n.compile_catalogues()
    mo = tmp_path / "t/en/LC_MESSAGES/messages.mo"
    first = mo.stat().st_mtime_ns
    i18n.compile_catalogues()
    assert mo.stat().st_mtime_ns == first
    os.utime(mo, (1, 1))
    i18n.compile_catalogues()
    assert mo.stat().st_mtime > 1
    assert sorted(path.name for path in mo.parent.iterdir()) == ["messages.mo", "messages.po"]
