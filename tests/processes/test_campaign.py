"""A campaign year played from its plan to its end, with its batches and its monthly meetings."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import cast as play_cast
from tests.processes.cast import Cast
from workflows import batch_dates, calendar, clock, work
from workflows.db import Database
from workflows.domain import batch_plans, campaigns, year_figures
from workflows.engine.tables import Message, Process
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import (
    ActionItem,
    AdminEntry,
    Batch,
    BenefitAudit,
    CampaignYear,
    Challenge,
    Meeting,
    MonthlyPack,
    Notice,
    PayoutBatch,
    Problem,
    Project,
    ProjectState,
    RewardCase,
    User,
    VetoEvent,
    VetoState,
)

PLAN: dict[str, Any] = {
    "year": 2027,
    "theme": "融合提升年",
    "emphasis": [{"aim": "保供", "weight": 60}, {"aim": "降本", "weight": 40}],
    "pool_fen": 300_000_000,
    "batches": [
        {
            "intake_from": "2027-01-11",
            "intake_to": "2027-02-05",
            "bid_from": "2027-03-01",
            "bid_to": "2027-03-31",
        },
        {"intake_from": "2027-06-01", "intake_to": "2027-06-30"},
    ],
}
NEW_YEAR = clock.end_of(dt.date(2027, 12, 31))


def _plan(campaign: Database, cast: Cast, **changes: Any) -> int:
    return play.start(campaign, "campaign", by=cast.office, **{**PLAN, **changes}).process_id


def _sign(campaign: Database, process: int, **first: Any) -> None:
    """Let everybody who is asked agree until the approval has ended; ``first`` changes the first signature."""
    while signing := play_cast.signing(campaign, process):
        item_id, role, user_id = signing[0]
        with campaign.transaction() as session:
            values = play_cast.signature(session, role, uploader=user_id, **first)
            work.complete(session, item_id, values, actor=session.get_one(User, user_id))
        first = {}


def _opened(campaign: Database, cast: Cast, **changes: Any) -> int:
    """A year that is approved; the id of its process."""
    process = _plan(campaign, cast, **changes)
    _sign(campaign, process)
    play.settle(campaign)
    return process


def _year(campaign: Database) -> CampaignYear:
    with campaign.read() as session:
        return session.scalars(select(CampaignYear)).one()


def _batches(campaign: Database) -> list[str]:
    with campaign.read() as session:
        return list(session.scalars(select(Batch.state).order_by(Batch.no)))


def _meetings(campaign: Database) -> list[tuple[str, dt.date]]:
    with campaign.read() as session:
        rows = session.scalars(select(Meeting).order_by(Meeting.id))
        return [(one.kind, clock.local(one.opened_at).date()) for one in rows]


def test_a_year_runs_from_its_plan_to_its_end(campaign: Database, cast: Cast) -> None:
    process = _plan(campaign, cast)
    assert _year(campaign).state == "draft"
    _sign(campaign, process)
    play.settle(campaign)
    assert _year(campaign).state == "open"
    play.wait_until(campaign, NEW_YEAR - dt.timedelta(seconds=1))
    assert _year(campaign).state == "open"
    play.wait_until(campaign, NEW_YEAR)
    assert (_year(campaign).state, play.open_nodes(campaign, process)) == ("reviewing", ["review_year"])
    play.complete(campaign, "campaign.review", by=cast.office, process=process, summary="成效明显。")
    play.settle(campaign)
    closed = _year(campaign)
    assert (closed.state, play.status(campaign, process)) == ("closed", "completed")
    assert closed.summary is not None
    assert (closed.summary["text"], closed.summary["totals"]["posted"]) == ("成效明显。", 0)
    assert _meetings(campaign)[-1] == ("exchange", dt.date(2028, 1, 1))
    assert play.incidents(campaign) == []


def test_a_meeting_is_called_each_month_with_its_pack(campaign: Database, cast: Cast) -> None:
    process = _opened(campaign, cast)
    first = clock.start_of(dt.date(2027, 1, 5))
    assert play.timers(campaign, process) == [("monthly_day", first)]
    play.wait_until(campaign, first)
    assert play.timers(campaign, process) == [("monthly_day", clock.start_of(dt.date(2027, 1, 15)))]
    for month in range(2, 13):
        play.wait_until(campaign, clock.start_of(dt.date(2027, month, 28)))
    held = _meetings(campaign)
    assert [kind for kind, _ in held] == ["monthly"] * 12
    with campaign.read() as session:
        packs = session.scalars(select(MonthlyPack).order_by(MonthlyPack.month)).all()
        assert [one.month for one in packs] == [dt.date(2027, month, 1) for month in range(1, 13)]
        chairs = session.scalars(select(Meeting).order_by(Meeting.id)).first()
        assert chairs is not None
        assert [one.is_chair for one in chairs.people] == [True, True]
    play.wait_until(campaign, clock.start_of(dt.date(2027, 12, 31)))
    assert play.timers(campaign, process) == [("year_over", NEW_YEAR)]
    assert play.incidents(campaign) == []


def test_a_meeting_day_that_is_free_moves_to_the_next_working_day(campaign: Database, cast: Cast) -> None:
    with campaign.transaction() as session:
        calendar.declare(session, dt.date(2027, 1, 5), is_workday=False, reason="停产检修")
        calendar.declare(session, dt.date(2027, 1, 6), is_workday=True, reason="停产检修")
    process = _opened(campaign, cast)
    assert play.timers(campaign, process) == [("monthly_day", clock.start_of(dt.date(2027, 1, 6)))]


def test_a_pack_tells_what_is_late_red_open_paid_and_vetoed(campaign: Database, cast: Cast) -> None:
    _opened(campaign, cast)
    clock.move_to(clock.start_of(dt.date(2027, 3, 8)))
    with campaign.transaction() as session:
        leader = session.get_one(User, cast.leader)
        project = factories.project(session, leader=leader, due=[dt.date(2027, 3, 1), dt.date(2027, 9, 1)])
        project.rag = "red"
        project.milestones[0].name = "设计"
        session.add(
            ActionItem(what="补齐预案", owner_id=cast.leader, due_on=dt.date(2027, 3, 2), state="open")
        )
        _paid(session, project, fen=1_200_000)
        vetoed = VetoEvent(clause="V06", unit_id=cast.unit_id, facts="一般事故", state=VetoState.CONFIRMED)
        vetoed.effective_on, vetoed.proposed_by_id = dt.date(2027, 2, 1), cast.hse
        vetoed.proposed_at = clock.now()
        session.add(vetoed)
        session.flush()
        title, unit, name = project.challenge.title, leader.unit.name, leader.name
        project_id, item_id = project.id, session.scalars(select(ActionItem.id)).one()
    with campaign.transaction() as session:
        figures = year_figures.of_month(session, session.scalars(select(CampaignYear)).one())
    assert figures == {
        "funnel": {"raised": 0, "reported": 0, "posted": 1, "bids": 0, "projects": 1, "accepted": 0},
        "late_nodes": [
            {
                "project_id": project_id,
                "title": title,
                "node": "设计",
                "due_on": "2027-03-01",
                "days_late": 7,
            }
        ],
        "red_lights": [{"project_id": project_id, "title": title, "leader": name}],
        "open_items": [{"id": item_id, "what": "补齐预案", "owner": name, "due_on": "2027-03-02"}],
        "paid_fen": 1_200_000,
        "vetoes": [{"clause": "V06", "of": unit, "effective_on": "2027-02-01"}],
    }


def _paid(session: Any, project: Project, *, fen: int) -> None:
    case = RewardCase(project=project, opened_at=clock.now())
    case.payouts = [
        PayoutBatch(kind="acceptance", amount_fen=fen, made_at=clock.now(), paid_at=clock.now()),
        PayoutBatch(kind="acceptance", amount_fen=999, made_at=clock.now()),  # not paid yet
    ]
    session.add(case)
    session.flush()


def test_the_summary_counts_by_category_and_unit_and_compares(campaign: Database, cast: Cast) -> None:
    _opened(campaign, cast)
    clock.move_to(clock.start_of(dt.date(2027, 8, 2)))
    with campaign.transaction() as session:
        year = session.scalars(select(CampaignYear)).one()
        past = CampaignYear(year=2026, theme="融合年", pool_fen=0, emphasis={}, state="closed")
        past.summary = {
            "totals": {"posted": 2, "taken_up": 1, "accepted": 1, "benefit_fen": 5, "paid_fen": 3}
        }
        leader = session.get_one(User, cast.leader)
        done = factories.project(session, leader=leader, state=ProjectState.ACCEPTED)
        done.challenge.published_at = clock.start_of(dt.date(2026, 12, 30))  # by its batch of this year
        done.challenge.batch_id = year.batches[0].id
        waiting = factories.challenge(session)  # published today, without a batch
        waiting.category = "市场所急"
        older = factories.challenge(session)
        older.published_at = clock.start_of(dt.date(2026, 12, 30))
        audits = [BenefitAudit(project=done, net_benefit_fen=fen) for fen in (1, 250_000_000)]
        session.add_all([past, *audits])
        _paid(session, done, fen=4_500_000)
        unit = leader.unit.name
        sponsors = sorted((done.challenge.sponsor_unit.name, waiting.sponsor_unit.name))
    with campaign.read() as session:
        year = session.scalars(select(CampaignYear).where(CampaignYear.year == 2027)).one()
        figures = year_figures.of_year(session, year)
        text = year_figures.told(session, year)
    done_row = {"posted": 1, "taken_up": 1, "accepted": 1, "benefit_fen": 250_000_000, "paid_fen": 4_500_000}
    nothing = dict.fromkeys(done_row, 0)
    assert figures["by_category"] == [
        {"name": "发展之困", **nothing},
        {"name": "生产所需", **done_row},
        {"name": "市场所急", **nothing, "posted": 1},
    ]
    units = {row["name"]: row for row in figures["by_unit"]}
    assert sorted(units) == sorted([unit, *sponsors])
    assert units[unit] == {"name": unit, **done_row, "posted": 0}
    assert [units[one]["posted"] for one in sponsors] == [1, 1]
    assert figures["totals"] == {**done_row, "posted": 2}
    assert figures["earlier"] == [
        {"year": 2026, "posted": 2, "taken_up": 1, "accepted": 1, "benefit_fen": 5, "paid_fen": 3}
    ]
    assert (
        text.splitlines()[2]
        == "生产所需：发榜 1 项，揭榜 1 项，验收通过 1 项，年净效益 250 万元，兑现 4.5 万元。"
    )


def test_a_year_that_is_returned_is_revised_and_approved(campaign: Database, cast: Cast) -> None:
    process = _plan(campaign, cast)
    refusal = {"decision": "returned", "opinion": "资金池偏大"}
    item_id, role, user_id = play_cast.signing(campaign, process)[0]
    with campaign.transaction() as session:
        values = play_cast.signature(session, role, uploader=user_id, **refusal)
        work.complete(session, item_id, values, actor=session.get_one(User, user_id))
    _finish_stage(campaign, process)
    assert (_year(campaign).state, play.open_nodes(campaign, process)) == ("returned", ["revise_year"])
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "campaign.revise", by=cast.office, process=process, **{**PLAN, "year": 2028})
    assert refused.value.fields == {"year": ["不能改成别的年度，请另行编制。"]}
    smaller = {**PLAN, "pool_fen": 100_000_000, "batches": PLAN["batches"][:1]}
    play.complete(campaign, "campaign.revise", by=cast.office, process=process, **smaller)
    _sign(campaign, process)
    assert (_year(campaign).state, _year(campaign).pool_fen) == ("open", 100_000_000)
    assert _batches(campaign) == ["planned"]


def _finish_stage(campaign: Database, process: int) -> None:
    """Let whoever else is asked in the present stage agree."""
    for item_id, role, user_id in play_cast.signing(campaign, process):
        with campaign.transaction() as session:
            values = play_cast.signature(session, role, uploader=user_id)
            work.complete(session, item_id, values, actor=session.get_one(User, user_id))


def test_a_rejected_year_may_be_planned_anew(campaign: Database, cast: Cast) -> None:
    process = _plan(campaign, cast)
    item_id, role, user_id = play_cast.signing(campaign, process)[0]
    with campaign.transaction() as session:
        values = play_cast.signature(session, role, uploader=user_id, decision="rejected", opinion="不必")
        work.complete(session, item_id, values, actor=session.get_one(User, user_id))
    _finish_stage(campaign, process)
    assert (_year(campaign).state, play.status(campaign, process)) == ("rejected", "completed")
    again = _plan(campaign, cast, theme="融合拓展年")
    assert (_year(campaign).state, _year(campaign).theme) == ("draft", "融合拓展年")
    assert play.status(campaign, again) == "running"


def test_a_year_may_do_without_batches(campaign: Database, cast: Cast) -> None:
    process = _opened(campaign, cast, batches=[])
    assert (_year(campaign).state, _batches(campaign)) == ("open", [])
    assert play.timers(campaign, process) == [("monthly_day", clock.start_of(dt.date(2027, 1, 5)))]


def test_batches_open_and_close_on_their_days(campaign: Database, cast: Cast) -> None:
    _opened(campaign, cast)
    assert _batches(campaign) == ["planned", "planned"]
    play.wait_until(campaign, clock.start_of(dt.date(2027, 1, 11)) - dt.timedelta(seconds=1))
    assert _batches(campaign) == ["planned", "planned"]
    play.wait_until(campaign, clock.start_of(dt.date(2027, 1, 11)))
    assert _batches(campaign) == ["open", "planned"]
    told = {"title": "井口冻堵", "category": "生产所需", "scene": "夜间冻堵。"}
    play.start(campaign, "intake", by=cast.leader, **told)
    play.wait_until(campaign, clock.end_of(dt.date(2027, 2, 5)) - dt.timedelta(seconds=1))
    assert _batches(campaign) == ["open", "planned"]
    play.wait_until(campaign, clock.end_of(dt.date(2027, 2, 5)))
    assert _batches(campaign) == ["closed", "planned"]
    with campaign.read() as session:
        batch_id = session.scalars(select(Problem.batch_id)).one()
        sent = session.scalars(select(Message).where(Message.name == "MSG_INTAKE_CLOSED")).one()
        assert sent.payload == {"batch_id": batch_id}
        texts = session.scalars(select(Notice.text).where(Notice.user_id == cast.office))
        assert "2027 年第 1 批征集已截止：共 1 项难题，1 项待点题。" in list(texts)
        open_processes = session.scalars(select(Process.name).where(Process.status == "running")).all()
    assert open_processes.count("intake") == 1  # what is in goes on
    assert open_processes.count("batch") == 1


def test_only_the_office_plans_a_year_and_only_once(campaign: Database, cast: Cast) -> None:
    with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室可以编制年度计划。$"):
        play.start(campaign, "campaign", by=cast.leader, **PLAN)
    _plan(campaign, cast)
    with pytest.raises(Conflict, match=r"^2027 年度已有计划，不能重复编制。$"):
        _plan(campaign, cast)


def test_a_plan_is_seen_by_who_draws_it_up_until_it_begins(campaign: Database, cast: Cast) -> None:
    process = _plan(campaign, cast)
    year_id = _year(campaign).id
    with campaign.read() as session:
        office, leader = session.get_one(User, cast.office), session.get_one(User, cast.leader)
        assert campaigns.listing(session, actor=office)[1] == campaigns.batches(session, actor=office)[1] - 1
        assert campaigns.listing(session, actor=leader) == ([], 0)
        assert campaigns.batches(session, actor=leader) == ([], 0)
        with pytest.raises(NotFound):
            campaigns.get(session, year_id, actor=leader)
        first = session.scalars(select(Batch)).first()
        assert first is not None
        with pytest.raises(NotFound):
            campaigns.batch(session, first.id, actor=leader)
    _sign(campaign, process)
    with campaign.read() as session:
        leader = session.get_one(User, cast.leader)
        year = campaigns.get(session, year_id, actor=leader)
        assert [one.id for one in campaigns.listing(session, actor=leader)[0]] == [year_id]
        with pytest.raises(NotFound):
            campaigns.packs(session, year, actor=leader)


def test_what_a_year_is_not_ready_for_is_refused(campaign: Database, cast: Cast) -> None:
    _opened(campaign, cast)
    with campaign.read() as session:
        year = session.scalars(select(CampaignYear)).one()
        for act in (campaigns.hand_back, campaigns.reject, campaigns.open_year, campaigns.close):
            with pytest.raises(Conflict):
                act(year)
        with pytest.raises(Conflict):
            campaigns.revise(session, year, PLAN)
        with pytest.raises(Conflict):
            campaigns.review(session, year, text="还早")
        campaigns.end_year(year)
        with pytest.raises(Conflict):
            campaigns.prepare_pack(session, year)
        assert session.scalars(select(Challenge)).all() == []


def _batch(campaign: Database, no: int) -> Batch:
    with campaign.read() as session:
        return session.scalars(select(Batch).where(Batch.no == no)).one()


def _days(campaign: Database, no: int, **changes: dt.date | None) -> dict[str, dt.date | None]:
    return {**batch_plans.days(_batch(campaign, no)), **changes}


def test_the_office_opens_a_batch_early_and_closes_it(campaign: Database, cast: Cast) -> None:
    _opened(campaign, cast)
    clock.move_to(clock.start_of(dt.date(2027, 1, 8)))
    with campaign.transaction() as session:
        office, leader = (session.get_one(User, one) for one in (cast.office, cast.leader))
        with pytest.raises(Forbidden):
            batch_dates.open_early(session, 1, actor=leader, reason="冻堵多发")
        with pytest.raises(Invalid):
            batch_dates.open_early(session, 1, actor=office, reason=" ")
        with pytest.raises(Conflict, match="第 1 批征集到 2027-02-05 才截止"):
            batch_dates.open_early(session, 2, actor=office, reason="冻堵多发")
        with pytest.raises(Conflict, match="不在征集期"):
            batch_dates.close_now(session, 1, actor=office, reason="冻堵多发")
    with campaign.transaction() as session:
        batch_dates.open_early(session, 1, actor=session.get_one(User, cast.office), reason="冻堵多发")
    assert (_batches(campaign), _batch(campaign, 1).intake_from) == (["open", "planned"], dt.date(2027, 1, 8))
    clock.move_to(clock.start_of(dt.date(2027, 1, 20)))
    with campaign.transaction() as session:
        office = session.get_one(User, cast.office)
        with pytest.raises(Conflict, match="已经开始"):
            batch_dates.open_early(session, 1, actor=office, reason="冻堵多发")
        batch_dates.close_now(session, 1, actor=office, reason="题目已够")
    assert (_batches(campaign), _batch(campaign, 1).intake_to) == (
        ["closed", "planned"],
        dt.date(2027, 1, 20),
    )
    play.wait_until(campaign, clock.start_of(dt.date(2027, 2, 8)))
    assert _batches(campaign) == ["closed", "planned"]
    assert play.incidents(campaign) == []
    with campaign.read() as session:
        told = session.scalars(
            select(Notice.text).where(Notice.user_id == cast.office).order_by(Notice.id)
        ).all()
        assert [one for one in told if "提前" in one] == [
            "2027 年第 1 批征集提前开始：冻堵多发",
            "2027 年第 1 批征集提前截止：题目已够",
        ]
        acts = session.execute(select(AdminEntry.verb, AdminEntry.about, AdminEntry.reason)).all()
        assert [tuple(one) for one in acts] == [
            ("batch_open", "batch:1", "冻堵多发"),
            ("batch_close", "batch:1", "题目已够"),
        ]


def test_a_batch_follows_the_days_to_which_it_was_moved(campaign: Database, cast: Cast) -> None:
    _opened(campaign, cast)
    clock.move_to(clock.start_of(dt.date(2027, 1, 4)))
    moved = _days(campaign, 1, intake_from=dt.date(2027, 1, 18), intake_to=dt.date(2027, 2, 26))
    with campaign.transaction() as session:
        batch_dates.move(session, 1, moved, actor=session.get_one(User, cast.office), reason="春节")
    play.wait_until(campaign, clock.start_of(dt.date(2027, 1, 12)))
    assert _batches(campaign) == ["planned", "planned"]
    play.wait_until(campaign, clock.start_of(dt.date(2027, 1, 18)))
    play.wait_until(campaign, clock.end_of(dt.date(2027, 2, 5)))
    assert _batches(campaign) == ["open", "planned"]
    later = _days(campaign, 1, intake_to=dt.date(2027, 2, 28))
    with campaign.transaction() as session:
        batch_dates.move(session, 1, later, actor=session.get_one(User, cast.office), reason="题目还少")
    play.wait_until(campaign, clock.end_of(dt.date(2027, 2, 26)))
    assert _batches(campaign) == ["open", "planned"]
    play.wait_until(campaign, clock.end_of(dt.date(2027, 2, 28)))
    assert _batches(campaign) == ["closed", "planned"]
    assert play.incidents(campaign) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"intake_from": dt.date(2027, 1, 4)}, "intake_from"),
        ({"intake_from": dt.date(2028, 1, 4)}, "intake_from"),
        ({"intake_to": dt.date(2027, 1, 10)}, "intake_to"),
        ({"intake_to": dt.date(2027, 6, 1)}, "intake_to"),
        ({"intake_to": dt.date(2026, 12, 1)}, "intake_to"),
        ({"bid_from": dt.date(2027, 2, 5)}, "bid_from"),
        ({"bid_to": dt.date(2027, 2, 28)}, "bid_to"),
    ],
)
def test_days_out_of_order_are_refused(
    campaign: Database, cast: Cast, changes: dict[str, dt.date], field: str
) -> None:
    _opened(campaign, cast)
    clock.move_to(clock.start_of(dt.date(2027, 1, 4)))
    with campaign.transaction() as session:
        office = session.get_one(User, cast.office)
        with pytest.raises(Invalid) as refused:
            batch_dates.move(session, 1, _days(campaign, 1, **changes), actor=office, reason="春节")
        assert field in refused.value.fields
        with pytest.raises(Conflict, match="日期没有改动"):
            batch_dates.move(session, 1, _days(campaign, 1), actor=office, reason="春节")


def test_what_was_promised_is_not_moved(campaign: Database, cast: Cast) -> None:
    _opened(campaign, cast)
    play.wait_until(campaign, clock.start_of(dt.date(2027, 2, 8)))
    with campaign.transaction() as session:
        listed = factories.challenge(session, days_open=60)
        listed.batch_id = 1
    wrong = {
        "intake_from": dt.date(2027, 1, 12),
        "intake_to": dt.date(2027, 2, 20),
        "bid_from": dt.date(2027, 3, 2),
        "bid_to": dt.date(2027, 3, 20),
    }
    with campaign.transaction() as session:
        office = session.get_one(User, cast.office)
        with pytest.raises(Invalid) as refused:
            batch_dates.move(session, 1, wrong, actor=office, reason="赶工")
        assert refused.value.fields == {
            "intake_from": ["征集已经开始，开始日不能再改。"],
            "intake_to": ["征集已经截止，不能重开；不选批次即可随时填报。"],
            "bid_from": ["本批已有榜单按这个日期待发布或已发布，不能再改。"],
            "bid_to": ["榜单《降低冬季冻堵次数》已公布 2027-04-09 截止揭榜，不能早于这一天。"],
        }
        later = _days(campaign, 1, bid_to=dt.date(2027, 4, 20))
        batch_dates.move(session, 1, later, actor=office, reason="榜单较多")
    assert _batch(campaign, 1).bid_to == dt.date(2027, 4, 20)
