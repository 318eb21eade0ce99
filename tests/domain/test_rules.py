"""The rules in force at an instant, and how a version comes in force."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from tests import factories, play
from tests.conftest import MONDAY_NINE
from workflows import clock, watch
from workflows.db import Database
from workflows.domain import rule_versions, rules
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import RuleState, RuleVersion, User

SETTINGS = rules.shipped()["setting.dmn"].decode()
TEN = '<text>"shortest_bidding_workdays"</text></inputEntry><outputEntry><text>10<'


@pytest.fixture(autouse=True)
def _held(clock_at: Callable[..., None]) -> None:
    """The clock stands."""


@pytest.fixture
def stored(session: Session) -> Session:
    assert rule_versions.store(session, rules.shipped()) == []
    return session


@pytest.fixture
def office(session: Session) -> User:
    return factories.user(session, roles=["office"])


@pytest.fixture
def director(session: Session) -> User:
    return factories.user(session, roles=["admin_head"])


def settings(shortest: str) -> str:
    """The shipped settings with another shortest bidding."""
    assert TEN in SETTINGS
    return SETTINGS.replace(TEN, TEN.removesuffix("10<") + f"{shortest}<")


def shortest(session: Session, at: dt.datetime | None = None) -> int:
    return rules.days(session, "shortest_bidding_workdays", at=at)


def draft(session: Session, actor: User, content: str) -> RuleVersion:
    return rule_versions.draft(session, "setting.dmn", content, note="延长揭榜期", actor=actor)


def refusal(session: Session, actor: User, content: str) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        draft(session, actor, content)
    return refused.value.fields


def test_the_shipped_files_become_version_1_in_force_since_ever(stored: Session) -> None:
    found = rule_versions.versions(stored)
    assert [one.file for one in found] == sorted(rules.shipped())
    assert {(one.version, one.state, one.in_force_from, one.created_by_id) for one in found} == {
        (1, RuleState.ADOPTED, rules.BEGINNING, None)
    }
    assert rule_versions.store(stored, rules.shipped()) == []
    assert len(rule_versions.versions(stored)) == len(found)


def test_a_file_that_is_not_stored_yet_decides_as_the_version_1_that_it_will_be(session: Session) -> None:
    before = rules.decide(session, "setting", {"name": "quorum"})
    rule_versions.store(session, rules.shipped())
    assert rules.decide(session, "setting", {"name": "quorum"}) == before
    assert (before.file, before.version, before.value["unit"]) == ("setting.dmn", 1, "比例")


def test_a_decision_tells_the_rows_that_decided(stored: Session) -> None:
    found = rules.decide(stored, "deadline", {"step": "bid.review"})
    assert (found.value, found.trace[0]["rules"]) == (
        Decimal(3),
        [{"row": 1, "id": "deadline_bid_review", "annotations": ["资格复核 [R]"]}],
    )


def test_settings_are_exact_and_an_unknown_one_is_told(stored: Session) -> None:
    assert rules.setting(stored, "cap_factor") == Decimal("1.2")
    assert rules.setting(stored, "quorum") == Decimal("0.6666666666666666666666666666666667")
    with pytest.raises(Conflict, match=r"^现行规则版本没有参数 nothing，请先审定含有它的新版本。$"):
        rules.setting(stored, "nothing")
    with pytest.raises(Conflict, match=r"^参数 cap_factor 应为整数，请审定新版本改正。$"):
        rules.days(stored, "cap_factor")


def test_only_the_steps_of_the_table_have_a_deadline(stored: Session) -> None:
    assert rules.workdays(stored, "selection.open") == 2
    assert rules.workdays(stored, "bid.write") is None


def test_what_no_file_holds_is_not_decided(stored: Session) -> None:
    assert rules.model(stored, "nothing") is None
    with pytest.raises(KeyError):
        rules.decide(stored, "nothing", {})


def test_a_version_is_in_force_from_its_day_on_and_what_is_kept_stays(
    stored: Session, office: User, director: User, clock_at: Callable[..., None]
) -> None:
    version = draft(stored, office, settings("12"))
    assert (version.version, version.state, shortest(stored)) == (2, RuleState.DRAFT, 10)
    rule_versions.adopt(stored, version, from_day=clock.today() + dt.timedelta(days=1), actor=director)
    assert version.in_force_from == clock.start_of(dt.date(2026, 11, 24))
    assert (version.adopted_by_id, version.adopted_at) == (director.id, clock.now())
    assert (shortest(stored), rule_versions.is_in_force(stored, version)) == (10, False)
    clock_at(version.in_force_from)
    assert (shortest(stored), rule_versions.is_in_force(stored, version)) == (12, True)
    assert shortest(stored, at=MONDAY_NINE) == 10
    assert rules.decide(stored, "setting", {"name": "quorum"}).version == 2


def test_a_version_adopted_for_today_is_in_force_at_once_and_not_before(
    stored: Session, office: User, director: User
) -> None:
    version = draft(stored, office, settings("12"))
    rule_versions.adopt(stored, version, from_day=clock.today(), actor=director)
    assert version.in_force_from == clock.now()
    assert shortest(stored) == 12
    assert shortest(stored, at=clock.now() - dt.timedelta(microseconds=1)) == 10


def test_of_two_versions_from_the_same_instant_the_later_one_decides(
    stored: Session, office: User, director: User
) -> None:
    first, second = (draft(stored, office, settings(days)) for days in ("12", "13"))
    for version in (second, first):
        rule_versions.adopt(stored, version, from_day=clock.today(), actor=director)
    assert shortest(stored) == 13


def test_only_those_who_may_draft_and_nobody_adopts_their_own(stored: Session, office: User) -> None:
    with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室和考核办可以拟定规则。$"):
        draft(stored, factories.user(stored, roles=["finance"]), settings("12"))
    version = draft(stored, office, settings("12"))
    for stranger in (office, factories.user(stored, roles=["party_secretary@"])):
        with pytest.raises(Forbidden, match=r"^只有厂级党组织书记、行政主要负责人和考核办可以审定规则。$"):
            rule_versions.adopt(stored, version, from_day=clock.today(), actor=stranger)
    assessor = factories.user(stored, roles=["assessment"])
    own = draft(stored, assessor, settings("13"))
    with pytest.raises(Forbidden, match=r"^拟定人不能审定自己拟定的规则，请由他人审定。$"):
        rule_versions.adopt(stored, own, from_day=clock.today(), actor=assessor)
    rule_versions.adopt(stored, version, from_day=clock.today(), actor=assessor)
    assert shortest(stored) == 12


def test_a_version_is_adopted_once_and_not_for_the_past(
    stored: Session, office: User, director: User
) -> None:
    version = draft(stored, office, settings("12"))
    with pytest.raises(Invalid) as refused:
        rule_versions.adopt(stored, version, from_day=clock.today() - dt.timedelta(days=1), actor=director)
    assert refused.value.fields == {"from_day": ["生效日不能早于今天。"]}
    rule_versions.adopt(stored, version, from_day=clock.today(), actor=director)
    with pytest.raises(Conflict, match=r"^这个版本已经审定，不能再次审定；需要改动时请拟定新版本。$"):
        rule_versions.adopt(stored, version, from_day=clock.today(), actor=director)


def test_a_draft_must_be_readable_new_and_fit_what_is_asked_of_it(stored: Session, office: User) -> None:
    with pytest.raises(NotFound, match=r"^没有这个规则文件。$"):
        rule_versions.draft(stored, "other.dmn", SETTINGS, note="", actor=office)
    assert refusal(stored, office, SETTINGS) == {"content": ["内容与已有的一个版本相同。"]}
    broken = refusal(stored, office, settings("10 +"))
    assert broken["content"][0].startswith("第 ")
    lost = SETTINGS.replace('"quorum"', '"quorums"').replace('name="note"', 'name="remark"')
    lost = lost.replace("<text>name</text>", "<text>title</text>")
    assert refusal(stored, office, lost)["content"] == [
        "决策 setting 缺少输入 name。",
        "决策 setting 多出输入 title，流程不会提供。",
        "决策 setting 缺少输出 note。",
        "缺少参数 quorum。",
    ]
    renamed = SETTINGS.replace('id="setting"', 'id="deadline"').replace('Ref="setting"', 'Ref="deadline"')
    assert refusal(stored, office, renamed)["content"] == [
        "缺少决策 setting。",
        "决策 deadline 已在 deadline.dmn 中。",
    ]
    assert [one.version for one in rule_versions.versions(stored) if one.file == "setting.dmn"] == [1]


def test_a_draft_that_no_longer_fits_when_it_is_adopted_is_refused(
    stored: Session, office: User, director: User
) -> None:
    late = draft(stored, office, settings("12"))
    row = '<rule id="setting_quorum">'
    more = SETTINGS.replace(row, f"{_row('new_one')}\n{row}")
    rule_versions.adopt(stored, draft(stored, office, more), from_day=clock.today(), actor=director)
    with pytest.raises(Invalid) as refused:
        rule_versions.adopt(stored, late, from_day=clock.today(), actor=director)
    assert refused.value.fields == {"content": ["缺少参数 new_one。"]}


def _row(name: str) -> str:
    start = SETTINGS.index('<rule id="setting_quorum">')
    row = SETTINGS[start : SETTINGS.index("</rule>", start)] + "</rule>"
    return row.replace("quorum", name)


def test_a_draft_is_tried_without_deciding_anything(stored: Session, office: User) -> None:
    version = draft(stored, office, settings("12.5"))
    value, trace = rule_versions.trial(stored, version, "setting", {"name": "shortest_bidding_workdays"})
    assert value == {"value": "12.5", "label": "揭榜期最短", "unit": "工作日", "note": "[S2] 建议值"}
    assert trace[0]["rules"] == [{"row": 1, "id": "setting_shortest_bidding_workdays", "annotations": []}]
    assert shortest(stored) == 10
    with pytest.raises(Invalid) as refused:
        rule_versions.trial(stored, version, "other", {})
    assert refused.value.fields == {"decision": ["这个文件的决策有：setting。"]}
    with pytest.raises(Invalid) as refused:
        rule_versions.trial(stored, version, "setting", {"name": 1.5})
    assert refused.value.fields["inputs"][0].startswith("不能得出结果：setting.dmn, 参数: the input 'name'")


def test_the_difference_of_two_versions_is_their_changed_lines(stored: Session, office: User) -> None:
    version = draft(stored, office, settings("12"))
    now = rule_versions.current(stored, "setting.dmn")
    changed = [line for line in rule_versions.compare(stored, now, version) if line[0] in "+-"]
    assert [line[:15] for line in changed[:2]] == ["--- setting.dmn", "+++ setting.dmn"]
    assert [("<text>10<" in line, "<text>12<" in line) for line in changed[2:]] == [
        (True, False),
        (False, True),
    ]
    assert rule_versions.compare(stored, now, now) == []


def test_a_version_is_shown_as_rows(stored: Session) -> None:
    table = rule_versions.tables(rule_versions.current(stored, "deadline.dmn"))[0]
    assert (table.decision, table.title, table.policy, table.inputs) == ("deadline", "办理时限", "FIRST", 1)
    assert (table.columns, table.rows[0], table.notes[0]) == (
        ("环节", "工作日"),
        ('"bid.review"', "3"),
        "资格复核 [R]",
    )
    with pytest.raises(NotFound, match=r"^没有这个规则版本。$"):
        rule_versions.get(stored, 10_000)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The shipped files, to be changed."""
    for path in [*rules.FOLDER.rglob("*.bpmn"), *rules.FOLDER.rglob("*.dmn")]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_a_start_stores_a_changed_file_once_as_a_draft_and_says_so(database: Database, release: Path) -> None:
    watch.install(database, release)
    (release / "setting.dmn").write_text(settings("12"))
    with capture_logs() as told:
        watch.install(database, release)
        watch.install(database, release)
    assert [(line["file"], line["version"], line["log_level"]) for line in told] == [
        ("setting.dmn", 2, "warning")
    ]
    with database.read() as session:
        found = session.scalars(select(RuleVersion).where(RuleVersion.version == 2)).one()
        assert (found.state, found.created_by_id, shortest(session)) == (RuleState.DRAFT, None, 10)


def test_servers_that_start_at_once_store_everything_once(database: Database) -> None:
    def start() -> object:
        with database.transaction() as session:
            return rule_versions.store(session, rules.shipped())

    assert play.at_once([start] * 4) == [[]] * 4
    with database.read() as session:
        assert [one.version for one in rule_versions.versions(session)] == [1] * len(rules.shipped())
