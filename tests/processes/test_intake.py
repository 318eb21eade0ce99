"""Problems played whole: fixed, merged, declined, or condensed and justified into a challenge."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes.cast import Cast
from workflows import clock, sharing, timelines, work
from workflows.db import Database
from workflows.domain import justifications, permissions, problems
from workflows.engine.tables import Message
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import (
    ActionItem,
    Batch,
    CampaignYear,
    Challenge,
    ChallengeProblem,
    Expert,
    Justification,
    JustificationSheet,
    Notice,
    Problem,
    ResultCard,
    StoredFile,
    User,
)

SCENE = "冬季夜间气温低于零下二十度时，三号集气站井口频繁冻堵，每次停产两小时以上。"
MARKS = {f"s{n}": 3 for n in range(1, 7)}
SHEET = {"necessity": 20, "feasibility": 20, "indicators": 20, "benefit": 12, "spread": 8}


@pytest.fixture
def sponsor(campaign: Database, cast: Cast) -> int:
    """Somebody of the business department of the proposer's unit."""
    with campaign.transaction() as session:
        home = session.get_one(User, cast.leader).unit
        return factories.user(session, of=home, roles=["sponsor@"]).id


@pytest.fixture
def experts(campaign: Database) -> list[int]:
    with campaign.transaction() as session:
        people = [factories.user(session) for _ in range(5)]
        session.add_all(Expert(user_id=one.id, fields=[]) for one in people)
        return [one.id for one in people]


def _raise(campaign: Database, by: int, **values: Any) -> int:
    """Fill in a problem; the id of its process."""
    told = {"title": "井口冬季冻堵", "category": "生产所需", "scene": SCENE, **values}
    return play.start(campaign, "intake", by=by, **told).process_id


def _triage(campaign: Database, by: int, process: int, action: str, **values: Any) -> None:
    told = {"action": action, "opinion": "已核实现场", **values}
    play.complete(campaign, "intake.triage", by=by, process=process, **told)


def _refine(campaign: Database, cast: Cast, process: int, **values: Any) -> None:
    indicator = {
        "name": "冻堵次数",
        "measure": "次",
        "baseline": "40",
        "op": "≤",
        "target": "10",
        "verifier_unit_id": cast.sponsor_unit_id,
    }
    told = {
        "category": "生产所需",
        "title": "降低冬季冻堵次数",
        "background": SCENE,
        "sponsor_unit_id": cast.sponsor_unit_id,
        "party_lead_id": cast.party_lead,
        "admin_lead_id": cast.admin_lead,
        "deadline": "2027-10-31",
        "budget_fen": 120_000_000,
        "est_benefit_fen": 150_000_000,
        "indicators": [indicator],
        **values,
    }
    play.complete(campaign, "intake.refine", by=cast.office, process=process, **told)


def _justify(campaign: Database, expert: int, process: int, verdict: str = "list", **points: int) -> None:
    opinion = "" if verdict == "list" else "指标依据不足"
    values = {**SHEET, **points, "verdict": verdict, "opinion": opinion}
    play.complete(campaign, "intake.justify", by=expert, process=process, **values)


def _escalated(campaign: Database, cast: Cast, sponsor: int, **values: Any) -> int:
    """A problem that waits to be condensed; the id of its process."""
    process = _raise(campaign, cast.leader, **values)
    _triage(campaign, sponsor, process, "escalate", **MARKS)
    return process


def _states(campaign: Database) -> list[tuple[str, str]]:
    with campaign.read() as session:
        rows = session.scalars(select(Problem).order_by(Problem.id))
        return [(one.title, one.state) for one in rows]


def _told(campaign: Database, user_id: int) -> list[str]:
    with campaign.read() as session:
        query = select(Notice.text).where(Notice.user_id == user_id).order_by(Notice.id)
        return list(session.scalars(query))


def _only_problem(campaign: Database) -> Problem:
    with campaign.read() as session:
        return session.scalars(select(Problem)).one()


