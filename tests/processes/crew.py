"""A project under way and the people around it, for the processes that begin long after the bids."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tests import factories, play
from tests.processes.cast import Cast
from workflows.db import Database
from workflows.engine.registry import Started
from workflows.engine.runtime import Run
from workflows.engine.tables import Process
from workflows.models import ActionItem, Challenge, Meeting, Project, ProjectState, User

DUES = (dt.date(2027, 3, 31), dt.date(2027, 10, 29))


@dataclass(frozen=True)
class Crew:
    """Ids: the project, and who is asked about it beside the cast."""

    project_id: int
    challenge_id: int
    finance: int
    vice_head: int
    chief: int  # the plant's administrative head
    secretary: int  # the plant's Party secretary
    party_committee: int
    sponsor_head: int


def gather(
    database: Database, cast: Cast, *, state: ProjectState = ProjectState.RUNNING, level: str = "B"
) -> Crew:
    """A project of level ``level`` that ``cast.leader`` leads with ``cast.members``, due in a year."""
    with database.transaction() as session:
        plant = factories.unit(session)
        sponsor = session.get_one(User, cast.party_lead).unit
        leader, *members = (session.get_one(User, one) for one in (cast.leader, *cast.members))
        listed = factories.challenge(session)
        listed.level, listed.sponsor_unit_id = level, sponsor.id
        listed.party_lead_id, listed.admin_lead_id = cast.party_lead, cast.admin_lead
        session.flush()
        project = factories.project(session, on=listed, leader=leader, members=members, state=state, due=DUES)

        def one(role: str, of: Any = plant) -> int:
            return factories.user(session, of=of, roles=[role]).id

        return Crew(
            project_id=project.id,
            challenge_id=listed.id,
            finance=one("finance"),
            vice_head=one("vice_head"),
            chief=one("admin_head"),
            secretary=one("party_secretary"),
            party_committee=one("party_committee"),
            sponsor_head=one("admin_head@", sponsor),
        )


def begin(database: Database, name: str, **data: Any) -> int:
    """Start a process that only others call or messages start; its id."""
    with database.transaction() as session:
        return Run.begin(session, name, Started(name, "/", data), actor_id=None).process.id


def newest(database: Database, name: str) -> int:
    """The id of the process of that name that was started last."""
    with database.read() as session:
        return (
            session.scalars(
                select(Process.id).where(Process.name == name).order_by(Process.id.desc())
            ).first()
            or 0
        )


def project(database: Database, crew: Crew) -> Project:
    """The project as it stands, with nothing else loaded."""
    with database.read() as session:
        return session.get_one(Project, crew.project_id)


def meeting(database: Database) -> Meeting:
    """The meeting that was opened last."""
    with database.read() as session:
        return session.scalars(select(Meeting).order_by(Meeting.id.desc())).first() or Meeting()


def items(database: Database) -> list[ActionItem]:
    with database.read() as session:
        return list(session.scalars(select(ActionItem).order_by(ActionItem.id)))


def rows(*user_ids: int) -> list[dict[str, int]]:
    """A table of people as the forms have it."""
    return [{"user_id": one} for one in user_ids]


def challenge(database: Database, crew: Crew) -> Challenge:
    with database.read() as session:
        return session.get_one(Challenge, crew.challenge_id)


def call_meeting(database: Database, cast: Cast, process: int, *, by: int) -> None:
    """Send the invitations of a meeting for tomorrow."""
    values = {
        "agenda": "协调电伴热停电窗口",
        "place": "三楼会议室",
        "planned_at": "2026-11-24T09:00:00+08:00",
        "attendees": rows(cast.party_lead, cast.leader),
    }
    play.complete(database, "meeting.call", by=by, process=process, **values)


def minutes(cast: Cast, *owners: int, **changes: Any) -> dict[str, Any]:
    """The values of the minutes of a meeting held on the Monday, with an action item for each of ``owners``."""
    given = [{"what": "落实停电窗口", "owner_id": one, "due_on": "2026-11-30"} for one in owners]
    values = {
        "held_on": "2026-11-23",
        "present": rows(cast.party_lead, cast.leader),
        "summary": "通报进展，协调停电窗口。",
        "decisions": [{"text": "十二月第一周停电两天"}],
        "items": given,
    }
    return {**values, **changes}
