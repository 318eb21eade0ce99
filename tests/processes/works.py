"""The people who sign, verify and pay a project, and what they usually do, from the award to the last node."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tests import factories, play
from tests.processes import crew as around
from tests.processes.cast import Cast
from tests.processes.crew import Crew
from workflows import clock
from workflows.db import Database
from workflows.models import Challenge, Milestone, Project, ProjectState, User

TODAY = "2026-11-23"


@dataclass(frozen=True)
class Works:
    """Ids of those who work on the project of ``crew`` beside it and the cast."""

    crew: Crew
    sponsor: int
    verifier: int
    file_id: int  # uploaded by the leader

    @property
    def project_id(self) -> int:
        return self.crew.project_id


def gather(database: Database, cast: Cast, *, state: ProjectState) -> Works:
    """The crew's project, not yet begun, with a sponsor and a verifier."""
    crew = around.gather(database, cast, state=state)
    with database.transaction() as session:
        project = session.get_one(Project, crew.project_id)
        project.started_on = None
        project.challenge.fixed_award_fen = 5_000_000
        unit = project.challenge.indicators[0].verifier_unit
        sponsor = factories.user(session, of=project.challenge.sponsor_unit, roles=["sponsor@"])
        verifier = factories.user(session, of=unit, roles=["verifier@"])
        file = factories.stored_file(session, by=session.get_one(User, cast.leader))
        return Works(crew, sponsor.id, verifier.id, file.id)


def message(database: Database, works: Works, name: str) -> None:
    """Send a message of the project, and let the jobs deliver it."""
    play.send(database, name, key="project_id", project_id=works.project_id)


def hold_meeting(database: Database, cast: Cast, process: int, *, by: int, **changes: Any) -> None:
    """Call, record and sign today the one meeting that waits in ``process``."""
    people = around.rows(cast.party_lead, cast.leader)
    invitation = {"agenda": "节点情况", "place": "三楼会议室", "attendees": people}
    invitation["planned_at"] = clock.now().isoformat()
    play.complete(database, "meeting.call", by=by, process=process, **invitation)
    values = around.minutes(cast, held_on=clock.today().isoformat(), **changes)
    play.complete(database, "meeting.hold", by=by, process=process, **values)
    play.complete(database, "meeting.sign", by=cast.party_lead, process=process, agree=True)
    play.settle(database)


def submit(database: Database, cast: Cast, works: Works, process: int, *, value: str = "12") -> None:
    """Hand in the node at work, with a file of the leader's."""
    with database.transaction() as session:
        file = factories.stored_file(session, by=session.get_one(User, cast.leader)).id
    values = {
        "summary": "完成设计并通过内部评审",
        "values": [{"indicator_id": indicator_id(database, works), "value": value}],
        "evidence": [file],
    }
    play.complete(database, "delivery.work", by=cast.leader, process=process, **values)


def verify(database: Database, works: Works, process: int, *, agree: bool = True) -> None:
    """Let the verifier and the sponsor verify; the verifier's word is ``agree``."""
    row = {"indicator_id": indicator_id(database, works), "measured": "12", "agree": agree}
    opinion = "" if agree else "数据对不上"
    play.complete(
        database, "delivery.verify", by=works.verifier, process=process, rows=[row], opinion=opinion
    )
    play.complete(database, "delivery.verify", by=works.sponsor, process=process, agree=True)


def assess(
    database: Database, cast: Cast, works: Works, process: int, *, score: str, agree: bool = True
) -> None:
    """Hand the node in, verify it, and give it ``score``."""
    submit(database, cast, works, process)
    verify(database, works, process, agree=agree)
    give_score(database, cast, process, score=score)


def give_score(database: Database, cast: Cast, process: int, *, score: str) -> None:
    """Hold the assessment that waits."""
    hold_meeting(database, cast, process, by=cast.office, score=score, opinion="考核意见")


def release(database: Database, works: Works, process: int) -> None:
    play.complete(database, "delivery.release", by=works.crew.finance, process=process, paid_on=TODAY)


def indicator_id(database: Database, works: Works) -> int:
    with database.read() as session:
        return session.get_one(Project, works.project_id).challenge.indicators[0].id


def project(database: Database, works: Works) -> Project:
    """The project as it stands, with nothing else loaded."""
    return around.project(database, works.crew)


def challenge_state(database: Database, works: Works) -> str:
    with database.read() as session:
        return session.get_one(Challenge, works.crew.challenge_id).state


def nodes(database: Database, works: Works) -> list[Milestone]:
    """The nodes of the project in order."""
    with database.read() as session:
        query = select(Milestone).where(Milestone.project_id == works.project_id)
        return list(session.scalars(query.order_by(Milestone.seq)))


def verifying_unit(database: Database, works: Works) -> int:
    with database.read() as session:
        return session.get_one(Project, works.project_id).challenge.indicators[0].verifier_unit_id
