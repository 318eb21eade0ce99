"""审批 played inside the publication of a challenge: its stages, its refusals, bad input."""

import datetime as dt

import pytest
from sqlalchemy import select

from tests import play
from tests.processes import cast as play_cast
from tests.processes import listing, signing
from tests.processes.cast import SMALL, Cast
from workflows import clock
from workflows.db import Database
from workflows.errors import Forbidden, Invalid, NotFound
from workflows.models import Approval, ApprovalStage, CollectiveDecision, Signature

# Stages


def test_the_stages_of_a_large_amount_are_asked_in_order(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast, **signing.LARGE)
    assert signing.asked(campaign, process) == [(role, f"role:{role}") for role in play_cast.FUNCTIONAL]
    signing.functional(campaign, cast, process)
    for role, by in (
        ("vice_head", cast.vice_head),
        ("party_committee", cast.party_committee),
        ("exec_meeting", cast.exec_meeting),
    ):
        assert signing.asked(campaign, process) == [(role, f"role:{role}")]
        signing.sign(campaign, process, role, by=by)
    assert signing.asked(campaign, process) == [
        ("party_secretary", "role:party_secretary"),
        ("admin_head", "role:admin_head"),
    ]
    signing.sign(campaign, process, "party_secretary", by=cast.secretary, opinion="政治上可行")
    signing.sign(campaign, process, "admin_head", by=cast.director, opinion="业务上可行")
    assert signing.stages(campaign) == [
        ("functional", "agreed"),
        ("vice_head", "agreed"),
        ("party_committee", "agreed"),
        ("exec_meeting", "agreed"),
        ("dual", "agreed"),
    ]
    with campaign.read() as session:
        approval = session.scalars(select(Approval)).one()
        assert (approval.kind, approval.result, approval.amount_fen) == ("publish", "agreed", 260_000_000)
        meeting = session.scalars(select(CollectiveDecision).order_by(CollectiveDecision.id)).first()
        assert meeting is not None
        assert (meeting.body, meeting.meeting_no, meeting.held_on, meeting.in_favour) == (
            "party_committee",
            "2026-21",
            dt.date(2026, 11, 20),
            7,
        )
        finance = session.scalars(select(Signature).where(Signature.role == "finance")).one()
        assert finance.facts == {"budget_ok": True, "reward_source": "科技专项", "attachments": []}
    assert play.incidents(campaign) == []


def test_the_stages_of_a_publication_have_five_working_days_together(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast, **signing.LARGE)

    def due_on() -> set[str]:
        with campaign.read() as session:
            asked = [one for one in play.all_items(session, process) if one.status == "open"]
            return {f"{clock.local(one.due_at):%m-%d}" for one in asked if one.due_at is not None}

    assert due_on() == {"11-26"}  # at the end of the second day after Monday the 23rd
    play.pass_time(days=2)
    signing.functional(campaign, cast, process)
    assert due_on() == {"11-28"}
    play.pass_time(days=2)
    signing.sign(campaign, process, "vice_head", by=cast.vice_head)
    assert due_on() == {"12-01"}  # one is left: Monday the 30th
    play.pass_time(days=10)
    signing.sign(campaign, process, "party_committee", by=cast.party_committee)
    assert due_on() == {"12-09"}  # none is left on Monday the 7th, and one is given


def test_what_is_largest_goes_to_the_superior(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast, budget_fen=301_000_000)
    play_cast.approve(campaign, process)
    assert signing.stages(campaign)[-1] == ("superior", "agreed")
    assert play.open_nodes(campaign, process) == []


def test_every_department_votes_before_a_refusal_returns_it(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast)
    signing.sign(campaign, process, "hse", by=cast.hse, decision="returned", opinion="缺安全措施")
    assert [role for role, _ in signing.asked(campaign, process)] == ["finance", "hr", "production"]
    for role in ("finance", "hr", "production"):
        signing.sign(campaign, process, role, by=getattr(cast, role))
    assert signing.stages(campaign) == [("functional", "returned"), ("vice_head", None), ("dual", None)]
    assert play.open_nodes(campaign, process) == ["revise"]


def test_one_rejection_among_returns_rejects(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast)
    for role, decision in (("finance", "returned"), ("hr", "rejected"), ("hse", "returned")):
        signing.sign(campaign, process, role, by=getattr(cast, role), decision=decision, opinion="不行")
    signing.sign(campaign, process, "production", by=cast.production)
    assert signing.stages(campaign)[0] == ("functional", "rejected")
    assert play.status(campaign, process) == "completed"


def test_one_side_of_a_joint_signature_ends_it(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast)
    signing.functional(campaign, cast, process)
    signing.sign(campaign, process, "vice_head", by=cast.vice_head)
    signing.sign(
        campaign, process, "party_secretary", by=cast.secretary, decision="rejected", opinion="方向不符"
    )
    assert signing.asked(campaign, process) == []
    assert signing.stages(campaign)[-1] == ("dual", "rejected")


def test_after_a_return_the_whole_route_is_signed_again(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast, **SMALL)
    signing.sign(campaign, process, "admin_head", by=cast.admin_lead, decision="returned", opinion="改标题")
    play.complete(campaign, "publish.revise", by=cast.office, **play_cast.posting(cast, **SMALL))
    signing.sign(campaign, process, "admin_head", by=cast.admin_lead)
    assert signing.stages(campaign) == [
        ("sponsor_head", "returned"),
        ("unit_dual", None),
        ("sponsor_head", "agreed"),
        ("unit_dual", None),
    ]


