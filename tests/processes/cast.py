"""The people of one campaign and what they usually do, so that a test says only what is special about it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories, play
from workflows import clock, watch, work
from workflows.db import Database
from workflows.domain import bids, permissions
from workflows.engine.tables import OPEN, Process, ProcessKey, WorkItem
from workflows.models import Bid, Challenge, EligibilityCheck, User

LAST_DAY = dt.date(2026, 12, 10)  # of the bidding that ``post`` opens
CLOSING = clock.end_of(LAST_DAY)
MARKER = "电伴热改造与自动注醇"  # stands in every bid document, and nowhere else


BUDGET = 10_000_000  # 10 万元: functional review, vice head and joint signature approve it
SMALL = {"cross_units": 1, "budget_fen": 4_000_000}  # level C: approved by the heads of the sponsor alone
INDICATOR = {
    "name": "冻堵次数",
    "measure": "次",
    "baseline": "40",
    "op": "≤",
    "target": "10",
    "hard": True,
}
FUNCTIONAL = ("finance", "hr", "hse", "production")
ROLES = ("office", "supervision", *FUNCTIONAL, "vice_head", "party_committee", "exec_meeting", "admin")


@dataclass(frozen=True)
class Cast:
    """The ids of everybody who takes part; the plant's own heads are ``secretary`` and ``director``."""

    office: int
    supervision: int
    finance: int
    hr: int
    hse: int
    production: int
    vice_head: int
    party_committee: int
    exec_meeting: int
    admin: int
    secretary: int
    director: int
    party_lead: int
    admin_lead: int
    leader: int
    party_secretary: int
    admin_head: int
    members: tuple[int, ...]
    unit_id: int
    sponsor_unit_id: int


def gather(database: Database) -> Cast:
    """Install the shipped processes in ``database`` and bring in everybody."""
    watch.install(database)
    with database.transaction() as session:
        home, other, plant = (factories.unit(session) for _ in range(3))

        def one(*roles: str, of: Any = home) -> int:
            return factories.user(session, of=of, roles=roles).id

        return Cast(
            **{role: one(role, of=plant) for role in ROLES},
            secretary=one("party_secretary", of=plant),
            director=one("admin_head", of=plant),
            party_lead=one("party_secretary@", of=other),
            admin_lead=one("admin_head@", of=other),
            leader=one(),
            party_secretary=one("party_secretary@"),
            admin_head=one("admin_head@"),
            members=tuple(one() for _ in range(4)),
            unit_id=home.id,
            sponsor_unit_id=other.id,
        )


def posting(cast: Cast, **changes: Any) -> dict[str, Any]:
    """The values of the posting form: a challenge of level B, open until LAST_DAY, with one hard indicator."""
    values = {
        "category": "生产所需",
        "title": "降低冬季冻堵次数",
        "background": "冬季夜间井口频繁冻堵。",
        "cross_units": 2,
        "sponsor_unit_id": cast.sponsor_unit_id,
        "party_lead_id": cast.party_lead,
        "admin_lead_id": cast.admin_lead,
        "bid_to": LAST_DAY.isoformat(),
        "deadline": "2027-10-31",
        "budget_fen": BUDGET,
        "indicators": [{**INDICATOR, "verifier_unit_id": cast.sponsor_unit_id}],
    }
    return values | changes


def submit(database: Database, cast: Cast, **changes: Any) -> int:
    """Post a challenge, which goes to its approval; its id."""
    path = play.act(database, "post_challenge", by=cast.office, **posting(cast, **changes))
    play.settle(database)
    return int(path.rpartition("/")[2])


def post(database: Database, cast: Cast, **changes: Any) -> int:
    """Post a challenge and have it approved by all, which publishes it; its id."""
    challenge_id = submit(database, cast, **changes)
    approve(database, publishing(database, challenge_id))
    return challenge_id


def approve(database: Database, process: int) -> None:
    """Let everybody agree whom the approval in ``process`` asks, stage by stage, until it has ended."""
    while items := signing(database, process):
        for item_id, role, user_id in items:
            with database.transaction() as session:
                values = signature(session, role, uploader=user_id)
                work.complete(session, item_id, values, actor=session.get_one(User, user_id))


def signing(database: Database, process: int) -> list[tuple[int, str, int]]:
    """The open items of the approval in ``process``: id, role, and a person who may do it."""
    with database.read() as session:
        query = select(WorkItem).where(WorkItem.process_id == process, WorkItem.step == "approval.sign")
        items = session.scalars(query.where(WorkItem.status == OPEN).order_by(WorkItem.id)).all()
        return [(item.id, item.role, _holder(session, item.audience)) for item in items]


def _holder(session: Session, audience: str) -> int:
    kind, _, rest = audience.partition(":")
    if kind == "user":
        return int(rest)
    role, _, unit = rest.partition("@")
    return permissions.holders(session, role, int(unit) if unit else None)[0].id


