"""离岗交接: all that hangs on one person goes to others in one act, except where duty forbids."""

from collections.abc import Mapping

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import cast as acts
from tests.processes.cast import Cast
from workflows import clock, inboxes, leavers, sharing
from workflows.db import Database
from workflows.domain import action_items, notices
from workflows.engine.tables import HistoryEntry
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import AdminEntry, ChallengeState, Post, PostHolding, RoleGrant, User


@pytest.fixture
def admin(campaign: Database) -> int:
    with campaign.transaction() as session:
        return factories.user(session, name="管运维", roles=["admin"]).id


@pytest.fixture
def heir(campaign: Database) -> int:
    with campaign.transaction() as session:
        return factories.user(session, name="接班人").id


def hand_over(
    database: Database, user_id: int, to: Mapping[str, int], *, by: int, reason: str = "退休"
) -> int:
    with database.transaction() as session:
        return leavers.hand_over(session, user_id, to, reason=reason, actor=session.get_one(User, by))


def keys(database: Database, user_id: int, *, by: int) -> dict[str, str]:
    """What there is to hand over, with why it cannot be."""
    with database.read() as session:
        found = leavers.leaver(session, user_id, actor=session.get_one(User, by))
        return {one.key: one.refusal for one in found.things}


def given_by_name(database: Database, cast: Cast) -> int:
    """A task that a department asks the vice head in person: its id."""
    with database.transaction() as session:
        challenge_id = factories.challenge(session, hard=True).id
    process = acts.begin_bid(database, challenge_id, leader=cast.leader)
    acts.write(database, cast, challenge_id, process)
    with database.transaction() as session:
        head = session.get_one(User, cast.admin_head)
        item = next(one for one in play.all_items(session, process) if one.role == "admin_head")
        sharing.transfer(session, item.id, cast.vice_head, actor=head, reason="出差")
        return item.id


def test_tasks_roles_posts_and_challenges_go_to_others_in_one_act(
    campaign: Database, cast: Cast, admin: int, heir: int
) -> None:
    item_id = given_by_name(campaign, cast)
    with campaign.transaction() as session:
        vice = session.get_one(User, cast.vice_head)
        post = Post(code="P1", unit_id=vice.unit_id, name="副厂长")
        session.add(post)
        session.flush()
        session.add(PostHolding(post_id=post.id, user_id=vice.id))
        project = factories.project(session)
        project.party_lead_id = project.challenge.party_lead_id = vice.id
        lead = f"party_lead-{project.challenge_id}"
        grants = [f"role-{one.id}" for one in vice.grants]
        project_id, post_key = project.id, f"post-{post.id}"
    expected = {f"item-{item_id}": "", **dict.fromkeys(grants, ""), post_key: "", lead: ""}
    assert keys(campaign, cast.vice_head, by=admin) == expected
    assert hand_over(campaign, cast.vice_head, dict.fromkeys(expected, heir), by=admin) == len(expected)

    assert keys(campaign, cast.vice_head, by=admin) == {}
    with campaign.read() as session:
        person = session.get_one(User, heir)
        assert [row.id for row in inboxes.inbox(session, person).rows] == [item_id]
        assert {one.role for one in person.grants} == {"vice_head"}
        assert session.get(PostHolding, (1, heir)) is not None
        assert session.get_one(type(project), project_id).party_lead_id == heir
        told = [one.text for one in notices.recent(session, person)]
        assert told == [f"{session.get_one(User, cast.vice_head).name}的 {len(expected)} 项工作已交接给您。"]
        last = session.scalars(select(HistoryEntry).where(HistoryEntry.verb == "transfer")).all()[-1]
        assert (last.actor_id, last.reason) == (admin, "退休")
        entry = session.scalars(select(AdminEntry).where(AdminEntry.verb == "handover")).one()
        assert (entry.user_id, entry.reason, len(entry.after["handed"])) == (
            cast.vice_head,
            "退休",
            len(expected),
        )


