"""Tables D14 and exemption, and what the terms of a change refuse."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import change_effects, change_terms, changes, rules
from workflows.errors import Conflict, Invalid
from workflows.models import (
    ChangeKind,
    ChangeRequest,
    Project,
    ProjectState,
    Stoppage,
    User,
)

USUAL: dict[str, Any] = {
    "added_workdays": 0,
    "budget_pct": Decimal(0),
    "member_pct": Decimal(0),
    "is_lowered": False,
    "level": "B",
}
# D14: what is unusual, whether experts are heard, who approves.
ROUTES: list[tuple[str, dict[str, Any], bool, list[str]]] = [
    ("member", {"member_pct": Decimal(20)}, False, ["sponsor_head"]),
    ("member", {"member_pct": Decimal("20.1")}, False, ["sponsor_head", "office"]),
    ("deadline", {"added_workdays": 10}, False, ["sponsor_head", "office"]),
    ("deadline", {"added_workdays": -30}, False, ["sponsor_head", "office"]),
    ("deadline", {"added_workdays": 11}, True, ["dual"]),
    ("budget", {"budget_pct": Decimal(10)}, False, ["finance", "vice_head"]),
    ("budget", {"budget_pct": Decimal("10.01")}, True, ["dual"]),
    ("indicator", {"is_lowered": True}, True, ["dual"]),
    ("indicator", {}, False, ["sponsor_head", "office"]),
    ("resume", {}, False, ["sponsor_head", "office"]),
    ("leader", {"level": "A"}, True, ["dual", "party_committee"]),
    ("suspend", {}, True, ["dual", "party_committee"]),
    ("terminate", {"level": "C"}, True, ["dual"]),
]
EMPTY: dict[str, Any] = {
    "reason": "现场条件变化",
    "deadline": None,
    "budget_fen": None,
    "indicators": [],
    "joining": [],
    "leaving": [],
    "leader_id": None,
    "impact_days": None,
    "impact_fen": None,
    "impact_pct": None,
}


@pytest.fixture
def project(session: Session) -> Project:
    home = factories.unit(session)
    people = [factories.user(session, of=home) for _ in range(5)]
    return factories.project(session, leader=people[0], members=people[1:])


def _refused(session: Session, project: Project, kind: str, **values: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        change_terms.of(session, project, {**EMPTY, "kind": kind, **values})
    return dict(refused.value.fields)


def _ask(
    session: Session, project: Project, kind: str, *, by: User | None = None, **values: Any
) -> ChangeRequest:
    terms = {**EMPTY, "kind": kind, "project_id": project.id, **values}
    return changes.request(session, terms, actor=by or project.leader)


def test_table_d14_routes_every_change(session: Session) -> None:
    for kind, unusual, panel, stages in ROUTES:
        found = rules.decide(session, "change_route", {**USUAL, **unusual, "change_kind": kind}).value
        assert (kind, unusual, found) == (kind, unusual, {"panel": panel, "stages": stages})


def test_table_exemption_asks_for_everything_and_a_cause_beyond_the_team(session: Session) -> None:
    done = dict.fromkeys(("diligent", "compliant", "honest", "reported", "mitigated"), True)

    def liability(**facts: Any) -> str:
        return str(rules.decide(session, "exemption", {**done, "cause": "technical", **facts}).value)

    assert {liability(cause=one) for one in ("technical", "market", "policy", "unforeseen")} == {"exempt"}
    assert {liability(cause="other"), *(liability(**{name: False}) for name in done)} == {"liable"}


def test_a_field_of_another_kind_is_refused(session: Session, project: Project) -> None:
    assert _refused(session, project, "suspend", budget_fen=1, leaving=[{"user_id": 1}]) == {
        "budget_fen": ["这类变更不填这一项。"],
        "leaving": ["这类变更不填这一项。"],
    }


def test_a_deadline_that_cannot_be_is_refused(session: Session, project: Project) -> None:
    def said(day: dt.date | None) -> list[str]:
        return _refused(session, project, "deadline", deadline=day)["deadline"]

    assert said(None) == ["请填写变更后的完成期限。"]
    assert said(clock.today() - dt.timedelta(days=1)) == ["不能早于今天。"]
    assert said(project.deadline) == ["与现在的完成期限相同。"]
    assert said(dt.date(9999, 1, 1)) == ["完成期限太远，请核对年份。"]


def test_a_budget_that_changes_nothing_is_refused(session: Session, project: Project) -> None:
    assert _refused(session, project, "budget") == {"budget_fen": ["请填写变更后的预算。"]}
    same = _refused(session, project, "budget", budget_fen=project.budget_fen)
    assert same == {"budget_fen": ["与现在的预算相同。"]}


def test_indicators_unknown_named_twice_or_unchanged_are_refused(session: Session, project: Project) -> None:
    known = project.challenge.indicators[0].id
    rows = [
        {"indicator_id": known, "value": Decimal(10)},
        {"indicator_id": known, "value": Decimal(12)},
        {"indicator_id": 9999, "value": Decimal(12)},
    ]
    assert _refused(session, project, "indicator") == {"indicators": ["请填写要变更的指标。"]}
    assert _refused(session, project, "indicator", indicators=rows) == {
        "indicators.0.value": ["与现在的承诺值相同。"],
        "indicators.1.indicator_id": ["这项指标已经列入。"],
        "indicators.2.indicator_id": ["这个项目没有承诺这项指标。"],
    }


def test_members_unknown_present_or_absent_already_are_refused(session: Session, project: Project) -> None:
    member, stranger = project.members[1].user_id, factories.user(session).id
    joining = [
        {"user_id": one, "role": "core", "workload_pct": 10} for one in (member, 9999, stranger, stranger)
    ]
    leaving = [{"user_id": one} for one in (project.leader_id, stranger)]
    assert _refused(session, project, "member") == {"joining": ["请填写加入或退出的成员。"]}
    assert _refused(session, project, "member", joining=joining, leaving=leaving) == {
        "joining.0.user_id": ["这个人已经在团队中。"],
        "joining.1.user_id": ["没有这个人员。"],
        "joining.3.user_id": ["这个人已经在团队中。"],
        "leaving.0.user_id": ["挂帅人退出请办理换帅。"],
        "leaving.1.user_id": ["这个人不在团队中。"],
    }


def test_a_new_leader_who_is_none_is_refused(session: Session, project: Project) -> None:
    assert _refused(session, project, "leader") == {"leader_id": ["请提名新的挂帅人。"]}
    same = _refused(session, project, "leader", leader_id=project.leader_id)
    assert same == {"leader_id": ["这个人现在就是挂帅人。"]}
    assert _refused(session, project, "leader", leader_id=9999) == {"leader_id": ["没有这个人员。"]}


def test_how_much_a_change_changes_is_worked_out(session: Session, project: Project) -> None:
    """A delay in working days, a budget and a team in percent, a promise by its operator."""
    later = _ask(session, project, "deadline", deadline=dt.date(2027, 11, 12))
    assert change_terms.route_facts(session, later)["added_workdays"] == 10
    dearer = _ask(session, project, "budget", budget_fen=132_000_000)
    assert change_terms.route_facts(session, dearer)["budget_pct"] == 10
    other = factories.user(session).id
    joining = [{"user_id": other, "role": "core", "workload_pct": 10}]
    fewer = _ask(
        session, project, "member", joining=joining, leaving=[{"user_id": project.members[1].user_id}]
    )
    assert change_terms.route_facts(session, fewer)["member_pct"] == 40
    row = {"indicator_id": project.challenge.indicators[0].id, "value": Decimal(9)}
    better = _ask(session, project, "indicator", indicators=[row])
    assert change_terms.route_facts(session, better)["is_lowered"] is False


def test_small_changes_are_judged_by_what_they_add_up_to(session: Session, project: Project) -> None:
    """Of budget, deadline and team: from the pledge on; what goes back to an earlier deadline counts by itself."""

    def asked(kind: str, fact: str, **values: Any) -> Any:
        change = _ask(session, project, kind, **values)
        found = change_terms.route_facts(session, change)[fact]
        change_effects.apply(session, change)
        return found

    pledged_fen = project.budget_fen
    budgets = [pledged_fen * pct // 100 for pct in (108, 116, 108, 100)]
    found = [round(asked("budget", "budget_pct", budget_fen=one), 2) for one in budgets]
    assert found == [Decimal(8), Decimal(16), Decimal(8), Decimal("7.41")]
    days = [dt.date(2027, 11, 5), dt.date(2027, 11, 12), dt.date(2027, 11, 19), dt.date(2027, 11, 12)]
    assert [asked("deadline", "added_workdays", deadline=day) for day in days] == [5, 10, 15, -5]
    joined = [[{"user_id": factories.user(session).id, "role": "core", "workload_pct": 10}] for _ in range(2)]
    assert [asked("member", "member_pct", joining=one) for one in joined] == [20, 40]


def test_what_each_state_of_a_project_allows(session: Session, project: Project) -> None:
    allowed = {
        ProjectState.PLEDGING: set(),
        ProjectState.INITIATING: {"indicator", "deadline", "budget", "member", "leader"},
        ProjectState.RUNNING: set(ChangeKind) - {"resume"},
        ProjectState.SUSPENDED: set(ChangeKind) - {"suspend"},
        ProjectState.ACCEPTING: {"member", "leader"},
        ProjectState.ACCEPTED: set(),
        ProjectState.TERMINATED: set(),
    }
    found = {
        state: {kind for kind, states in changes.ALLOWED_IN.items() if state in states} for state in allowed
    }
    assert found == allowed


def test_a_stop_for_safety_is_not_ended_by_a_change(session: Session, project: Project) -> None:
    project.state = ProjectState.SUSPENDED
    session.add(
        Stoppage(project=project, reason="泄漏", ordered_by_id=project.leader_id, ordered_at=clock.now())
    )
    session.flush()
    with pytest.raises(Conflict, match=r"^项目因安全停工，应由安全环保部门同意复工。$"):
        _ask(session, project, "resume")


def test_running_projects_of_a_new_leader_count(session: Session, project: Project) -> None:
    busy = project.members[1].user
    for _ in range(2):
        factories.project(session, leader=busy)
    change = _ask(session, project, "leader", leader_id=busy.id)
    assert not changes.check(session, change)
    assert [one["code"] for one in change.findings] == ["E03"]


def test_a_member_who_has_become_the_leader_is_not_removed(session: Session, project: Project) -> None:
    heir, other = project.members[1], project.members[2]
    change = _ask(session, project, "member", leaving=[{"user_id": heir.user_id}, {"user_id": other.user_id}])
    change_effects.apply(session, _ask(session, project, "leader", leader_id=heir.user_id))
    change_effects.apply(session, change)
    assert (heir.left_on, other.left_on, project.leader_id) == (None, clock.today(), heir.user_id)