def test_a_problem_fixed_at_once_becomes_an_action_item(campaign: Database, cast: Cast, sponsor: int) -> None:
    process = _raise(campaign, cast.leader)
    assert play.items(campaign, process) == [("triage", f"role:sponsor@{cast.unit_id}", "open")]
    fixer = cast.members[0]
    _triage(campaign, sponsor, process, "fix", owner_id=fixer, due_on="2026-11-30")
    assert play.status(campaign, process) == "completed"
    assert _states(campaign) == [("井口冬季冻堵", "fixing")]
    with campaign.read() as session:
        item = session.scalars(select(ActionItem)).one()
        facts = (item.what, item.owner_id, item.due_on, item.problem_id)
        assert facts == ("立即整改：井口冬季冻堵", fixer, dt.date(2026, 11, 30), _only_problem(campaign).id)
        sent = session.scalars(select(Message)).one()
        assert (sent.name, sent.payload) == ("MSG_ACTION_ITEM", {"action_item_id": item.id})
    assert _told(campaign, cast.leader) == ["您提出的难题“井口冬季冻堵”已安排立即整改。"]


def test_a_problem_is_resolved_when_its_action_item_is_closed(
    campaign: Database, cast: Cast, sponsor: int
) -> None:
    process = _raise(campaign, cast.leader)
    fixer = cast.members[0]
    _triage(campaign, sponsor, process, "fix", owner_id=fixer, due_on="2026-11-30")
    play.settle(campaign)
    with campaign.transaction() as session:
        photo = factories.stored_file(session, by=session.get_one(User, fixer)).id
    play.complete(campaign, "action_item.report", by=fixer, feedback="已加装伴热", evidence=[photo])
    assert _states(campaign) == [("井口冬季冻堵", "fixing")]
    play.complete(campaign, "action_item.close", by=cast.office, agree=True)
    assert _states(campaign) == [("井口冬季冻堵", "resolved")]
    assert _told(campaign, cast.leader)[-1] == "您提出的难题“井口冬季冻堵”已完成整改。"


def test_a_problem_merged_later_counts_among_the_sources_of_the_challenge(
    campaign: Database, cast: Cast, sponsor: int, experts: list[int]
) -> None:
    first = _escalated(campaign, cast, sponsor)
    _refine(campaign, cast, first, expert_ids=experts)
    second = _raise(campaign, cast.members[0], title="三号站冻堵频繁")
    with campaign.read() as session:
        ids = list(session.scalars(select(Problem.id).order_by(Problem.id)))
    _triage(campaign, sponsor, second, "merge", merge_into=ids[0])
    with campaign.read() as session:
        sources = session.scalars(select(ChallengeProblem.problem_id).order_by(ChallengeProblem.problem_id))
        assert list(sources) == ids


def test_a_fix_needs_somebody_and_a_day(campaign: Database, cast: Cast, sponsor: int) -> None:
    process = _raise(campaign, cast.leader)
    with pytest.raises(Invalid) as refused:
        _triage(campaign, sponsor, process, "fix")
    assert refused.value.fields == {"owner_id": ["请选择整改责任人。"], "due_on": ["请填写整改期限。"]}
    with pytest.raises(Invalid) as refused:
        _triage(campaign, sponsor, process, "fix", owner_id=999, due_on="2026-11-20")
    assert refused.value.fields == {"owner_id": ["没有这个人员。"], "due_on": ["完成日期不能早于今天。"]}
    assert _states(campaign) == [("井口冬季冻堵", "submitted")]


def test_a_problem_is_merged_and_both_proposers_are_told(
    campaign: Database, cast: Cast, sponsor: int
) -> None:
    _raise(campaign, cast.leader)
    second = _raise(campaign, cast.members[0], title="三号站冻堵频繁")
    with campaign.read() as session:
        first_id = session.scalars(select(Problem.id).order_by(Problem.id)).first()
    _triage(campaign, sponsor, second, "merge", merge_into=first_id)
    assert play.status(campaign, second) == "completed"
    assert _states(campaign) == [("井口冬季冻堵", "submitted"), ("三号站冻堵频繁", "merged")]
    assert _told(campaign, cast.members[0]) == ["您提出的难题“三号站冻堵频繁”与“井口冬季冻堵”合并办理。"]
    merged = "您提出的难题“井口冬季冻堵”并入了另一项相似的难题“三号站冻堵频繁”。"
    assert _told(campaign, cast.leader) == [merged]


