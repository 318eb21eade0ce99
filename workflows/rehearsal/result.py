"""RESULT.json: what came of a rehearsal, read from the rows that the service wrote."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import appraisals, calculation, eligibility, reward_facts, rewards, splits, vetoes
from workflows.models import (
    Bid,
    BidRank,
    BidState,
    Challenge,
    Panel,
    PostEvaluation,
    Project,
    RewardCase,
    SplitState,
)
from workflows.rehearsal.scenario import Bid as FileBid
from workflows.rehearsal.scene import Scene, Stuck

CENT = Decimal("0.01")
FEN_PER_YUAN = 100
AWARDED, FAILED = "awarded", "failed"
Row = dict[str, Any]


def of(session: Session, scene: Scene) -> Row:
    """``challenges``, ``bids`` and ``projects`` as the page on rehearsals has them, in the order of the file."""
    challenges = [_challenge(session, scene, code) for code in scene.scenario.challenges]
    bids = [_bid(session, scene, code) for code, bid in scene.scenario.bids.items() if not bid.withdrawn]
    winners = [code for one in challenges for code in one["winners"]]
    return {
        "challenges": challenges,
        "bids": bids,
        "projects": [_project(session, scene, scene.scenario.bids[code]) for code in winners],
    }


def _challenge(session: Session, scene: Scene, code: str) -> Row:
    challenge = session.get_one(Challenge, scene.challenge_id(code))
    listed = session.scalars(select(Bid).where(Bid.challenge_id == challenge.id)).all()
    ranked = {one.bid_id: one.rank for one in _ranks(session, challenge.id)}
    won = sorted((one.id for one in listed if one.state == BidState.WON), key=lambda one: ranked[one])
    reserve = next((one.id for one in listed if one.state == BidState.RESERVE), None)
    return {
        "code": code,
        "level": challenge.level,
        "fixed_yuan": challenge.fixed_award_fen // FEN_PER_YUAN,
        "cap_yuan": challenge.cap_fen // FEN_PER_YUAN,
        "outcome": AWARDED if won else FAILED,
        "winners": [scene.bids[one] for one in won],
        "reserve": None if reserve is None else scene.bids[reserve],
    }


def _ranks(session: Session, challenge_id: int) -> Sequence[BidRank]:
    """The ranks that the last panel of a challenge gave."""
    panels = select(Panel.id).where(Panel.subject == f"challenge:{challenge_id}").order_by(Panel.id.desc())
    return session.scalars(select(BidRank).where(BidRank.panel_id == panels.limit(1).scalar_subquery())).all()


def _bid(session: Session, scene: Scene, code: str) -> Row:
    bid = session.get_one(Bid, scene.bid_id(code))
    rank = next((one for one in _ranks(session, bid.challenge_id) if one.bid_id == bid.id), None)
    refusing = [one for one in bid.checks if one.severity == "refuse" and one.stage == eligibility.OPENED]
    return {
        "code": code,
        "eligible": bid.state != BidState.INELIGIBLE,
        "reasons": sorted(one.code for one in refusing),
        "mean": None if rank is None else str(rank.mean),
        "rank": None if rank is None else rank.rank,
    }


def _project(session: Session, scene: Scene, bid: FileBid) -> Row:
    project = session.scalars(select(Project).where(Project.bid_id == scene.bid_id(bid.code))).one()
    case = rewards.of_project(session, project.id)
    if case is None:
        raise Stuck(f"{bid.path}: nothing was rewarded")
    return {
        "bid": bid.code,
        "verdict": case.verdict,
        "Kc": _plain(case.kc),
        "Kt": _plain(case.kt),
        "Kdual": _plain(case.kdual),
        "V": _plain(case.v),
        "P": _rounded(case.p),
        "B": _rounded(case.b),
        "total_yuan": case.total_fen // FEN_PER_YUAN,
        "instalments": _instalments(session, case),
        "split_problems": _split_problems(session, scene, case, bid),
        "shares": _shares(scene, case),
        "explanation": [_line(one) for one in rewards.sheet(case)],
    }


def _instalments(session: Session, case: RewardCase) -> list[Row]:
    """As planned at the last measurement; where P9 stopped before the post-evaluation, as that cuts it."""
    planned = [(one.kind, one.amount_fen) for one in case.instalments]
    if not case.is_evaluated:
        query = select(PostEvaluation.realised_fen).where(PostEvaluation.project_id == case.project_id)
        ask = appraisals.rules_of(session, case.project.rules_at)
        counted = vetoes.as_facts(vetoes.of_project(session, case.project))
        facts = reward_facts.gather(session, case, counted)
        sheet = calculation.measure(ask, facts)
        cut = calculation.instalments(ask, facts, sheet, realised_fen=session.scalar(query))
        planned = [(one.kind, one.fen) for one in cut]
    return [{"kind": kind, "yuan": fen // FEN_PER_YUAN} for kind, fen in planned]


def _split_problems(session: Session, scene: Scene, case: RewardCase, bid: FileBid) -> list[str]:
    """What D13 said of the split that was proposed; where nothing is left to split, what it says of the file's."""
    if case.splits:
        return [one["code"] for one in case.splits[0].problems]
    rows = [{"user_id": scene.world.people[one.person], "pct": one.pct} for one in bid.members]
    return [one["code"] for one in splits.problems(session, case, rows=rows)]


def _shares(scene: Scene, case: RewardCase) -> list[Row]:
    agreed = next((one for one in case.splits if one.state == SplitState.AGREED), None)
    if agreed is None:
        return []
    codes = {number: code for code, number in scene.world.people.items()}
    return [{"person": codes[one.user_id], "yuan": one.amount_fen // FEN_PER_YUAN} for one in agreed.rows]


def _line(line: Any) -> Row:
    """One factor, for people: what it is, and the table rows that gave it."""
    table = None if line.file is None else f"{line.file} v{line.version}: {', '.join(line.rows)}"
    return {"factor": line.factor, "value": line.value, "text": line.text, "table": table}


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def _rounded(value: Decimal | None) -> str | None:
    return None if value is None else str(value.quantize(CENT, ROUND_HALF_UP))
