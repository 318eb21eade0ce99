"""Approvals: who is asked in a stage, what the signatures decide, who sees them. Played whole in tests/processes."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import approvals, notices, permissions, rules
from workflows.errors import Conflict, Forbidden, NotFound
from workflows.models import (
    Approval,
    ApprovalStage,
    BidState,
    Challenge,
    ChallengeState,
    User,
)

pytestmark = pytest.mark.usefixtures("clock_at")

FIVE = ["functional", "vice_head", "party_committee", "exec_meeting", "dual"]


@pytest.mark.parametrize(
    ("kind", "wan", "level", "route"),
    [
        ("publish", "4.2", "C", ["sponsor_head", "unit_dual"]),
        ("publish", "5", "B", ["functional", "vice_head", "dual"]),
        ("publish", "5.01", "C", ["functional", "vice_head", "dual"]),
        ("select", "20", "B", ["functional", "vice_head", "dual"]),
        ("publish", "50", "A", ["functional", "vice_head", "dual", "exec_meeting"]),
        ("publish", "50.01", "A", FIVE),
        ("change", "300", "A", FIVE),
        ("publish", "300.01", "A", [*FIVE, "superior"]),
        ("reward", "50", "A", ["functional", "vice_head", "dual", "exec_meeting"]),
        ("reward", "50.01", "A", [*FIVE, "superior"]),
        ("year", "600", None, ["dual", "party_committee"]),
        ("appraisal", "0", None, ["dual"]),
    ],
)
def test_the_route_follows_from_kind_amount_and_level(
    session: Session, kind: str, wan: str, level: str | None, route: list[str]
) -> None:
    inputs = {"approval_kind": kind, "approval_amount_fen": Decimal(wan) * 1_000_000, "level": level}
    assert rules.decide(session, "approval_route", inputs).value == route
    assert set(route) <= approvals.KINDS.keys()


def _open(session: Session, *route: str, **changes: Any) -> Approval:
    facts = {"kind": "publish", "subject": "challenge:1", "amount_fen": 1, "level": "B", **changes}
    of = {name: facts.pop(name, None) for name in ("unit_id", "challenge_id", "project_id")}
    approval = approvals.begin(session, **facts, **of)
    approvals.set_route(session, approval, route=route)
    return approval


def _next(session: Session, approval: Approval) -> ApprovalStage:
    stage = approvals.next_stage(session, approval)
    assert stage is not None
    return stage


def _agree(session: Session, approval: Approval, role: str, user: User, **values: Any) -> None:
    approvals.sign(
        session, approval, role=role, values={"decision": "agreed", "opinion": "", **values}, actor=user
    )


def _heads(session: Session) -> tuple[User, User]:
    return factories.user(session, roles=["party_secretary"]), factories.user(session, roles=["admin_head"])


def test_both_sides_sign_unless_one_has_signed_before(session: Session) -> None:
    secretary, head = _heads(session)
    approval = _open(session, "dual")
    stage = _next(session, approval)
    assert [(one["role"], one["user"]) for one in stage.signers] == [
        ("party_secretary", None),
        ("admin_head", None),
    ]
    assert approvals.policy_of(stage) == "dual"
    _agree(session, approval, "party_secretary", secretary)
    _agree(session, approval, "admin_head", head)
    assert approvals.end_stage(session, approval, is_agreed=True) == "agreed"
    assert approvals.next_stage(session, approval) is None
    assert (approval.result, approval.ended_at) == ("agreed", clock.now())


def test_one_side_left_over_signs_alone(session: Session) -> None:
    _, head = _heads(session)
    vice = factories.user(session, roles=["vice_head", "party_secretary"])
    vice.on_duty = False  # still the one who signs
    approval = _open(session, "vice_head", "dual")
    _next(session, approval)
    _agree(session, approval, "vice_head", vice)
    approvals.end_stage(session, approval, is_agreed=True)
    stage = _next(session, approval)
    assert ([one["role"] for one in stage.signers], approvals.policy_of(stage)) == (["admin_head"], "all")
    assert [(one.user_id, one.same_as) for one in stage.signatures] == [(vice.id, 1)]
    assert head.id != vice.id


def _meeting(decided: str = "同意") -> dict[str, Any]:
    votes = {"should": 9, "present": 8, "in_favour": 8, "against": 0, "abstain": 0}
    return {**votes, "meeting_no": "7", "held_on": clock.today(), "resolution": decided, "minutes": []}


def test_each_body_is_recorded_and_its_record_is_no_signature_of_the_secretary(session: Session) -> None:
    both = factories.user(session, roles=["party_committee", "exec_meeting", "party_secretary"])
    factories.user(session, roles=["admin_head"])
    approval = _open(session, "party_committee", "exec_meeting", "dual")
    for code in ("party_committee", "exec_meeting"):
        stage = _next(session, approval)
        assert (stage.code, [one["role"] for one in stage.signers]) == (code, [code])
        _agree(session, approval, code, both, **_meeting())
        approvals.end_stage(session, approval, is_agreed=True)
    assert [one["role"] for one in _next(session, approval).signers] == ["party_secretary", "admin_head"]


def test_a_vote_is_counted_by_the_settings_of_its_rules(session: Session) -> None:
    secretary = factories.user(session, roles=["party_committee"])
    approval = _open(session, "party_committee")
    _next(session, approval)
    before = rules.BEGINNING - dt.timedelta(days=1)
    values = {"decision": "agreed", "opinion": "", **_meeting()}
    with pytest.raises(KeyError):  # no settings were in force then
        approvals.sign(session, approval, role="party_committee", values=values, actor=secretary, at=before)


def test_a_refusal_ends_the_approval(session: Session) -> None:
    user = factories.user(session, roles=["vice_head"])
    for decision in ("returned", "rejected"):
        approval = _open(session, "vice_head", "dual")
        _next(session, approval)
        refusal = {"decision": decision, "opinion": "再议"}
        approvals.sign(session, approval, role="vice_head", values=refusal, actor=user)
        assert approvals.end_stage(session, approval, is_agreed=False) == decision
        assert [approval.result, *(one.result for one in approval.stages)] == [decision, decision, None]


def test_nobody_signs_what_has_ended(session: Session) -> None:
    secretary, _ = _heads(session)
    approval = _open(session)
    assert approvals.next_stage(session, approval) is None
    with pytest.raises(Conflict, match=r"^这次审批已经结束，请刷新页面。$"):
        _agree(session, approval, "party_secretary", secretary)


def test_the_heads_of_the_unit_sign_its_stages(session: Session) -> None:
    head = factories.user(session, roles=["admin_head@"])
    approval = _open(session, "sponsor_head", unit_id=head.unit_id)
    (signer,) = _next(session, approval).signers
    assert signer == {"role": "admin_head", "unit": head.unit_id, "user": None, "why": None}


def _chosen(session: Session, *members: User) -> Challenge:
    """A challenge whose proposed bid has ``members``."""
    challenge = factories.challenge(session, state=ChallengeState.PROPOSED)
    bid = factories.bid(session, on=challenge, leader=factories.user(session), state=BidState.PROPOSED)
    factories.join(session, bid, *members)
    return challenge


def test_who_is_on_the_team_that_is_chosen_does_not_sign(session: Session) -> None:
    office = factories.user(session, roles=["office"])
    party = factories.user(session, roles=["hse"])
    challenge = _chosen(session, party)
    approval = _open(session, "functional", kind="select", challenge_id=challenge.id)
    signers = {one["role"]: one for one in _next(session, approval).signers}
    assert signers["hse"] == {"role": "hse", "unit": None, "user": office.id, "why": "party"}
    assert signers["finance"]["why"] == "vacant"
    texts = [one.text for one in notices.listing(session, office, unread=True)[0]]
    assert f"“职能会审”的安全环保应当回避，由揭榜挂帅办公室{office.name}代为签署。" in texts


def test_another_holder_signs_for_one_who_is_on_the_team(session: Session) -> None:
    party, other = (factories.user(session, roles=["hse"]) for _ in range(2))
    challenge = _chosen(session, party)
    approval = _open(session, "functional", kind="select", challenge_id=challenge.id)
    signers = {one["role"]: one for one in _next(session, approval).signers}
    assert signers["hse"] == {"role": "hse", "unit": None, "user": other.id, "why": None}


def test_the_team_of_a_project_does_not_sign_about_it(session: Session) -> None:
    member = factories.user(session)
    project = factories.project(session, members=[member])
    approval = _open(session, "dual", kind="reward", project_id=project.id)
    assert approvals.barred(session, approval) == {member.id, project.leader_id}


def test_one_of_the_team_does_not_sign_in_place_of_a_head(session: Session) -> None:
    _, head = _heads(session)
    project = factories.project(session)
    approval = _open(session, "dual", kind="reward", project_id=project.id)
    _next(session, approval)
    with pytest.raises(Forbidden, match=r"^您属于被审批的团队，应当回避，请转由他人签署。$"):
        _agree(session, approval, "admin_head", project.leader)  # their substitute, or by 转办
    assert not permissions.may_sign(project.leader, role="admin_head", subject=approval)
    _agree(session, approval, "admin_head", head)
    assert [one.user_id for one in approval.stages[0].signatures] == [head.id]


def test_the_team_signs_where_neither_another_holder_nor_an_office_is_left(session: Session) -> None:
    vice = factories.user(session, roles=["vice_head"])
    project = factories.project(session, leader=vice)
    approval = _open(session, "vice_head", kind="reward", project_id=project.id)
    assert _next(session, approval).signers == [
        {"role": "vice_head", "unit": None, "user": None, "why": "party"}
    ]
    _agree(session, approval, "vice_head", vice)
    assert approvals.end_stage(session, approval, is_agreed=True) == "agreed"


def test_an_approval_is_seen_by_who_signs_it_and_who_reads_all(session: Session) -> None:
    secretary, head = _heads(session)
    approval = _open(session, "dual")
    _next(session, approval)
    supervision, stranger = factories.user(session, roles=["supervision"]), factories.user(session)
    for one in (secretary, head, supervision):
        assert approvals.get(session, approval.id, actor=one) == approval
    for number in (approval.id, 999):
        with pytest.raises(NotFound, match=r"^没有找到这次审批。$"):
            approvals.get(session, number, actor=stranger)


def test_approvals_are_listed_to_who_signed_them(session: Session) -> None:
    secretary, head = _heads(session)
    first, second = (_open(session, "dual", subject=f"challenge:{n}") for n in (1, 2))
    _next(session, first)
    _agree(session, first, "party_secretary", secretary)
    office = factories.user(session, roles=["office"])
    assert approvals.listing(session, actor=secretary) == ([first], 1)
    assert approvals.listing(session, actor=head) == ([], 0)
    assert approvals.listing(session, actor=office) == ([second, first], 2)
    assert approvals.listing(session, actor=office, subject="challenge:2") == ([second], 1)
    assert approvals.listing(session, actor=office, kind="reward") == ([], 0)
    assert approvals.listing(session, actor=office, result="open", size=1, page=2) == ([first], 2)
    assert approvals.listing(session, actor=office, result="agreed") == ([], 0)