def test_what_cannot_be_merged_into_is_refused(campaign: Database, cast: Cast, sponsor: int) -> None:
    first, second, third = (_raise(campaign, cast.leader, title=f"难题{n}") for n in range(3))
    with campaign.read() as session:
        ids = list(session.scalars(select(Problem.id).order_by(Problem.id)))
    _triage(campaign, sponsor, second, "merge", merge_into=ids[0])
    wrong = {
        None: "请选择并入哪一项难题。",
        999: "没有这项难题。",
        ids[2]: "难题不能并入它自己，请另选一项。",
        ids[1]: "那项难题自己已并入别的难题，请选择它并入的那一项。",
    }
    for into, text in wrong.items():
        with pytest.raises(Invalid) as refused:
            _triage(campaign, sponsor, third, "merge", merge_into=into)
        assert refused.value.fields == {"merge_into": [text]}
    _triage(campaign, sponsor, first, "decline")
    with pytest.raises(Invalid) as refused:
        _triage(campaign, sponsor, third, "merge", merge_into=ids[0])
    assert refused.value.fields == {"merge_into": ["那项难题已经办结，不能再并入。"]}


def test_a_problem_is_declined_with_a_reply(campaign: Database, cast: Cast, sponsor: int) -> None:
    process = _raise(campaign, cast.leader)
    _triage(campaign, sponsor, process, "decline")
    assert play.items(campaign, process)[-1] == ("reply", f"role:sponsor@{cast.unit_id}", "open")
    assert _told(campaign, cast.leader) == []
    with campaign.read() as session:
        reply = play.all_items(session, process)[-1]
        assert reply.due_at == clock.end_of(dt.date(2026, 11, 30))  # five working days
    play.complete(campaign, "intake.reply", by=sponsor, process=process, opinion="已列入明年大修计划。")
    assert play.status(campaign, process) == "completed"
    told = ["您提出的难题“井口冬季冻堵”未被采纳：已列入明年大修计划。"]
    assert _told(campaign, cast.leader) == told
    answered = _only_problem(campaign)
    assert (answered.state, answered.reply, answered.replied_by_id) == (
        "declined",
        "已列入明年大修计划。",
        sponsor,
    )


def test_a_problem_is_escalated_to_a_challenge(
    campaign: Database, cast: Cast, sponsor: int, experts: list[int]
) -> None:
    merged = _raise(campaign, cast.members[0], title="三号站冻堵频繁")
    process = _raise(campaign, cast.leader)
    first, second = (row.id for row in _problems(campaign))
    _triage(campaign, sponsor, merged, "merge", merge_into=second)
    _triage(campaign, sponsor, process, "escalate", **MARKS)
    _refine(campaign, cast, process, expert_ids=experts)
    asked = [("justify", f"user:{one}", "open") for one in experts]
    assert play.items(campaign, process)[2:] == asked
    for expert in experts[:3]:
        _justify(campaign, expert, process)
    assert play.status(campaign, process) == "completed"
    with campaign.read() as session:
        challenge = session.scalars(select(Challenge)).one()
        assert (challenge.state, challenge.level) == ("justified", "B")
        assert (challenge.fixed_award_fen, challenge.benefit_cap_fen) == (5_000_000, 20_000_000)
        linked = session.scalars(select(Problem.id).where(Problem.challenges.contains(challenge)))
        assert sorted(linked) == [first, second]
        held = session.scalars(select(Justification)).one()
        assert (held.no, held.result, len(held.sheets)) == (1, "passed", 3)
        assert held.mean == Decimal("80.00")
        judged = [one for one in experts if justifications.has_judged(session, challenge, one)]
        assert judged == experts[:3]  # D3, E08: they cannot lead it
        sent = session.scalars(select(Message).where(Message.name == "MSG_CHALLENGE_REFINED")).one()
        assert sent.payload == {
            "challenge_id": challenge.id,
            "sponsor_unit_id": cast.sponsor_unit_id,
            "level": "B",
        }
    assert _states(campaign) == [("三号站冻堵频繁", "merged"), ("井口冬季冻堵", "adopted")]
    assert _told(campaign, cast.leader)[-1] == "您提出的难题“井口冬季冻堵”已通过专家论证，正在报批发榜。"
    assert (
        _told(campaign, cast.members[0])[-1] == "您提出的难题“三号站冻堵频繁”已通过专家论证，正在报批发榜。"
    )