def signature(session: Session, role: str, *, uploader: int, **changes: Any) -> dict[str, Any]:
    """The values with which ``role`` agrees in an approval."""
    values: dict[str, Any] = {"decision": "agreed"}
    if role == "finance":
        values |= {"budget_ok": True, "reward_source": "科技专项"}
    if role == "hr":
        values |= {"pool_ok": True}
    if role in ("party_committee", "exec_meeting"):
        minutes = factories.stored_file(session, by=session.get_one(User, uploader)).id
        values |= {
            "meeting_no": "2026-21",
            "held_on": "2026-11-20",
            "resolution": "同意发榜。",
            "minutes": [minutes],
        }
        values |= {"should": 9, "present": 8, "in_favour": 7, "against": 0, "abstain": 1}
    if role == "office":
        reply = factories.stored_file(session, by=session.get_one(User, uploader)).id
        values |= {"reply_no": "油气〔2026〕8号", "reply": [reply]}
    return values | changes


def team(leader: int, *members: int) -> list[dict[str, Any]]:
    """The rows of the team form."""
    rows = [{"user_id": leader, "role": "leader", "workload_pct": 40}]
    return rows + [{"user_id": member, "role": "core", "workload_pct": 20} for member in members]


def document(database: Database, challenge_id: int, *, pledged: str = "8") -> dict[str, Any]:
    """The values of the writing form."""
    with database.read() as session:
        indicator_id = session.get_one(Challenge, challenge_id).indicators[0].id
    return {
        "tech_route": f"井口{MARKER}，分三步实施。",
        "milestones": [
            {"name": "设计", "offset_days": 60, "deliverable": "设计报告", "pay_pct": 40},
            {"name": "投用", "offset_days": 200, "deliverable": "运行记录", "pay_pct": 60},
        ],
        "budget_lines": [{"item": "材料", "amount_fen": 80_000_000}],
        "pledge": [{"indicator_id": indicator_id, "value": pledged}],
    }


def begin_bid(database: Database, challenge_id: int, *, leader: int) -> int:
    """我要揭榜; the id of the process."""
    return play.start(database, "bid", by=leader, challenge_id=challenge_id).process_id


def write(database: Database, cast: Cast, challenge_id: int, process: int, **changes: Any) -> None:
    """Form the team, let everybody confirm, write the document and send it to be signed."""
    play.complete(
        database, "bid.form_team", by=cast.leader, process=process, members=team(cast.leader, *cast.members)
    )
    for member in cast.members:
        play.complete(database, "bid.confirm", by=member, process=process, accept=True)
    put_down(database, challenge_id, process, by=cast.leader, **changes)


def put_down(database: Database, challenge_id: int, process: int, *, by: int, **changes: Any) -> None:
    """Write the document and send it on to be signed."""
    content = document(database, challenge_id, **changes)
    play.complete(database, "bid.write", by=by, process=process, **content)
    play.complete(database, "bid.send_to_sign", by=by, process=process, proceed=True)


def sign(database: Database, cast: Cast, process: int) -> None:
    """Let both heads agree, which seals the bid."""
    for head in (cast.party_secretary, cast.admin_head):
        play.complete(database, "bid.sign", by=head, process=process, agree=True)


def seal_bid(database: Database, cast: Cast, challenge_id: int, **changes: Any) -> int:
    """A sealed bid; the id of its process."""
    process = begin_bid(database, challenge_id, leader=cast.leader)
    write(database, cast, challenge_id, process, **changes)
    sign(database, cast, process)
    return process


def open_bids(database: Database, cast: Cast) -> None:
    """Let the bidding end, and office and supervision open what was sealed."""
    play.wait_until(database, CLOSING)
    for one in (cast.office, cast.supervision):
        play.complete(database, "selection.open", by=one, confirmed=True, witness="王监督")
    play.settle(database)


def review(database: Database, cast: Cast, process: int, **refusing: str) -> None:
    """Let all four departments review; ``refusing`` names those that refuse, with "cure" or "refuse"."""
    for role in ("office", "hr", "hse", "supervision"):
        how = refusing.get(role)
        values = {
            "passed": how is None,
            "opinion": "" if how is None else "材料不全",
            "cure_allowed": how == "cure",
        }
        play.complete(database, "bid.review", by=getattr(cast, role), process=process, **values)
    play.settle(database)


def publishing(database: Database, challenge_id: int) -> int:
    """The id of the process that publishes a challenge."""
    with database.read() as session:
        query = select(Process.id).join(ProcessKey, ProcessKey.process_id == Process.id)
        query = query.where(Process.name == "publish", ProcessKey.key == "challenge_id")
        return session.scalars(query.where(ProcessKey.value == str(challenge_id))).one()


def bid_states(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Bid.state).order_by(Bid.id)))


def challenge_state(database: Database, challenge_id: int) -> str:
    with database.read() as session:
        return session.get_one(Challenge, challenge_id).state


def findings(database: Database) -> list[tuple[str, str, str]]:
    """Stage, code and severity of every finding on record."""
    with database.read() as session:
        rows = session.scalars(select(EligibilityCheck).order_by(EligibilityCheck.id))
        return [(row.stage, row.code, row.severity) for row in rows]


def readers(database: Database, cast: Cast) -> dict[str, bool]:
    """Who can read the document of the only bid now; False too for who may not even see the bid."""
    people = (
        "leader",
        "party_secretary",
        "admin_head",
        "office",
        "supervision",
        "hr",
        "hse",
        "admin",
        "party_lead",
    )
    with database.read() as session:
        bid = session.scalars(select(Bid)).one()
        who = {name: session.get_one(User, getattr(cast, name)) for name in people}
        who["member"] = session.get_one(User, cast.members[0])
        return {name: bids.document(session, bid, actor=user) is not None for name, user in who.items()}
