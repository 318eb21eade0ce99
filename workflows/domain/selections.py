"""定帅: from the eligible bids to the awarded ones: defence, vote, ranking, proposal, award (P4)."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows import calendar, clock
from workflows.domain import (
    challenges,
    draws,
    notices,
    panels,
    permissions,
    projects,
    publicities,
    ranking,
    rules,
    scoring,
)
from workflows.domain.publicities import Snapshot
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import (
    Bid,
    BidRank,
    BidState,
    Challenge,
    ChallengeState,
    CommitteeVote,
    Mode,
    Panel,
    Project,
    User,
)

PROPOSABLE = (
    BidState.REVIEWING,
    BidState.PROPOSED,
    BidState.RESERVE,
    BidState.IN_PUBLICITY,
)
VOTE_FAILED, BELOW_FLOOR = "vote_failed", "below_floor"


@dataclass(frozen=True)
class Proposal:
    """拟定帅: the bids that are to win, the best first, and the reserve; or why nobody is."""

    winner_ids: tuple[int, ...]
    reserve_id: int | None
    fail_reason: str | None


def begin_review(session: Session, challenge: Challenge) -> None:
    """评审: its eligible bids go to a panel; on a re-review those that went to one before."""
    challenges.hold(session, challenge)
    challenges.expect(challenge, *challenges.IN_SELECTION)
    for bid in _of_listing(session, challenge, (BidState.ELIGIBLE, BidState.LOST, *PROPOSABLE)):
        bid.state = BidState.REVIEWING
    challenge.state = ChallengeState.REVIEWING
    session.flush()


def set_defence(session: Session, panel: Panel, *, at: dt.datetime | None) -> None:
    """抽签排序: the bids are defended one after another, in the order of a lot; each leader is told when."""
    panel.order_seed = draws.new_seed()
    talk, question = (rules.days(session, name, at=at) for name in ("talk_minutes", "question_minutes"))
    ahead = rules.days(session, "defence_after_workdays", at=at)
    panel.defence_on = calendar.add_workdays(session, clock.today(), ahead)
    begins = clock.start_of(panel.defence_on) + dt.timedelta(hours=rules.days(session, "defence_hour", at=at))
    slots = {one.bid_id: one for one in panel.slots}
    for place, bid_id in enumerate(draws.in_order(panel.order_seed, list(slots))):
        slot = slots[bid_id]
        slot.order_no, slot.talk_minutes, slot.question_minutes = place + 1, talk, question
        slot.starts_at = begins + dt.timedelta(minutes=place * (talk + question))
        text = f"答辩安排：第 {slot.order_no} 个，{clock.local(slot.starts_at):%Y-%m-%d %H:%M}，陈述 {talk} 分钟、提问 {question} 分钟。"
        notices.send(session, slot.bid.leader_id, text=text, link=f"/bids/{bid_id}", kind="bid")


def record_vote(
    session: Session, panel: Panel, *, values: Mapping[str, Any], actor: User, at: dt.datetime | None
) -> CommitteeVote:
    """票决: keep the counts {should, present, in_favour, against, abstain, minutes} and whether they pass.

    At least ``quorum`` of the committee is present, and more than ``pass`` of those present are in favour; at
    level A, or when one bid alone is reviewed, ``pass_strict`` is to be reached. Raises Forbidden unless
    ``actor`` is of the office, Invalid for counts that contradict one another.
    """
    if not permissions.may_form_panel(session, actor):
        raise Forbidden("只有揭榜挂帅办公室可以记录票决。")
    should, present, in_favour = (values[name] for name in ("should", "present", "in_favour"))
    if present > should:
        raise Invalid({"present": ["实到人数不能多于应到人数。"]})
    if in_favour + values["against"] + values["abstain"] != present:
        raise Invalid({"in_favour": ["赞成、反对、弃权的票数合计应等于实到人数。"]})
    is_strict = panel.challenge.level == "A" or len(panel.slots) == 1
    share = rules.setting(session, "pass_strict" if is_strict else "pass", at=at)
    quorum = ranking.exact(rules.setting(session, "quorum", at=at))
    is_quorate = Fraction(present, should) >= quorum
    agreed = ranking.is_passed(present=present, in_favour=in_favour, share=share, reached=is_strict)
    vote = CommitteeVote(panel_id=panel.id, should=should, present=present, in_favour=in_favour)
    vote.against, vote.abstain, vote.minutes = values["against"], values["abstain"], values["minutes"]
    vote.is_quorate, vote.is_passed = is_quorate, is_quorate and agreed
    vote.recorded_by_id, vote.recorded_at = actor.id, clock.now()
    session.add(vote)
    session.flush()
    return vote


def witness_vote(session: Session, panel: Panel, *, agree: bool, actor: User) -> None:
    """Discipline supervision confirms the record of the vote, or refuses it, and it is recorded anew.

    Raises Forbidden for the person who recorded it.
    """
    vote = latest_vote(session, panel)
    if vote is None:
        raise Conflict("还没有票决记录。")
    if actor.id == vote.recorded_by_id:
        raise Forbidden("记录票决的人不能自己监督确认。")
    vote.is_refused = not agree
    vote.witnessed_by_id, vote.witnessed_at = actor.id, clock.now()


def latest_vote(session: Session, panel: Panel) -> CommitteeVote | None:
    """The last record of a vote on what ``panel`` reviewed."""
    query = select(CommitteeVote).where(CommitteeVote.panel_id == panel.id).order_by(CommitteeVote.id.desc())
    return session.scalars(query.limit(1)).one_or_none()


def propose(session: Session, panel: Panel, *, at: dt.datetime | None) -> Proposal:
    """排名与拟定帅: rank the bids, and propose as many as the mode lets win of those at or above the floor.

    Nobody is proposed when the vote failed or nobody reaches the floor; the ranks are kept all the same. Raises
    Conflict for a list that was withdrawn meanwhile.
    """
    challenge = panel.challenge
    challenges.hold(session, challenge)
    challenges.expect(challenge, *challenges.IN_SELECTION)
    ranked = scoring.ranked(session, panel, at=at)
    _keep(session, panel, ranked)
    vote = latest_vote(session, panel)
    if vote is None or vote.is_refused or not vote.is_passed:
        return Proposal((), None, VOTE_FAILED)
    is_race = challenge.mode == Mode.RACE
    floor = rules.setting(session, "score_floor_race" if is_race else "score_floor", at=at)
    found = ranking.outcome(ranked, floor=floor, most=_most(session, challenge, at=at))
    if not found.winners:
        return Proposal((), None, BELOW_FLOOR)
    for one in ranked:
        bid = session.get_one(Bid, one.bid_id)
        bid.state = BidState.LOST
        if bid.id in found.winners:
            bid.state = BidState.PROPOSED
        elif bid.id == found.reserve:
            bid.state = BidState.RESERVE
    challenge.state = ChallengeState.PROPOSED
    session.flush()
    return Proposal(found.winners, found.reserve, None)


def announce(session: Session, challenge: Challenge) -> None:
    """公示: the proposal is approved and goes public."""
    challenges.hold(session, challenge)
    challenges.expect(challenge, ChallengeState.PROPOSED)
    challenge.state = ChallengeState.IN_PUBLICITY
    for bid in _of_listing(session, challenge, (BidState.PROPOSED,)):
        bid.state = BidState.IN_PUBLICITY
    session.flush()


@publicities.snapshot("challenge")
def _result(session: Session, challenge_id: int) -> Snapshot:
    """The result of a selection: who is proposed, who is the reserve, every rank and mean."""
    challenge = session.get_one(Challenge, challenge_id)
    rows = [
        {
            "rank": one.rank,
            "leader": one.bid.leader.name,
            "unit": one.bid.unit.name,
            "mean": str(one.mean),
            "proposed": one.bid.state == BidState.IN_PUBLICITY,
            "reserve": one.bid.state == BidState.RESERVE,
        }
        for one in ranks(session, challenge)
    ]
    winners = _of_listing(session, challenge, (BidState.IN_PUBLICITY,))
    parties = {member.user_id for bid in winners for member in bid.members}
    content = {"no": challenge.no, "title": challenge.title, "level": challenge.level, "bids": rows}
    return Snapshot(f"{challenge.title}（定帅）", challenge.id, content, frozenset(parties))


def award(session: Session, challenge: Challenge) -> list[Project]:
    """定帅: the proposed bids win and become projects, the best first; every team is told where it stands.

    Raises Conflict unless the notice has run out, and while an objection is open.
    """
    challenges.hold(session, challenge)
    challenges.expect(challenge, ChallengeState.IN_PUBLICITY)
    if publicities.is_frozen(session, f"challenge:{challenge.id}"):
        raise Conflict("公示期未满，或者还有异议没有办结，不能定帅。")
    winners = _of_listing(session, challenge, (BidState.IN_PUBLICITY,))
    places = {one.bid_id: one.rank for one in ranks(session, challenge)}
    made = [
        projects.create(session, bid, awarded_at=clock.now())
        for bid in sorted(winners, key=lambda one: places[one.id])
    ]
    challenge.state = ChallengeState.AWARDED
    session.flush()
    tell_teams(session, challenge)
    return made


def tell_teams(session: Session, challenge: Challenge) -> None:
    """Tell each reviewed team its own mean and rank, and where it finds what the panel said of it."""
    for one in ranks(session, challenge):
        bid = one.bid
        won = "中榜" if bid.state == BidState.WON else "未中榜"
        text = f"《{challenge.title}》评审结果：{won}，平均分 {one.mean}，排名第 {one.rank}。"
        notices.send(session, bid.leader_id, text=text, link=f"/bids/{bid.id}", kind="bid")


def call_off(session: Session, challenge: Challenge) -> None:
    """撤榜 while the selection runs: a notice that is still open ends, and the teams are told."""
    publicities.call_off(session, f"challenge:{challenge.id}")
    for bid in _of_listing(session, challenge, (*challenges.IN_REVIEW, BidState.LOST, BidState.WITHDRAWN)):
        text = f"《{challenge.title}》已撤榜，评审终止。"
        notices.send(session, bid.leader_id, text=text, link=f"/challenges/{challenge.id}", kind="bid")


def ranks(session: Session, challenge: Challenge) -> Sequence[BidRank]:
    """The ranks that the latest panel gave the bids of the present listing, the best first."""
    panel = panels.latest(session, challenge)
    if panel is None:
        return []
    query = (
        select(BidRank).join(Bid).where(BidRank.panel_id == panel.id, Bid.listing == challenge.relist_count)
    )
    shown = joinedload(BidRank.bid).options(
        joinedload(Bid.leader).joinedload(User.unit), selectinload(Bid.members)
    )
    return session.scalars(query.order_by(BidRank.rank).options(shown)).all()


def _most(session: Session, challenge: Challenge, *, at: dt.datetime | None) -> int:
    """How many bids may win."""
    if challenge.mode == Mode.RACE:
        return rules.days(session, "race_winners_max", at=at)
    return challenge.max_winners if challenge.mode == Mode.MULTI else 1


def _keep(session: Session, panel: Panel, ranked: Sequence[ranking.Ranked]) -> None:
    """Write the ranks of ``panel`` in place of those it gave before."""
    session.execute(delete(BidRank).where(BidRank.panel_id == panel.id))
    session.add_all(
        BidRank(
            panel_id=panel.id,
            bid_id=one.bid_id,
            rank=one.rank,
            mean=ranking.shown(one.mean),
            criteria={name: str(ranking.shown(points)) for name, points in one.criteria.items()},
        )
        for one in ranked
    )
    session.flush()


def _of_listing(session: Session, challenge: Challenge, states: Sequence[BidState]) -> Sequence[Bid]:
    """The bids of the present listing that are in one of ``states``."""
    query = select(Bid).where(
        Bid.challenge_id == challenge.id, Bid.listing == challenge.relist_count, Bid.state.in_(states)
    )
    return session.scalars(query.order_by(Bid.id)).all()