def _problems(campaign: Database) -> list[Problem]:
    with campaign.read() as session:
        return list(session.scalars(select(Problem).order_by(Problem.id)))


def test_an_escalated_problem_needs_its_six_marks(campaign: Database, cast: Cast, sponsor: int) -> None:
    process = _raise(campaign, cast.leader)
    with pytest.raises(Invalid) as refused:
        _triage(campaign, sponsor, process, "escalate", **{**MARKS, "s4": None})
    assert refused.value.fields == {"s4": ["上报厂级的难题，六项标准都要打分。"]}
    with pytest.raises(Invalid) as refused:
        _triage(campaign, sponsor, process, "escalate", **{**MARKS, "s4": 6})
    assert list(refused.value.fields) == ["s4"]
    _triage(campaign, sponsor, process, "escalate", **MARKS)
    assert _only_problem(campaign).marks == MARKS


def test_a_challenge_revised_twice_is_then_rejected_and_answered(
    campaign: Database, cast: Cast, sponsor: int, experts: list[int]
) -> None:
    process = _escalated(campaign, cast, sponsor)
    for n in range(3):
        _refine(campaign, cast, process, title=f"降低冻堵次数（第{n}稿）", expert_ids=experts)
        for expert in experts[:3]:
            _justify(campaign, expert, process, "revise")
    with campaign.read() as session:
        results = session.scalars(select(Justification.result).order_by(Justification.no))
        assert list(results) == ["revise", "revise", "rejected"]
        challenge = session.scalars(select(Challenge)).one()
        assert (challenge.title, challenge.state) == ("降低冻堵次数（第2稿）", "rejected")
    assert play.items(campaign, process)[-1] == ("reply", "role:office", "open")
    play.complete(campaign, "intake.reply", by=cast.office, process=process, opinion="指标依据不足。")
    assert play.status(campaign, process) == "completed"
    assert _states(campaign) == [("井口冬季冻堵", "rejected")]
    assert _told(campaign, cast.leader)[-1] == "您提出的难题“井口冬季冻堵”未能立榜：指标依据不足。"


def test_a_challenge_is_rejected_when_more_than_a_third_say_so(
    campaign: Database, cast: Cast, sponsor: int, experts: list[int]
) -> None:
    process = _escalated(campaign, cast, sponsor)
    _refine(campaign, cast, process, expert_ids=experts)
    for expert, verdict in zip(experts, ("list", "reject", "list", "reject", "list"), strict=True):
        _justify(campaign, expert, process, verdict)
    with campaign.read() as session:
        held = session.scalars(select(Justification)).one()
        assert (held.result, len(held.sheets)) == ("rejected", 5)
    assert _states(campaign) == [("井口冬季冻堵", "rejected")]


def test_a_third_against_and_a_mean_of_the_floor_still_pass(
    campaign: Database, cast: Cast, sponsor: int, experts: list[int]
) -> None:
    process = _escalated(campaign, cast, sponsor)
    _refine(campaign, cast, process, expert_ids=experts[:3])
    _justify(campaign, experts[0], process, "reject", spread=0, benefit=0, necessity=10)  # 50
    _justify(campaign, experts[1], process)  # 80
    _justify(campaign, experts[2], process)  # 80: the mean is 70
    with campaign.read() as session:
        assert session.scalars(select(Justification.result)).one() == "passed"


