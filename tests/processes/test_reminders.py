"""Whom table D15 has told of a task that nobody does."""

import datetime as dt

from sqlalchemy import select

from tests import factories, play
from tests.processes import listing, selecting
from tests.processes.cast import Cast
from workflows import clock
from workflows.db import Database
from workflows.engine.tables import WorkItem
from workflows.models import RoleGrant, User
from workflows.steps.reminders import remind_at

PROBLEM = {"title": "井口冬季冻堵", "category": "生产所需", "scene": "夜间冻堵。"}
LATE, SOON = "已逾期：{}（{}）", "即将到期：{}（{}）"


def _at_the_end_of(campaign: Database, *day: int) -> None:
    play.wait_until(campaign, clock.end_of(dt.date(*day)))


def test_a_problem_nobody_triages_reaches_both_heads_on_the_fifth_working_day(
    campaign: Database, cast: Cast
) -> None:
    with campaign.transaction() as session:
        home = session.get_one(User, cast.leader).unit
        sponsor = factories.user(session, of=home, roles=["sponsor@"]).id
    process = play.start(campaign, "intake", by=cast.leader, **PROBLEM).process_id
    with campaign.read() as session:
        due_at = session.scalars(select(WorkItem.due_at).where(WorkItem.process_id == process)).one()
        assert due_at == clock.end_of(dt.date(2026, 11, 30))
    soon, late = SOON.format("点题", PROBLEM["title"]), LATE.format("点题", PROBLEM["title"])
    _at_the_end_of(campaign, 2026, 11, 25)
    assert listing.notices_of(campaign, sponsor) == []
    _at_the_end_of(campaign, 2026, 11, 26)
    assert listing.notices_of(campaign, sponsor) == [soon]
    _at_the_end_of(campaign, 2026, 11, 30)
    assert listing.notices_of(campaign, sponsor)[0] == late
    with campaign.read() as session:
        asked = session.get_one(User, sponsor)
        named = f"{late}，办理人：{asked.name} {asked.unit.name}"
    for one in (cast.party_secretary, cast.admin_head):
        assert listing.notices_of(campaign, one)[0] == named


def test_what_stays_undone_reaches_the_vice_head_then_both_heads_then_the_office(
    campaign: Database, cast: Cast
) -> None:
    with campaign.transaction() as session:
        session.add(RoleGrant(user_id=cast.members[0], role="vice_head", unit_id=cast.unit_id))
        sponsor = factories.user(session, of=session.get_one(User, cast.leader).unit, roles=["sponsor@"]).id
    process = play.start(campaign, "intake", by=cast.leader, **PROBLEM).process_id
    play.complete(
        campaign, "intake.triage", by=sponsor, process=process, action="decline", opinion="已列计划"
    )
    late = LATE.format("答复出题人", PROBLEM["title"])

    def told() -> list[int]:
        """How often each of vice head of the unit and of the plant, head and office was told."""
        people = (cast.members[0], cast.vice_head, cast.party_secretary, cast.office)
        return [len(listing.notices_of(campaign, one)) for one in people]

    _at_the_end_of(campaign, 2026, 11, 30)
    assert told() == [0, 0, 0, 0]
    _at_the_end_of(campaign, 2026, 12, 1)
    assert told() == [1, 1, 0, 0]
    with campaign.read() as session:
        asked = session.get_one(User, sponsor)
        named = f"，办理人：{asked.name} {asked.unit.name}"
    assert listing.notices_of(campaign, cast.vice_head) == [late + named]
    _at_the_end_of(campaign, 2026, 12, 3)
    assert told() == [1, 1, 1, 0]
    _at_the_end_of(campaign, 2026, 12, 7)
    assert told() == [1, 1, 2, 1]
    last = "逾期已久，请代理人办理或改派他人：答复出题人（井口冬季冻堵）"
    assert listing.notices_of(campaign, cast.office) == [last + named]
    assert listing.notices_of(campaign, sponsor)[0] == last


def test_who_is_late_with_a_blind_review_is_told_to_the_office_alone(campaign: Database, cast: Cast) -> None:
    made = selecting.begin(campaign, cast)
    selecting.confirm_draw(made)
    with campaign.transaction() as session:
        experts = selecting.asked(made, "selection.declare")
        seated = [session.get_one(User, one) for one in experts]
        for expert in seated:
            for role in ("party_secretary@", "admin_head@", "vice_head@"):
                factories.user(session, of=expert.unit, roles=[role])
        heads = list(
            session.scalars(
                select(RoleGrant.user_id).where(RoleGrant.unit_id.in_([one.unit_id for one in seated]))
            )
        )
        wanted = sorted(f"，办理人：{one.name} {one.unit.name}" for one in seated)
        due_at = session.scalars(select(WorkItem.due_at).where(WorkItem.step == "selection.declare")).first()
        assert due_at is not None
        urged = remind_at(session, due_at, 1)
        assigned = remind_at(session, due_at, 5)
    play.wait_until(campaign, urged)
    late = LATE.format("回避申报", "降低冬季冻堵次数")
    assert listing.notices_of(campaign, cast.vice_head) == [late]
    assert _of_declaring(campaign, cast.office) == []
    play.wait_until(campaign, assigned)
    last = "逾期已久，请代理人办理或改派他人：回避申报（降低冬季冻堵次数）"
    named = [late + one for one in wanted] + [last + one for one in wanted]
    assert sorted(_of_declaring(campaign, cast.office)) == sorted(named)
    assert [one for head in heads for one in listing.notices_of(campaign, head)] == []
    assert listing.notices_of(campaign, cast.vice_head) == [late]
    assert [listing.notices_of(campaign, one)[0] for one in experts] == [last] * len(experts)


def _of_declaring(campaign: Database, user_id: int) -> list[str]:
    return [one for one in listing.notices_of(campaign, user_id) if "回避申报" in one]
