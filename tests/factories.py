"""Plain functions that put one thing into the database. Each takes the session first and returns what it made."""

import datetime as dt
import itertools
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from workflows import clock, seal
from workflows.models import (
    BEFORE_PUBLICATION,
    Bid,
    BidState,
    Category,
    Challenge,
    ChallengeState,
    Indicator,
    Milestone,
    Notice,
    PledgedValue,
    Project,
    ProjectMember,
    ProjectState,
    RoleGrant,
    SealKey,
    StoredFile,
    TeamMember,
    Unit,
    User,
)

PASSWORD = "a long enough password"

_numbers = itertools.count(1)


@lru_cache(maxsize=1)
def _hash() -> str:
    """Argon2 with the least work: what is tested is not its strength."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def unit(session: Session, *, name: str = "", code: str = "") -> Unit:
    number = next(_numbers)
    made = Unit(code=code or f"U{number}", name=name or f"采气{number}队")
    session.add(made)
    session.flush()
    return made


def user(
    session: Session,
    *,
    login: str = "",
    name: str = "",
    of: Unit | None = None,
    roles: Sequence[str] = (),
) -> User:
    """Somebody who signs in with PASSWORD. ``roles`` are "office" for the plant, "hse@" for the own unit."""
    number = next(_numbers)
    home = of or unit(session)
    made = User(
        login=login or f"user{number}", name=name or f"员工{number}", unit_id=home.id, password_hash=_hash()
    )
    made.grants = [
        RoleGrant(role=role.removesuffix("@"), unit_id=home.id if role.endswith("@") else None)
        for role in roles
    ]
    session.add(made)
    session.flush()
    return made


def challenge(
    session: Session,
    *,
    title: str = "降低冬季冻堵次数",
    state: ChallengeState = ChallengeState.PUBLISHED,
    days_open: int = 20,
    hard: bool = False,
) -> Challenge:
    """A challenge with one indicator and its seal; open for ``days_open`` more days when published."""
    number = next(_numbers)
    published = state not in BEFORE_PUBLICATION
    made = Challenge(
        no=f"TRQ-2026-S{number:04d}" if published else None,
        category=Category.PRODUCTION,
        title=title,
        background="冬季夜间井口频繁冻堵，影响供气。",
        level="B",
        sponsor_unit_id=unit(session).id,
        party_lead_id=user(session).id,
        admin_lead_id=user(session).id,
        deadline=dt.date(2027, 10, 31),
        budget_fen=120_000_000,
        state=state,
        published_at=clock.now() if published else None,
        rules_at=clock.now() if published else None,
        bid_to=clock.end_of(clock.today() + dt.timedelta(days=days_open)),
    )
    made.indicators = [
        Indicator(
            seq=1,
            name="冻堵次数",
            measure="次",
            baseline=Decimal(40),
            target=Decimal(10),
            op="≤",
            verifier_unit_id=unit(session).id,
            hard=hard,
        )
    ]
    session.add(made)
    session.flush()
    session.add(SealKey(challenge_id=made.id, wrapped=seal.new_key()))
    session.flush()
    return made


def bid(session: Session, *, on: Challenge, leader: User, state: BidState = BidState.DRAFT) -> Bid:
    """A bid without a process, with its leader as the only member."""
    made = Bid(challenge_id=on.id, leader_id=leader.id, unit_id=leader.unit_id, state=state)
    made.members = [
        TeamMember(seq=1, user_id=leader.id, role="leader", workload_pct=30, confirmed_at=clock.now())
    ]
    session.add(made)
    session.flush()
    return made


def join(session: Session, bid: Bid, *people: User) -> None:
    """Put ``people`` on the team of ``bid``, confirmed."""
    for seq, one in enumerate(people, start=len(bid.members) + 1):
        member = TeamMember(seq=seq, user_id=one.id, role="core", workload_pct=10, confirmed_at=clock.now())
        bid.members.append(member)
    session.flush()


def notice(session: Session, *, to: User, text: str = "榜单已发布", link: str = "/challenges") -> Notice:
    made = Notice(user_id=to.id, text=text, link=link, created_at=clock.now())
    session.add(made)
    session.flush()
    return made


def project(
    session: Session,
    *,
    on: Challenge | None = None,
    leader: User | None = None,
    members: Sequence[User] = (),
    state: ProjectState = ProjectState.RUNNING,
    due: Sequence[dt.date] = (),
) -> Project:
    """The project of a won bid that pledges what the challenge asks; ``due`` are the days of its nodes."""
    listed = on or challenge(session, state=ChallengeState.EXECUTING)
    head = leader or user(session)
    won = bid(session, on=listed, leader=head, state=BidState.WON)
    won.pledges = [PledgedValue(indicator_id=one.id, value=one.target) for one in listed.indicators]
    made = Project(
        challenge=listed,
        bid=won,
        leader=head,
        unit_id=head.unit_id,
        party_lead_id=listed.party_lead_id,
        admin_lead_id=listed.admin_lead_id,
        state=state,
        awarded_at=clock.now(),
        started_on=clock.today(),
        deadline=listed.deadline,
        budget_fen=listed.budget_fen,
        rules_at=listed.published_at or clock.now(),
    )
    made.members = [
        ProjectMember(
            seq=seq,
            user_id=one.id,
            role="leader" if one is head else "core",
            workload_pct=30,
            joined_on=clock.today(),
        )
        for seq, one in enumerate((head, *members), start=1)
    ]
    made.milestones = [
        Milestone(
            seq=seq, name=f"节点{seq}", deliverable="报告", pay_pct=100 // len(due), plan_due=day, cur_due=day
        )
        for seq, day in enumerate(due, start=1)
    ]
    session.add(made)
    session.flush()
    return made


def stored_file(session: Session, *, by: User, name: str = "会议纪要.pdf") -> StoredFile:
    """An uploaded file without its content."""
    number = next(_numbers)
    made = StoredFile(
        digest=f"{number:064x}",
        wrapped=seal.new_key(),
        size=1,
        name=name,
        media_type="application/pdf",
        uploaded_by_id=by.id,
        uploaded_at=clock.now(),
    )
    session.add(made)
    session.flush()
    return made