def test_a_mean_below_the_floor_is_revised_though_all_agree(
    campaign: Database, cast: Cast, sponsor: int, experts: list[int]
) -> None:
    process = _escalated(campaign, cast, sponsor)
    _refine(campaign, cast, process, expert_ids=experts[:1])
    _justify(campaign, experts[0], process, spread=0, benefit=9)  # 69
    assert play.open_nodes(campaign, process) == ["refine"]
    with campaign.read() as session:
        item = play.all_items(session, process)[-1]
        form = work.form_of(session, {}, item)
        assert "expert_ids" in form._declared_fields


def test_experts_not_named_are_drawn_specialists_first(
    campaign: Database, cast: Cast, sponsor: int, experts: list[int]
) -> None:
    with campaign.transaction() as session:
        extra = [factories.user(session) for _ in range(3)]
        session.add_all(Expert(user_id=one.id, fields=["采气"]) for one in extra)
        session.add(Expert(user_id=cast.party_lead, fields=["采气"]))  # an owner of the challenge
        session.add(Expert(user_id=cast.leader, fields=["采气"]))  # who proposed it
        specialists = {one.id for one in extra}
        barred = factories.user(session)
        session.add(Expert(user_id=barred.id, fields=["采气"], barred_until=dt.date(2026, 11, 23)))
    process = _escalated(campaign, cast, sponsor)
    _refine(campaign, cast, process, fields=["采气"])
    with campaign.read() as session:
        held = session.scalars(select(Justification)).one()
    assert len(held.expert_ids) == 5
    assert set(held.expert_ids[:3]) == specialists
    assert set(held.expert_ids[3:]) < set(experts)
    assert held.seed is not None


def test_a_justification_without_experts_is_refused(campaign: Database, cast: Cast, sponsor: int) -> None:
    process = _escalated(campaign, cast, sponsor)
    with pytest.raises(Conflict, match=r"^没有可用的评审专家，请先补充专家库。$"):
        _refine(campaign, cast, process)
    with campaign.read() as session:
        assert session.scalars(select(Challenge)).all() == []


def test_experts_who_may_not_judge_are_refused(
    campaign: Database, cast: Cast, sponsor: int, experts: list[int]
) -> None:
    with campaign.transaction() as session:
        session.add_all(Expert(user_id=one, fields=[]) for one in (cast.leader, cast.party_lead))
    process = _escalated(campaign, cast, sponsor)
    named = [experts[0], experts[0], cast.leader, cast.party_lead, cast.hr]
    with pytest.raises(Invalid) as refused:
        _refine(campaign, cast, process, expert_ids=named)
    unfit = ["不是可用的评审专家，或者是出题人、榜单责任人，请另选。"]
    assert refused.value.fields == {
        "expert_ids.1": ["这位专家已经列入。"],
        "expert_ids.2": unfit,
        "expert_ids.3": unfit,
        "expert_ids.4": unfit,
    }


def test_a_sheet_is_checked(campaign: Database, cast: Cast, sponsor: int, experts: list[int]) -> None:
    process = _escalated(campaign, cast, sponsor)
    _refine(campaign, cast, process, expert_ids=experts)
    for name, points in (("benefit", 16), ("spread", -1)):
        with pytest.raises(Invalid) as refused:
            _justify(campaign, experts[0], process, "list", **{name: points})
        assert list(refused.value.fields) == [name]
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "intake.justify", by=experts[0], process=process, **SHEET, verdict="reject")
    assert refused.value.fields == {"opinion": ["建议修改或不立榜时请写明理由。"]}
    with campaign.read() as session:
        assert session.scalars(select(JustificationSheet)).all() == []


def test_similar_problems_are_found(campaign: Database, cast: Cast, sponsor: int) -> None:
    _raise(campaign, cast.leader)
    _raise(campaign, cast.leader, title="食堂排队时间长", scene="中午十二点食堂窗口排队二十分钟。")
    with campaign.transaction() as session:
        listed = factories.challenge(session, title="降低井口冬季冻堵次数")
        listed.background = SCENE
        listed_id = listed.id
        done = factories.project(session, on=listed, leader=session.get_one(User, cast.leader))
        card = ResultCard(project=done, title="防冻堵成果", summary=SCENE, made_at=clock.now())
        card.made_by_id = cast.leader
        session.add(card)
        session.flush()
        card_id = card.id
    _raise(campaign, cast.members[0], title="井口冬季经常冻堵")
    first, _, third = _problems(campaign)
    assert [(row["kind"], row["id"]) for row in third.similar] == [
        ("problem", first.id),
        ("challenge", listed_id),
        ("card", card_id),
    ]
    scores = [Decimal(row["score"]) for row in third.similar]
    assert scores == sorted(scores, reverse=True)
    assert all(Decimal("0.8") < one < 1 for one in scores)
    assert first.similar == []