def test_duties_stay_apart_and_then_nothing_is_handed_over(
    campaign: Database, cast: Cast, admin: int, heir: int
) -> None:
    item_id = given_by_name(campaign, cast)
    with campaign.transaction() as session:
        challenge = factories.challenge(session, state=ChallengeState.EXECUTING)
        challenge.admin_lead_id = cast.vice_head
        project = factories.project(session, on=challenge, leader=session.get_one(User, heir))
        lead, party = f"admin_lead-{project.challenge_id}", challenge.party_lead_id
        role = f"role-{session.get_one(User, cast.vice_head).grants[0].id}"
        session.add(RoleGrant(user_id=cast.supervision, role="finance"))
        supervisor = cast.supervision
    task = f"item-{item_id}"
    with pytest.raises(Invalid) as refused:
        hand_over(campaign, cast.vice_head, {task: cast.admin_head, lead: heir, role: admin}, by=admin)
    assert {key: texts[0][:12] for key, texts in refused.value.fields.items()} == {
        f"to.{lead}": "所选人员是攻关团队成员，",
        f"to.{role}": "不能把角色交接给自己，也",
    }
    with pytest.raises(Invalid, match="改正"):
        hand_over(campaign, cast.vice_head, {lead: party}, by=admin)
    with pytest.raises(Invalid, match="改正"):
        hand_over(campaign, cast.vice_head, {role: supervisor}, by=admin)
    assert set(keys(campaign, cast.vice_head, by=admin)) >= {task, lead, role}


@pytest.mark.parametrize(
    ("to", "reason", "field"),
    [({}, "退休", "default"), ({"item-1": 1}, "退休", "to.item-1"), ({}, " ", "reason")],
)
def test_what_is_not_there_or_not_said_is_refused(
    campaign: Database, cast: Cast, admin: int, to: dict[str, int], reason: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        hand_over(campaign, cast.vice_head, to, by=admin, reason=reason)
    assert list(refused.value.fields) == [field]


def test_a_leader_has_to_be_changed_before_the_account_ends(
    campaign: Database, cast: Cast, admin: int, heir: int
) -> None:
    item_id = given_by_name(campaign, cast)
    with campaign.transaction() as session:
        factories.project(session, leader=session.get_one(User, cast.leader))

    def deactivate(user_id: int) -> None:
        with campaign.transaction() as session:
            leavers.deactivate(session, user_id, reason="退休", actor=session.get_one(User, admin))

    with pytest.raises(Conflict, match="请先办理换帅"):
        deactivate(cast.leader)
    with pytest.raises(Conflict, match="1 项待办没有交接"):
        deactivate(cast.vice_head)
    hand_over(campaign, cast.vice_head, {f"item-{item_id}": heir}, by=admin)
    deactivate(cast.vice_head)
    with campaign.read() as session:
        assert not session.get_one(User, cast.vice_head).is_active


def test_an_action_item_asks_its_new_owner(campaign: Database, cast: Cast, admin: int, heir: int) -> None:
    with campaign.transaction() as session:
        office = session.get_one(User, cast.office)
        values = {"what": "补充保温", "owner_id": cast.hse, "due_on": clock.today()}
        item = action_items.order(session, {**values, "project_id": None, "problem_id": None}, actor=office)
        item_id = item.id
    assert keys(campaign, cast.hse, by=admin)[f"action_item-{item_id}"] == ""
    hand_over(campaign, cast.hse, {f"action_item-{item_id}": heir}, by=admin)
    with campaign.read() as session:
        assert session.get_one(type(item), item_id).owner_id == heir


def test_hr_hands_over_all_but_roles_and_others_nothing(
    campaign: Database, cast: Cast, admin: int, heir: int
) -> None:
    refusals = keys(campaign, cast.vice_head, by=cast.hr)
    assert set(refusals.values()) == {"角色须由系统管理员交接。"}
    with pytest.raises(Forbidden):
        keys(campaign, cast.vice_head, by=cast.office)
    with pytest.raises(NotFound):
        keys(campaign, 999, by=admin)
