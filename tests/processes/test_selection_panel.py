"""How a panel is drawn, who leaves it for a conflict of interest, and what it may know."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import selecting
from tests.processes.cast import Cast
from tests.processes.selecting import Selecting, begin
from workflows import clock, tasks
from workflows.db import Database
from workflows.domain import panels, papers, recusals
from workflows.domain import relations as register
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Challenge, ConflictRecord, Expert, Panel, PanelDraw, TeamMember, User


def relations(made: Selecting) -> list[tuple[str, str, str]]:
    """Relation, who found it, and what follows, of every record."""
    with made.database.read() as session:
        rows = session.scalars(select(ConflictRecord).order_by(ConflictRecord.id))
        return [(one.relation, one.found_by, one.action) for one in rows]


@pytest.mark.parametrize(("level", "size", "experts"), [("A", 9, 12), ("B", 7, 12), ("C", 5, 12)])
def test_the_level_gives_the_size_of_the_panel(
    campaign: Database, cast: Cast, level: str, size: int, experts: int
) -> None:
    made = begin(campaign, cast, level=level, experts=experts)
    assert len(selecting.seats(made)) == size
    with campaign.read() as session:
        (made_draw,) = session.scalars(select(PanelDraw))
        assert panels.redraw_from_seed(made_draw) == made_draw.drawn_ids == selecting.seats(made)


def test_conflict_of_interest_recusal_and_redraw(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.confirm_draw(made)
    before = selecting.seats(made)
    selecting.declare(made, **{f"u{before[1]}": "kin", f"u{before[2]}": "co_author"})
    after = selecting.seats(made)
    assert [new == old for new, old in zip(after, before, strict=True)] == [True, False, True, True, True]
    assert relations(made) == [("kin", "self", "recuse"), ("co_author", "self", "disclose")]
    assert play.open_nodes(campaign, made.process) == ["confirm_draw"] * 2
    selecting.confirm_draw(made)
    assert selecting.asked(made, "selection.declare") == [after[1]]  # the others have declared
    selecting.declare(made)
    assert play.open_nodes(campaign, made.process) == ["preview_papers"] * 5
    with campaign.read() as session:
        panel = session.scalars(select(Panel)).one()
        former = next(one for one in panel.members if one.user_id == before[1])
        assert (former.state, former.replaced_by_id) == ("replaced", after[1])
        assert former.recuse_reason == "配偶或直系亲属：本人申报"
        for one in panel.draws:
            assert panels.redraw_from_seed(one) == one.drawn_ids


def test_nobody_of_a_team_or_its_unit_or_of_a_joint_project_is_drawn(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, experts=8, opened=False)
    on_team, same_unit, mate = made.expert_ids[:3]
    with campaign.transaction() as session:
        bid, leader = selecting.bid(session, made, 0), selecting.leaders(made)[1]
        bid.members.append(TeamMember(seq=2, user_id=on_team, role="core", workload_pct=20))
        session.get_one(User, same_unit).unit_id = bid.unit_id
        factories.project(
            session, leader=session.get_one(User, leader), members=[session.get_one(User, mate)]
        )
    selecting.open_bids(made)
    assert sorted(selecting.seats(made)) == sorted(made.expert_ids[3:])
    assert relations(made) == [
        ("same_team", "auto", "recuse"),
        ("same_unit", "auto", "recuse"),
        ("joint_project", "auto", "recuse"),
    ]


def test_recorded_relations_are_found_when_the_panel_is_drawn(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, experts=7, opened=False)
    kin, mentor, author = made.expert_ids[:3]
    days: dict[str, Any] = {"from_day": dt.date(2026, 1, 1), "until_day": None, "source": "人事档案"}
    with campaign.transaction() as session:
        hr, leader = session.get_one(User, cast.hr), selecting.leaders(made)[0]
        for expert, kind in ((kin, "kin"), (mentor, "mentor"), (author, "co_author")):
            register.add(session, user_id=expert, other_id=leader, kind=kind, actor=hr, **days)
    selecting.open_bids(made)
    assert sorted(selecting.seats(made)) == sorted(made.expert_ids[2:])  # who wrote a paper with them may sit
    assert relations(made) == [
        ("kin", "auto", "recuse"),
        ("mentor", "auto", "recuse"),
        ("co_author", "auto", "disclose"),
    ]


def test_units_below_the_same_second_level_unit_count_as_one(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, experts=6, opened=False)
    with campaign.transaction() as session:
        plant, second = factories.unit(session), factories.unit(session)
        second.parent_id = plant.id
        for user_id in (made.expert_ids[0], selecting.leaders(made)[0]):
            team = factories.unit(session)
            team.parent_id = second.id
            session.get_one(User, user_id).unit_id = team.id
        bid = selecting.bid(session, made, 0)
        bid.unit_id = session.get_one(User, bid.leader_id).unit_id
    selecting.open_bids(made)
    assert sorted(selecting.seats(made)) == sorted(made.expert_ids[1:])


def test_a_project_that_ended_long_ago_is_no_conflict(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, experts=5, opened=False)
    with campaign.transaction() as session:
        mate = session.get_one(User, made.expert_ids[0])
        ended = factories.project(
            session, leader=session.get_one(User, selecting.leaders(made)[0]), members=[mate]
        )
        ended.ended_on = dt.date(2023, 11, 22)  # 36 months before 2026-11-23 is the 23rd
    selecting.open_bids(made)
    assert sorted(selecting.seats(made)) == sorted(made.expert_ids)


def test_pool_enlarged(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, experts=4)
    assert play.open_nodes(campaign, made.process) == ["enlarge_pool"]
    with campaign.transaction() as session:
        new_id = factories.user(session).id
    for rows, problem in (
        ([{"user_id": made.expert_ids[0]}], "这个人已在专家库中。"),
        ([{"user_id": 9999}], "没有这个人员。"),
        ([{"user_id": new_id}, {"user_id": new_id}], "这个人已经列出。"),
    ):
        with pytest.raises(Invalid) as refused:
            selecting.act(made, "enlarge_pool", cast.office, experts=rows)
        assert list(refused.value.fields.values()) == [[problem]]
    selecting.act(made, "enlarge_pool", cast.office, experts=[{"user_id": new_id, "fields": ["冻堵"]}])
    assert sorted(selecting.seats(made)) == sorted([*made.expert_ids, new_id])
    selecting.seat_panel(made)
    assert play.open_nodes(campaign, made.process) == ["preview_papers"] * 5


def test_after_too_many_recusals_the_office_enlarges_the_pool(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, experts=12)
    for _ in range(3):
        selecting.confirm_draw(made)
        selecting.declare(made, **{f"u{selecting.asked(made, 'selection.declare')[0]}": "economic"})
        assert set(play.open_nodes(campaign, made.process)) == {"confirm_draw"}
    selecting.confirm_draw(made)
    selecting.declare(made, **{f"u{selecting.asked(made, 'selection.declare')[0]}": "economic"})
    assert play.open_nodes(campaign, made.process) == ["enlarge_pool"]


def test_who_is_barred_is_not_drawn(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, experts=7, opened=False)
    with campaign.transaction() as session:
        for place, day in enumerate((clock.today(), clock.today() - dt.timedelta(days=1))):
            session.get_one(Expert, made.expert_ids[place]).barred_until = day
        session.get_one(User, made.expert_ids[2]).is_active = False
    selecting.open_bids(made)
    assert sorted(selecting.seats(made)) == sorted([made.expert_ids[1], *made.expert_ids[3:]])


def test_specialists_are_experts_in_one_of_the_fields(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, experts=9, opened=False)
    with campaign.transaction() as session:
        session.get_one(Challenge, made.challenge_id).fields = ["冻堵", "集输"]
        for user_id in made.expert_ids[4:]:
            session.get_one(Expert, user_id).fields = ["财务"]
    selecting.open_bids(made)
    assert set(made.expert_ids[:4]) < set(selecting.seats(made))  # four of five are specialists


def test_level_a_has_two_from_outside_the_sponsor(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, level="A", experts=12, opened=False)
    with campaign.transaction() as session:
        for user_id in made.expert_ids[2:]:
            session.get_one(User, user_id).unit_id = cast.sponsor_unit_id
    selecting.open_bids(made)
    assert set(made.expert_ids[:2]) < set(selecting.seats(made))


def test_a_declaration_names_every_bid_once(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.confirm_draw(made)
    expert = selecting.asked(made, "selection.declare")[0]
    first, second = made.bid_ids
    for rows, fields in (
        ([{"bid_id": first}], {"rows": ["请对每一份申报逐一申报。"]}),
        (
            [{"bid_id": first}, {"bid_id": first}, {"bid_id": second}],
            {"rows.1.bid_id": ["这份申报已经列出。"]},
        ),
        (
            [{"bid_id": first, "conflict": True}, {"bid_id": second}],
            {"rows.0.kind": ["请选择需要回避的关系。"]},
        ),
    ):
        with pytest.raises(Invalid) as refused:
            selecting.act(made, "declare", expert, rows=rows)
        assert refused.value.fields == fields


def test_an_expert_cannot_let_somebody_else_judge(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.seat_panel(made)
    with campaign.transaction() as session:
        panel = session.scalars(select(Panel)).one()
        stranger = factories.user(session)
        with pytest.raises(Forbidden, match=r"^只有本评审组的专家本人可以办理，不能由他人代办。$"):
            recusals.seat_of(panel, stranger)


def test_who_sits_in_it_is_known_on_the_day_of_the_defence(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.seat_panel(made)
    with campaign.transaction() as session:
        panel_id, teamster = session.scalars(select(Panel.id)).one(), selecting.leaders(made)[0]
    expert = selecting.seats(made)[0]

    def sees(user_id: int) -> bool:
        with campaign.read() as session:
            try:
                panels.get(session, panel_id, actor=session.get_one(User, user_id))
            except NotFound:
                return False
            return True

    everybody = (cast.office, cast.supervision, teamster, expert, cast.party_lead)
    assert [sees(one) for one in everybody] == [True, True, False, False, False]
    selecting.preview(made)
    assert sees(teamster) is False
    play.wait_until(campaign, dt.datetime(2026, 11, 24, 8, tzinfo=clock.PLANT_ZONE))
    assert [sees(one) for one in everybody] == [True] * 5


def test_until_the_defence_a_bid_is_read_without_names(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, teams=3)
    selecting.seat_panel(made)
    with campaign.read() as session:
        panel = session.scalars(select(Panel)).one()
        read = papers.anonymous(session, panel)
        assert [one.label for one in read.papers] == ["A", "B", "C"]
        assert {one.bid for one in read.papers} == {None}
        texts = sorted(one.texts["tech_route"] for one in read.papers)
        assert texts == [f"××提出第{place}条路线，由××实施。" for place in (1, 2, 3)]
        shown = papers.named(session, panel)
        assert {one.bid.id for one in shown.papers if one.bid is not None} == set(made.bid_ids)
        assert "××" not in "".join(one.texts["tech_route"] for one in shown.papers)


def test_a_declaration_is_made_once(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.confirm_draw(made)
    expert = selecting.asked(made, "selection.declare")[0]
    rows = [{"bid_id": one} for one in made.bid_ids]
    selecting.act(made, "declare", expert, rows=rows)
    with campaign.transaction() as session:
        panel, actor = session.scalars(select(Panel)).one(), session.get_one(User, expert)
        with pytest.raises(Conflict):
            recusals.declare(session, panel, rows=rows, bid_ids=set(made.bid_ids), actor=actor, at=None)


def test_the_timeline_names_the_experts_and_their_words_to_those_who_read_all_only(
    campaign: Database, cast: Cast
) -> None:
    made = begin(campaign, cast)
    selecting.seat_panel(made)
    first, second = selecting.asked(made, "selection.preview")[:2]
    rows = [{"label": one, "text": "可行"} for one in ("A", "B")]
    selecting.act(made, "preview", first, rows=rows, opinion="思路清楚")
    with campaign.read() as session:
        items = play.all_items(session, made.process)
        (of_first, of_second) = (
            next(
                one.id
                for one in items
                if (one.step, one.audience) == ("selection.preview", f"user:{user_id}")
            )
            for user_id in (first, second)
        )

        def told(item_id: int, reader: int) -> tuple[str | None, str]:
            shown = tasks.task(session, item_id, actor=session.get_one(User, reader))
            return next((row.who, row.reason) for row in reversed(shown.timeline) if row.verb == "表态")

        name = session.get_one(User, first).name
        assert told(of_second, second) == ("（保密）", "")
        assert told(of_first, first) == (name, "思路清楚")
        assert told(of_second, cast.supervision) == (name, "思路清楚")