def test_an_anonymous_proposer_stays_anonymous(campaign: Database, cast: Cast, sponsor: int) -> None:
    process = _raise(campaign, cast.leader, anonymous=True)
    with campaign.read() as session:
        proposer, reader, office = (session.get_one(User, one) for one in (cast.leader, sponsor, cast.office))
        problem = session.scalars(select(Problem)).one()
        assert problems.proposer_for(problem, proposer) == proposer
        assert problems.proposer_for(problem, reader) is None
        assert problems.proposer_for(problem, office) is None
        seen = timelines.of(session, process, held=permissions.grants(session, office))
        assert [row.who for row in seen] == [None, None]
    _triage(campaign, sponsor, process, "decline")
    play.complete(campaign, "intake.reply", by=sponsor, process=process, opinion="另行安排。")
    assert _told(campaign, cast.leader) == ["您提出的难题“井口冬季冻堵”未被采纳：另行安排。"]


def test_an_anonymous_problem_carries_no_files(campaign: Database, cast: Cast) -> None:
    with campaign.transaction() as session:
        kept = {"digest": "0" * 64, "wrapped": b"", "name": "a.txt", "media_type": "text/plain", "size": 1}
        file = StoredFile(**kept, uploaded_by_id=cast.leader, uploaded_at=clock.now())
        session.add(file)
        session.flush()
        file_id = file.id
    with pytest.raises(Invalid) as refused:
        _raise(campaign, cast.leader, anonymous=True, attachments=[file_id])
    assert list(refused.value.fields) == ["attachments"]
    _raise(campaign, cast.leader, attachments=[file_id])
    assert _only_problem(campaign).attachments == [file_id]


def _batch(campaign: Database, state: str) -> int:
    with campaign.transaction() as session:
        year = CampaignYear(year=2026, theme="融合年", pool_fen=0, emphasis={})
        days = {"intake_from": dt.date(2026, 11, 1), "intake_to": dt.date(2026, 11, 20)}
        year.batches = [Batch(no=1, state=state, **days)]
        session.add(year)
        session.flush()
        return year.batches[0].id


def test_a_closed_batch_refuses_with_its_days(campaign: Database, cast: Cast) -> None:
    batch_id = _batch(campaign, "closed")
    with pytest.raises(Conflict, match="征集期是 2026-11-01 至 2026-11-20，现在不接受填报"):
        _raise(campaign, cast.leader, batch_id=batch_id)
    with pytest.raises(Invalid) as refused:
        _raise(campaign, cast.leader, batch_id=batch_id + 1)
    assert refused.value.fields == {"batch_id": ["没有这个批次。"]}
    _raise(campaign, cast.leader)
    assert _only_problem(campaign).batch_id is None


def test_a_problem_joins_the_open_batch_and_so_does_its_challenge(
    campaign: Database, cast: Cast, sponsor: int, experts: list[int]
) -> None:
    batch_id = _batch(campaign, "open")
    process = _escalated(campaign, cast, sponsor)
    _refine(campaign, cast, process, expert_ids=experts)
    assert _only_problem(campaign).batch_id == batch_id
    with campaign.read() as session:
        assert session.scalars(select(Challenge.batch_id)).one() == batch_id


def test_the_heads_of_a_unit_triage_where_it_has_no_department(campaign: Database, cast: Cast) -> None:
    process = _raise(campaign, cast.leader)
    heads = [("triage", f"role:{role}@{cast.unit_id}", "open") for role in ("party_secretary", "admin_head")]
    assert play.items(campaign, process) == heads
    with campaign.transaction() as session:
        alone = factories.user(session).id  # whose unit has neither
    other = _raise(campaign, alone)
    assert play.items(campaign, other) == [("triage", "role:office", "open")]