# 去重, 空审批人, 回避


def test_who_has_agreed_is_passed_over_in_later_stages(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast, **SMALL)
    unit = f"@{cast.sponsor_unit_id}"
    assert signing.asked(campaign, process) == [("admin_head", f"role:admin_head{unit}")]
    signing.sign(campaign, process, "admin_head", by=cast.admin_lead)
    assert signing.asked(campaign, process) == [("party_secretary", f"role:party_secretary{unit}")]
    signing.sign(campaign, process, "party_secretary", by=cast.party_lead)
    assert signing.signatures(campaign) == [
        ("admin_head", cast.admin_lead, "agreed", None),
        ("admin_head", cast.admin_lead, "agreed", 1),
        ("party_secretary", cast.party_lead, "agreed", None),
    ]


def test_a_stage_whose_signers_have_all_agreed_agrees_by_itself(campaign: Database, cast: Cast) -> None:
    signing.grant(campaign, cast.production, "vice_head")
    signing.ungrant(campaign, cast.vice_head, "vice_head")
    process = signing.begin(campaign, cast)
    signing.functional(campaign, cast, process)
    assert signing.stages(campaign)[1] == ("vice_head", "agreed")
    assert signing.signatures(campaign)[-1] == ("vice_head", cast.production, "agreed", 1)
    assert [role for role, _ in signing.asked(campaign, process)] == ["party_secretary", "admin_head"]


def test_the_office_signs_for_a_role_that_nobody_holds(campaign: Database, cast: Cast) -> None:
    signing.ungrant(campaign, cast.hr, "hr")
    process = signing.begin(campaign, cast)
    assert ("hr", f"user:{cast.office}") in signing.asked(campaign, process)
    assert "“职能会审”的人力资源无人担任，由揭榜挂帅办公室" in listing.notices_of(campaign, cast.office)[0]
    signing.sign(campaign, process, "hr", by=cast.office)
    with campaign.read() as session:
        stage = session.scalars(select(ApprovalStage).where(ApprovalStage.code == "functional")).one()
        assert stage.signers[1] == {"role": "hr", "unit": None, "user": cast.office, "why": "vacant"}
        assert stage.signatures[0].facts["pool_ok"] is True


def test_without_an_office_the_role_itself_is_asked(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast)
    for one, role in ((cast.vice_head, "vice_head"), (cast.office, "office")):
        signing.ungrant(campaign, one, role)
    signing.functional(campaign, cast, process)
    assert signing.asked(campaign, process) == [("vice_head", "role:vice_head")]


# Bad input


def test_a_refusal_needs_a_reason_and_a_signature_its_facts(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast)
    for changes, fields in (
        ({"decision": "returned"}, {"opinion": ["退回或否决时请写明理由。"]}),
        ({"budget_ok": False}, {"budget_ok": ["经费没有落实，不能同意；请退回或否决。"]}),
    ):
        with pytest.raises(Invalid) as refused:
            signing.sign(campaign, process, "finance", by=cast.finance, **changes)
        assert refused.value.fields == fields
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "approval.sign", by=cast.hr, decision="agreed")
    assert list(refused.value.fields) == ["pool_ok"]
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "approval.sign", by=cast.production, decision="maybe")
    assert list(refused.value.fields) == ["decision"]
    signing.sign(
        campaign, process, "finance", by=cast.finance, decision="rejected", opinion="没钱", budget_ok=False
    )
    assert signing.signatures(campaign) == [("finance", cast.finance, "rejected", None)]


def test_the_record_of_a_meeting_adds_up(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast, **signing.LARGE)
    signing.functional(campaign, cast, process)
    signing.sign(campaign, process, "vice_head", by=cast.vice_head)
    for changes, field in (
        ({"held_on": "2026-11-24"}, "held_on"),
        ({"present": 10}, "present"),
        ({"in_favour": 9}, "in_favour"),
        ({"present": 5, "in_favour": 5, "abstain": 0}, "present"),
        ({"in_favour": 4, "abstain": 4}, "in_favour"),
        ({"minutes": []}, "minutes"),
        ({"against": -1}, "against"),
    ):
        with pytest.raises(Invalid) as refused:
            signing.sign(campaign, process, "party_committee", by=cast.party_committee, **changes)
        assert list(refused.value.fields) == [field]
    against = {"decision": "rejected", "opinion": "不予立项", "in_favour": 2, "against": 6, "abstain": 0}
    signing.sign(campaign, process, "party_committee", by=cast.party_committee, **against)
    assert signing.stages(campaign)[2] == ("party_committee", "rejected")


def test_nobody_else_signs(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast)
    item = signing.item(campaign, process, "finance")
    for other in (cast.leader, cast.hr, cast.admin):
        with pytest.raises(NotFound):
            play.complete_item(campaign, item, by=other, **signing.AGREE)
    with pytest.raises(Forbidden):
        play.complete_item(campaign, item, by=cast.supervision, **signing.AGREE)
    assert signing.signatures(campaign) == []
