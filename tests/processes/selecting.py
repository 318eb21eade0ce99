"""A list whose bids were found eligible, and everything that people do with it until a project is awarded."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories, play
from tests.processes import cast as play_cast
from tests.processes.cast import Cast
from workflows import clock
from workflows.db import Database
from workflows.engine.tables import Message, Process
from workflows.models import (
    Bid,
    BidRank,
    BidState,
    Challenge,
    ChallengeState,
    Expert,
    Notice,
    Panel,
    PanelMember,
    Project,
    Publicity,
    RoleGrant,
    SeatState,
    User,
)

Marks = Callable[[int, int], int | str]  # place of the bid and of the seat, from 0 -> every score


@dataclass(frozen=True)
class Selecting:
    """One selection under way: ids."""

    database: Database
    cast: Cast
    challenge_id: int
    bid_ids: tuple[int, ...]
    expert_ids: tuple[int, ...]
    process: int


def begin(
    database: Database,
    cast: Cast,
    *,
    teams: int = 2,
    experts: int = 9,
    refused: int = 0,
    opened: bool = True,
    **challenge: Any,
) -> Selecting:
    """The selection of ``teams`` eligible and ``refused`` ineligible bids, at the draw unless ``opened`` is off.

    Level C, so that five seats are drawn, unless ``challenge`` says otherwise. Every expert has a unit of their own.
    """
    with database.transaction() as session:
        listed = factories.challenge(session, state=ChallengeState.BIDDING_CLOSED)
        listed.rules_at, listed.sponsor_unit_id = clock.now(), cast.sponsor_unit_id
        listed.party_lead_id, listed.admin_lead_id = cast.party_lead, cast.admin_lead
        for name, value in ({"level": "C", "budget_fen": 3_000_000} | challenge).items():
            setattr(listed, name, value)
        states = [BidState.ELIGIBLE] * teams + [BidState.INELIGIBLE] * refused
        bids = [_bid(session, listed, state, place) for place, state in enumerate(states)]
        people = [factories.user(session) for _ in range(experts)]
        session.add_all(Expert(user_id=one.id, fields=["冻堵"]) for one in people)
        session.flush()
        ids = listed.id, tuple(one.id for one in bids), tuple(one.id for one in people)
    play.send(
        database, "MSG_SELECTION_BEGUN", key="challenge_id", challenge_id=ids[0], **_carried(database, ids[0])
    )
    with database.read() as session:
        process = session.scalars(select(Process.id).where(Process.name == "selection")).all()[-1]
    made = Selecting(database, cast, *ids, process)
    if opened:
        open_bids(made)
    return made


def _carried(database: Database, challenge_id: int) -> dict[str, Any]:
    with database.read() as session:
        one = session.get_one(Challenge, challenge_id)
        return {"level": one.level, "sponsor_unit_id": one.sponsor_unit_id, "rules_at": None}


def _bid(session: Session, listed: Challenge, state: BidState, place: int) -> Bid:
    leader = factories.user(session)
    made = factories.bid(session, on=listed, leader=leader, state=state)
    made.sealed_at = made.opened_at = clock.now() + dt.timedelta(minutes=place)
    made.tech_route = f"{leader.name}提出第{place + 1}条路线，由{leader.unit.name}实施。"
    return made


def open_bids(made: Selecting) -> None:
    """开榜, and the first of the results, with which all are there."""
    for one in (made.cast.office, made.cast.supervision):
        act(made, "open", one, confirmed=True, witness="王监督")
    play.send(
        made.database,
        "MSG_BID_ELIGIBLE",
        key="challenge_id",
        challenge_id=made.challenge_id,
        bid_id=made.bid_ids[0],
    )


def act(made: Selecting, step: str, by: int, **values: Any) -> None:
    """As ``by`` do the step selection.``step``."""
    play.complete(made.database, f"selection.{step}", by=by, process=made.process, **values)


def confirm_draw(made: Selecting) -> None:
    for one in (made.cast.office, made.cast.supervision):
        act(made, "confirm_draw", one, confirmed=True)


def declare(made: Selecting, **conflicts: Any) -> None:
    """Let everybody who is asked declare; ``conflicts`` maps "u7" (id of an expert) to the relation with bid 0."""
    for expert in asked(made, "selection.declare"):
        kind = conflicts.get(f"u{expert}")
        rows: list[dict[str, Any]] = [{"bid_id": one} for one in made.bid_ids if _is_reviewed(made, one)]
        if kind:
            rows[0] |= {"conflict": True, "kind": kind, "note": "本人申报"}
        act(made, "declare", expert, rows=rows)


def seat_panel(made: Selecting) -> None:
    """Confirm the draw and declare no conflict."""
    confirm_draw(made)
    declare(made)


def preview(made: Selecting) -> None:
    with made.database.read() as session:
        labels = [one.label for one in _panel(session, made).slots]
    for expert in asked(made, "selection.preview"):
        act(made, "preview", expert, rows=[{"label": one, "text": "可行"} for one in labels])


def sheet(bid_id: int, points: int | str, **changes: Any) -> dict[str, Any]:
    """A row of the score form with the same score everywhere."""
    names = ("tech", "pledge", "team", "schedule", "money", "safety")
    return {"bid_id": bid_id, **dict.fromkeys(names, points), "remark": "评语"} | changes


def score(made: Selecting, marks: Marks) -> None:
    """Let every seat score every bid that is reviewed."""
    reviewed = [one for one in made.bid_ids if _is_reviewed(made, one)]
    for seat, expert in enumerate(asked(made, "selection.score")):
        rows = [sheet(one, marks(made.bid_ids.index(one), seat)) for one in reviewed]
        act(made, "score", expert, rows=rows)


def keep_flagged(made: Selecting) -> None:
    for expert in asked(made, "selection.reconsider"):
        act(made, "reconsider", expert)


def vote(made: Selecting, *, should: int = 9, present: int = 9, in_favour: int = 9) -> None:
    values = {"should": should, "present": present, "in_favour": in_favour}
    act(made, "vote", made.cast.office, **values, against=present - in_favour, abstain=0)
    act(made, "confirm_vote", made.cast.supervision, agree="true")


def review(made: Selecting, marks: Marks, **votes: int) -> None:
    """From the draw to the vote."""
    seat_panel(made)
    preview(made)
    score(made, marks)
    keep_flagged(made)
    vote(made, **votes)
    play.settle(made.database)


def publish(made: Selecting) -> int:
    """Let everybody approve the proposal; the id of the notice that follows."""
    play_cast.approve(made.database, made.process)
    return publicity(made)


def publicity(made: Selecting) -> int:
    with made.database.read() as session:
        return session.scalars(select(Publicity.id).order_by(Publicity.id.desc())).first() or 0


def end_of_notice(made: Selecting) -> dt.datetime:
    with made.database.read() as session:
        return session.get_one(Publicity, publicity(made)).ends_at


def run_out(made: Selecting) -> None:
    """Let the days of the notice go by."""
    play.wait_until(made.database, end_of_notice(made))


def asked(made: Selecting, step: str) -> list[int]:
    """The users whose items of ``step`` are open, by seat."""
    with made.database.read() as session:
        items = [one for one in play.all_items(session, made.process) if one.step == step]
        return [int(one.audience.removeprefix("user:")) for one in items if one.status == "open"]


def seats(made: Selecting) -> list[int]:
    """Who holds the seats of the latest panel."""
    with made.database.read() as session:
        panel = _panel(session, made)
        held = select(PanelMember.user_id).where(PanelMember.panel_id == panel.id)
        held = held.where(PanelMember.state != SeatState.REPLACED).order_by(PanelMember.seat)
        return list(session.scalars(held))


def states(made: Selecting) -> list[str]:
    """The state of each bid."""
    with made.database.read() as session:
        return [session.get_one(Bid, one).state for one in made.bid_ids]


def state(made: Selecting) -> str:
    return play_cast.challenge_state(made.database, made.challenge_id)


def means(made: Selecting) -> list[tuple[int, str]]:
    """Place and mean of the bids as last ranked, the best first; places count from 0."""
    with made.database.read() as session:
        panel = _panel(session, made)
        rows = session.scalars(select(BidRank).where(BidRank.panel_id == panel.id).order_by(BidRank.rank))
        return [(made.bid_ids.index(one.bid_id), str(one.mean)) for one in rows]


def awarded(made: Selecting) -> list[int]:
    """The places of the bids that became projects."""
    with made.database.read() as session:
        query = select(Project.bid_id).where(Project.challenge_id == made.challenge_id).order_by(Project.id)
        return [made.bid_ids.index(one) for one in session.scalars(query)]


def sent(made: Selecting, names: Sequence[str]) -> list[str]:
    """Those of ``names`` that were sent as messages, in order."""
    with made.database.read() as session:
        query = select(Message.name).where(Message.name.in_(names)).order_by(Message.id)
        return list(session.scalars(query))


def user(made: Selecting, user_id: int) -> User:
    with made.database.read() as session:
        return session.get_one(User, user_id)


def bid(session: Session, made: Selecting, place: int) -> Bid:
    return session.get_one(Bid, made.bid_ids[place])


def leaders(made: Selecting) -> list[int]:
    """The ids of the leaders of the bids."""
    with made.database.read() as session:
        return [session.get_one(Bid, one).leader_id for one in made.bid_ids]


def told(made: Selecting, user_id: int) -> list[str]:
    """The notices to one person, in order."""
    with made.database.read() as session:
        return list(session.scalars(select(Notice.text).where(Notice.user_id == user_id).order_by(Notice.id)))


def seats_drawn(made: Selecting) -> int:
    with made.database.read() as session:
        return len(session.scalars(select(PanelMember.id)).all())


def grant(session: Session, user_id: int, role: str) -> None:
    """Give somebody one more role for the whole plant."""
    session.add(RoleGrant(user_id=user_id, role=role))


def _panel(session: Session, made: Selecting) -> Panel:
    query = select(Panel).where(Panel.challenge_id == made.challenge_id).order_by(Panel.id.desc())
    return session.scalars(query.limit(1)).one()


def _is_reviewed(made: Selecting, bid_id: int) -> bool:
    with made.database.read() as session:
        return session.get_one(Bid, bid_id).state == BidState.REVIEWING