def test_nobody_triages_the_problem_that_they_raised(campaign: Database, cast: Cast, sponsor: int) -> None:
    with campaign.transaction() as session:
        home = session.get_one(User, sponsor).unit
        colleague = factories.user(session, of=home, roles=["sponsor@"]).id
    process = _raise(campaign, sponsor)
    assert play.items(campaign, process) == [("triage", f"user:{colleague}", "open")]
    with campaign.read() as session:
        item = play.item_of(session, "intake.triage", session.get_one(User, colleague), process)
    with pytest.raises(Forbidden, match="这个任务不是由您办理的"):
        play.complete_item(campaign, item, by=sponsor, action="decline", opinion="不必办")
    with campaign.transaction() as session:
        actor = session.get_one(User, colleague)
        with pytest.raises(Invalid) as refused:
            sharing.transfer(session, item, sponsor, actor=actor, reason="请本人办")
    assert refused.value.fields == {"user_id": ["按回避要求，所选人员不能参与本任务，请另选他人。"]}
    _triage(campaign, colleague, process, "decline")
    assert _states(campaign) == [("井口冬季冻堵", "declined")]


def test_the_heads_triage_what_the_only_one_of_the_department_raised(
    campaign: Database, cast: Cast, sponsor: int
) -> None:
    process = _raise(campaign, sponsor)
    heads = [("triage", f"role:{role}@{cast.unit_id}", "open") for role in ("party_secretary", "admin_head")]
    assert play.items(campaign, process) == heads


def test_who_is_asked_does_not_tell_who_raised_an_anonymous_problem(
    campaign: Database, cast: Cast, sponsor: int
) -> None:
    of_sponsor = _raise(campaign, sponsor, anonymous=True)
    of_leader = _raise(campaign, cast.leader, anonymous=True)
    roles = ("sponsor", "party_secretary", "admin_head")
    asked = [("triage", f"role:{role}@{cast.unit_id}", "open") for role in roles]
    assert play.items(campaign, of_sponsor) == play.items(campaign, of_leader) == asked
    with pytest.raises(Forbidden, match="您是这项难题的出题人，应当回避，请由他人点题"):
        _triage(campaign, sponsor, of_sponsor, "decline")
    with campaign.read() as session:
        item = play.all_items(session, of_leader)[1].id
    with campaign.transaction() as session:  # to hand it to the proposer is not refused: that would tell
        head = session.get_one(User, cast.party_secretary)
        sharing.transfer(session, item, cast.leader, actor=head, reason="请熟悉的人办")
    _triage(campaign, sponsor, of_leader, "decline")
    assert _states(campaign) == [("井口冬季冻堵", "submitted"), ("井口冬季冻堵", "declined")]


def test_nobody_else_triages_or_judges(
    campaign: Database, cast: Cast, sponsor: int, experts: list[int]
) -> None:
    process = _escalated(campaign, cast, sponsor)
    _refine(campaign, cast, process, expert_ids=experts)
    with campaign.read() as session:
        triage, _, sheet = (one.id for one in play.all_items(session, process)[:3])
    with pytest.raises(Conflict):
        play.complete_item(campaign, triage, by=sponsor, action="decline", opinion="改主意了")
    with pytest.raises(NotFound):
        play.complete_item(campaign, sheet, by=cast.hr, **SHEET, verdict="list")
    with pytest.raises(Forbidden):
        play.complete_item(campaign, sheet, by=cast.office, **SHEET, verdict="list")


def test_a_form_that_says_nonsense_is_refused(campaign: Database, cast: Cast) -> None:
    wrong = {"title": "冻", "category": "其他", "scene": "", "loss_year_fen": -1, "level_hint": "省级"}
    with pytest.raises(Invalid) as refused:
        _raise(campaign, cast.leader, **wrong)
    assert sorted(refused.value.fields) == sorted(wrong)
    assert _problems(campaign) == []
