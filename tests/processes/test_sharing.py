"""转办, 委派, 加签, 减签, 催办, 抄送 and 代理, on the tasks of a bid."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import cast as acts
from tests.processes.cast import Cast
from workflows import clock, inboxes, sharing, tasks
from workflows.db import Database
from workflows.domain import challenges, notices, permissions, substitutes
from workflows.engine.tables import WorkItem
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Challenge, ChallengeState, User


@pytest.fixture
def bid(campaign: Database, cast: Cast) -> int:
    """The process of a bid that waits for both heads of the unit to sign."""
    with campaign.transaction() as session:
        challenge_id = factories.challenge(session, hard=True).id
    process = acts.begin_bid(campaign, challenge_id, leader=cast.leader)
    acts.write(campaign, cast, challenge_id, process)
    return process


@pytest.fixture
def opened_bid(campaign: Database, cast: Cast, bid: int) -> int:
    """The process of a bid that four departments review."""
    acts.sign(campaign, cast, bid)
    with campaign.transaction() as session:
        challenge = session.scalars(select(Challenge)).one()
        challenge.state = ChallengeState.BIDDING_CLOSED
        challenges.release_seal(session, challenge)
        challenge_id = challenge.id
    for name in ("MSG_BIDDING_CLOSED", "MSG_BIDS_OPENED"):
        play.send(campaign, name, key="challenge_id", challenge_id=challenge_id)
    return bid


def item(database: Database, process: int, role: str) -> int:
    """The id of the open or waiting item of ``role``."""
    with database.read() as session:
        return next(
            one.id
            for one in play.all_items(session, process)
            if one.role == role and one.status in ("open", "waiting")
        )


def share(database: Database, act: Callable[..., object], *args: Any, by: int, **values: Any) -> None:
    with database.transaction() as session:
        act(session, *args, actor=session.get_one(User, by), **values)


def box(database: Database, user_id: int, name: str = "todo") -> list[str]:
    with database.read() as session:
        return [
            row.step_title for row in inboxes.inbox(session, session.get_one(User, user_id), box=name).rows
        ]


def told(database: Database, user_id: int) -> list[str]:
    with database.read() as session:
        return [notice.text for notice in notices.recent(session, session.get_one(User, user_id))]


def last_act(database: Database, process: int) -> tuple[str, int | None, int | None, str]:
    entry = [one for one in play.history(database, process) if one.item_id is not None][-1]
    return entry.verb, entry.actor_id, entry.for_id, entry.reason


def substitute(database: Database, principal: int, other: int) -> None:
    with database.transaction() as session:
        today = clock.today()
        principal_ = session.get_one(User, principal)
        substitutes.appoint(
            session,
            principal_,
            substitute_id=other,
            from_day=today,
            to_day=today + dt.timedelta(days=5),
            reason="出差",
            actor=principal_,
        )


def test_a_review_is_handed_to_a_colleague_who_is_told(
    campaign: Database, cast: Cast, opened_bid: int
) -> None:
    review = item(campaign, opened_bid, "hr")
    share(campaign, sharing.transfer, review, cast.admin, by=cast.hr, reason="出差")
    assert (box(campaign, cast.hr), box(campaign, cast.admin)) == ([], ["资格复核"])
    assert last_act(campaign, opened_bid) == ("transfer", cast.hr, None, "出差")
    name = play.name_of(campaign, cast.hr)
    assert told(campaign, cast.admin)[0].startswith(f"{name}转办给您：资格复核（")
    with pytest.raises(NotFound):
        play.complete_item(campaign, review, by=cast.hr, passed=True)
    play.complete_item(campaign, review, by=cast.admin, passed=True)


def test_who_belongs_to_the_team_is_given_no_review_of_it(
    campaign: Database, cast: Cast, opened_bid: int
) -> None:
    review = item(campaign, opened_bid, "hr")
    barred = {"user_id": ["按回避要求，所选人员不能参与本任务，请另选他人。"]}
    for act, more in ((sharing.transfer, {}), (sharing.delegate, {}), (sharing.add_signer, {"before": True})):
        for person in (cast.leader, cast.members[0]):
            with pytest.raises(Invalid) as refused:
                share(campaign, act, review, person, by=cast.hr, reason="请办", **more)
            assert refused.value.fields == barred
    with pytest.raises(Invalid) as refused:
        share(campaign, sharing.copy, review, [cast.leader], by=cast.hr, note="")
    assert refused.value.fields == {"user_ids": barred["user_id"]}


def test_a_task_goes_to_nobody_unknown_and_not_to_oneself(campaign: Database, cast: Cast, bid: int) -> None:
    signature = item(campaign, bid, "admin_head")
    for person, text in ((10_000, "没有这个人员。"), (cast.admin_head, "不能选择自己。")):
        with pytest.raises(Invalid) as refused:
            share(campaign, sharing.transfer, signature, person, by=cast.admin_head, reason="请办")
        assert refused.value.fields == {"user_id": [text]}


def test_only_who_is_asked_hands_a_task_on(campaign: Database, cast: Cast, bid: int) -> None:
    signature = item(campaign, bid, "admin_head")
    with pytest.raises(Forbidden, match=r"^这个任务不是由您办理的。$"):
        share(campaign, sharing.transfer, signature, cast.admin, by=cast.leader, reason="请办")


def test_the_leaders_and_members_tasks_are_theirs_alone(campaign: Database, cast: Cast) -> None:
    with campaign.transaction() as session:
        challenge_id = factories.challenge(session).id
    process = acts.begin_bid(campaign, challenge_id, leader=cast.leader)
    forming = item(campaign, process, "leader")
    with pytest.raises(Conflict, match=r"^本任务须由挂帅人或团队成员本人办理，不能转办。$"):
        share(campaign, sharing.transfer, forming, cast.admin, by=cast.leader, reason="请办")
    rows = acts.team(cast.leader, *cast.members)
    play.complete(campaign, "bid.form_team", by=cast.leader, process=process, members=rows)
    joining = item(campaign, process, "member")
    with pytest.raises(Conflict, match=r"^本任务须由团队成员本人办理，不能加签。$"):
        share(
            campaign, sharing.add_signer, joining, cast.admin, before=True, by=cast.members[0], reason="请办"
        )


def test_a_delegate_gives_an_opinion_and_the_delegator_decides(
    campaign: Database, cast: Cast, opened_bid: int
) -> None:
    review = item(campaign, opened_bid, "hr")
    share(campaign, sharing.delegate, review, cast.admin, by=cast.hr, reason="请核人员在岗情况")
    with campaign.read() as session:
        asked = tasks.task(session, review, actor=session.get_one(User, cast.admin))
    assert sorted(asked.schema().fields) == ["attachments", "opinion"]
    with pytest.raises(Invalid) as refused:
        play.complete_item(campaign, review, by=cast.admin, opinion=" ")
    assert refused.value.fields == {"opinion": ["请填写内容。"]}
    play.complete_item(campaign, review, by=cast.admin, opinion="均在岗")
    assert last_act(campaign, opened_bid) == ("answer", cast.admin, None, "均在岗")
    assert (box(campaign, cast.admin), box(campaign, cast.hr)) == ([], ["资格复核"])
    play.complete_item(campaign, review, by=cast.hr, passed=True)


def test_a_signer_is_added_and_taken_out_by_who_added_them_or_the_office(
    campaign: Database, cast: Cast, opened_bid: int
) -> None:
    review = item(campaign, opened_bid, "hr")
    for remover in (cast.hr, cast.office):
        share(campaign, sharing.add_signer, review, cast.admin, before=False, by=cast.hr, reason="请会签")
        assert box(campaign, cast.admin) == ["资格复核"]
        with campaign.read() as session:
            asked = select(WorkItem.id).where(
                WorkItem.audience == f"user:{cast.admin}", WorkItem.status == "open"
            )
            added = session.scalars(asked).one()
        with pytest.raises(Forbidden, match=r"^只有加签人和办公室可以减签。$"):
            share(campaign, sharing.remove_signer, added, by=cast.hse, reason="不需要")
        share(campaign, sharing.remove_signer, added, by=remover, reason="不需要")
        assert last_act(campaign, opened_bid) == ("remove_signer", remover, None, "不需要")
        assert box(campaign, cast.admin) == []


def test_the_starter_urges_once_a_day(campaign: Database, cast: Cast, bid: int) -> None:
    signature = item(campaign, bid, "admin_head")
    with pytest.raises(NotFound):
        share(campaign, sharing.urge, signature, by=cast.hr, reason="")
    share(campaign, sharing.urge, signature, by=cast.leader, reason="临近截止")
    assert last_act(campaign, bid) == ("urge", cast.leader, None, "临近截止")
    assert told(campaign, cast.admin_head)[0].startswith("请尽快办理：")
    with pytest.raises(Conflict, match=r"^24 小时内已经催办过"):
        share(campaign, sharing.urge, signature, by=cast.office, reason="")
    play.complete_item(campaign, signature, by=cast.admin_head, agree=True)
    with pytest.raises(Conflict, match=r"无需再办。$"):
        share(campaign, sharing.urge, signature, by=cast.leader, reason="")


def test_who_only_reads_all_does_not_urge(campaign: Database, cast: Cast, bid: int) -> None:
    with pytest.raises(Forbidden, match=r"^只有发起人、参与办理的人员和办公室可以催办。$"):
        share(campaign, sharing.urge, item(campaign, bid, "admin_head"), by=cast.supervision, reason="")


def test_a_copy_lets_another_see_the_task_and_is_sent_once(campaign: Database, cast: Cast, bid: int) -> None:
    signature = item(campaign, bid, "admin_head")
    with pytest.raises(Forbidden, match=r"^只有办理人和办公室可以抄送。$"):
        share(campaign, sharing.copy, signature, [cast.hr], by=cast.leader, note="")
    for _ in range(2):
        share(campaign, sharing.copy, signature, [cast.hr, cast.hr], by=cast.admin_head, note="供了解")
    assert box(campaign, cast.hr, "copies") == ["所在单位党政意见"]
    assert len(told(campaign, cast.hr)) == 1
    with campaign.read() as session:
        seen = tasks.task(session, signature, actor=session.get_one(User, cast.hr))
    assert (seen.may_complete, seen.offers.is_any) == (False, False)
    with pytest.raises(Invalid) as refused:
        share(campaign, sharing.copy, signature, [], by=cast.admin_head, note="")
    assert refused.value.fields == {"user_ids": ["请选择 1 至 50 人。"]}


def test_a_substitute_signs_and_it_is_recorded_for_whom(campaign: Database, cast: Cast, bid: int) -> None:
    substitute(campaign, cast.admin_head, cast.admin)
    assert box(campaign, cast.admin) == ["所在单位党政意见"]
    signature = item(campaign, bid, "admin_head")
    play.complete_item(campaign, signature, by=cast.admin, agree=True)
    assert last_act(campaign, bid) == ("vote", cast.admin, cast.admin_head, "")
    with campaign.read() as session:
        done = session.get_one(WorkItem, signature)
        assert (done.done_by_id, done.done_for_id) == (cast.admin, cast.admin_head)


def test_nobody_signs_for_both_sides_by_substitution(campaign: Database, cast: Cast, bid: int) -> None:
    substitute(campaign, cast.admin_head, cast.party_secretary)
    first, second = item(campaign, bid, "admin_head"), item(campaign, bid, "party_secretary")
    play.complete_item(campaign, first, by=cast.party_secretary, agree=True)
    barred = r"^按回避与职责分离的要求，您不能代理这项任务，请由本人或其他人办理。$"
    with pytest.raises(Forbidden, match=barred):
        play.complete_item(campaign, second, by=cast.party_secretary, agree=True)


def test_a_substitute_who_is_on_the_team_does_not_review_it(
    campaign: Database, cast: Cast, opened_bid: int
) -> None:
    substitute(campaign, cast.hr, cast.members[1])
    with pytest.raises(Forbidden):
        play.complete_item(campaign, item(campaign, opened_bid, "hr"), by=cast.members[1], passed=True)


def test_duties_stay_apart_only_where_a_team_is_judged(campaign: Database, cast: Cast, bid: int) -> None:
    with campaign.read() as session:
        subject = tasks.task(
            session, item(campaign, bid, "admin_head"), actor=session.get_one(User, cast.leader)
        ).about
        leader, admin = session.get_one(User, cast.leader), session.get_one(User, cast.admin)
        assert [
            permissions.may_sign(one, role=role, subject=subject)
            for one, role in ((leader, "expert"), (leader, "party_secretary"), (admin, "expert"))
        ] == [False, True, True]
