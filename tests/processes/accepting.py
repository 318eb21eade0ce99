"""A project that has come to its acceptance, and everything that people do with it until it is closed."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tests import factories, play
from tests.processes import crew as around
from tests.processes.cast import Cast
from tests.processes.crew import Crew
from workflows import clock
from workflows.db import Database
from workflows.engine.tables import Message, Process
from workflows.models import (
    Acceptance,
    Challenge,
    Expert,
    Mode,
    Project,
    ProjectState,
    Publicity,
    RaceResult,
    Unit,
    User,
)

STARTED_ON = dt.date(2026, 3, 2)
DEADLINE = dt.date(2026, 11, 20)
CLAIM = {"claim_formula": "少放空气量×气价", "claim_gross_fen": 90_000_000, "claim_cost_fen": 10_000_000}
EXEMPT = {
    **dict.fromkeys(("diligent", "compliant", "honest", "reported", "mitigated"), True),
    "cause": "technical",
    "opinion": "已尽职",
}


@dataclass(frozen=True)
class Accepting:
    """One acceptance under way: ids."""

    database: Database
    cast: Cast
    crew: Crew
    process: int
    acceptance_id: int
    indicator_id: int
    verifier: int
    sponsor: int
    file_id: int  # uploaded by the leader

    @property
    def project_id(self) -> int:
        return self.crew.project_id


def begin(
    database: Database,
    cast: Cast,
    *,
    hard: bool = False,
    measurable: bool = True,
    experts: int = 5,
    rivals: int = 0,
    **challenge: Any,
) -> Accepting:
    """The acceptance of a project of level C, started on STARTED_ON and due on DEADLINE, at its application.

    One indicator, "≤ 10" as pledged. With ``rivals`` it is a race with so many more teams under way.
    """
    crew = around.gather(database, cast, state=ProjectState.ACCEPTING, level="C")
    with database.transaction() as session:
        project = session.get_one(Project, crew.project_id)
        project.started_on, project.deadline = STARTED_ON, DEADLINE
        listed, indicator = project.challenge, project.challenge.indicators[0]
        listed.est_benefit_fen = 80_000_000 if measurable else None
        listed.rules_at = project.rules_at
        for name, value in challenge.items():
            setattr(listed, name, value)
        indicator.hard = hard
        if rivals:
            listed.mode = Mode.RACE
        for _ in range(rivals):
            factories.project(session, on=listed)
        session.add_all(Expert(user_id=factories.user(session).id, fields=["冻堵"]) for _ in range(experts))
        people = {
            "verifier": factories.user(session, of=indicator.verifier_unit, roles=["verifier@"]).id,
            "sponsor": factories.user(session, of=listed.sponsor_unit, roles=["sponsor@"]).id,
            "file_id": factories.stored_file(session, by=session.get_one(User, cast.leader)).id,
            "indicator_id": indicator.id,
        }
    play.send(database, "MSG_READY_ACCEPT", key="project_id", project_id=crew.project_id)
    with database.read() as session:
        acceptance_id = session.scalars(select(Acceptance.id)).all()[-1]
    process = around.newest(database, "acceptance")
    return Accepting(database, cast, crew, process, acceptance_id, **people)


def act(made: Accepting, step: str, by: int, **values: Any) -> None:
    """As ``by`` do the step acceptance.``step``."""
    play.complete(made.database, f"acceptance.{step}", by=by, process=made.process, **values)


def application(made: Accepting, **changes: Any) -> dict[str, Any]:
    """The values of an application that claims to have met the pledge."""
    rows = [{"indicator_id": made.indicator_id, "measured": "9"}]
    return {"report": [made.file_id], "rows": rows, **CLAIM} | changes


def apply(made: Accepting, **changes: Any) -> None:
    act(made, "apply", made.cast.leader, **application(made, **changes))


def check_form(made: Accepting, *, received_on: str = "2026-11-23", **changes: Any) -> None:
    values = {"complete": True, "received_on": received_on} | changes
    act(made, "check_form", made.cast.office, **values)


def verify(made: Accepting, *, measured: str = "9", **audit: Any) -> None:
    """Let all four find what they find."""
    row = {"indicator_id": made.indicator_id, "measured": measured}
    act(made, "verify", made.verifier, rows=[row])
    found = {"method": "按表计气量核算", "net_benefit_fen": 80_000_000} | audit
    act(made, "audit_benefit", made.crew.finance, **found)
    act(made, "safety", made.cast.hse, is_ok=True, opinion="安全措施齐全")
    act(made, "site", made.sponsor, visited_on="2026-11-23", is_ok=True, findings="装置运行正常")


def seat_panel(made: Accepting) -> list[int]:
    """Confirm the draw and declare no conflict; who sits."""
    for one in (made.cast.office, made.cast.supervision):
        play.complete(made.database, "selection.confirm_draw", by=one, process=made.process, confirmed=True)
    row = {"bid_id": project(made).bid_id, "conflict": False}
    for one in asked(made, "selection.declare"):
        play.complete(made.database, "selection.declare", by=one, process=made.process, rows=[row])
    return asked(made, "acceptance.score")


def sheet(points: str, **changes: Any) -> dict[str, Any]:
    """A sheet with the same score everywhere."""
    return {**dict.fromkeys(("targets", "tech", "benefit", "papers", "reach"), points), **changes}


def score(made: Accepting, *points: str) -> None:
    """Draw the panel and let its seats score; the last of ``points`` for all who are left."""
    for place, one in enumerate(seat_panel(made)):
        act(made, "score", one, **sheet(points[min(place, len(points) - 1)]))
    play.settle(made.database)


def reach_verdict(made: Accepting, *points: str, measured: str = "9", **audit: Any) -> None:
    """From the application to the verdict."""
    apply(made)
    check_form(made)
    verify(made, measured=measured, **audit)
    score(made, *points)


def add_expert(made: Accepting, *, unit_id: int | None = None) -> int:
    """One more expert, of the unit or of one of their own."""
    with made.database.transaction() as session:
        person = factories.user(session, of=session.get(Unit, unit_id) if unit_id else None)
        session.add(Expert(user_id=person.id, fields=["冻堵"]))
        return person.id


def assess_liability(made: Accepting) -> None:
    """责任认定 by all who are asked: the team is exempt."""
    for one in (made.cast.office, made.cast.supervision, made.crew.finance):
        play.complete(made.database, "due_diligence.assess", by=one, process=made.process, **EXEMPT)
    play.settle(made.database)


def uphold_objection(made: Accepting) -> None:
    """Somebody objects to the notice, and is found right when its days are over."""
    with made.database.transaction() as session:
        filer = factories.user(session).id
        publicity_id = session.scalars(select(Publicity.id)).one()
    values = {"publicity_id": publicity_id, "is_named": True, "reason": "核验数据有误"}
    play.act(made.database, "object", by=filer, **values)
    play.settle(made.database)

    def done(step: str, by: int, **values: Any) -> None:
        play.complete(made.database, f"publicity.{step}", by=by, process=made.process, **values)

    done("accept", made.cast.supervision, accepted=True)
    for one in (made.cast.supervision, made.sponsor):
        done("investigate", one, findings="数据确有出入", conclusion="upheld")
    done("reply", made.cast.office, letter="异议成立，重新评审。")
    done("ask_review", filer, wants=False)
    play.settle(made.database)
    run_out(made)


def run_out(made: Accepting) -> None:
    """Let the days of the notice go by."""
    with made.database.read() as session:
        ends_at = session.scalars(select(Publicity.ends_at).order_by(Publicity.id.desc())).first()
    play.wait_until(made.database, ends_at or clock.now())


def rectify(made: Accepting, *, agree: bool = True) -> None:
    """Put right what was found; the sponsor agrees, and the office says ``agree``."""
    act(made, "rectify", made.cast.leader, text="补装三套电伴热", evidence=[made.file_id])
    reason = "" if agree else "仍有两口井冻堵"
    act(made, "reaccept", made.cast.office, agree=agree, opinion=reason)
    act(made, "reaccept", made.sponsor, agree=True)
    play.settle(made.database)


def asked(made: Accepting, step: str) -> list[int]:
    """The users whose items of ``step`` are open, in order."""
    with made.database.read() as session:
        items = [one for one in play.all_items(session, made.process) if one.step == step]
        return [int(one.audience.removeprefix("user:")) for one in items if one.status == "open"]


def found(made: Accepting) -> Acceptance:
    """The acceptance as it stands, with nothing else loaded."""
    with made.database.read() as session:
        return session.get_one(Acceptance, made.acceptance_id)


def project(made: Accepting) -> Project:
    return around.project(made.database, made.crew)


def challenge_state(made: Accepting) -> str:
    with made.database.read() as session:
        return session.get_one(Challenge, made.crew.challenge_id).state


def race_result(made: Accepting) -> list[int | None]:
    """The winner of the race, once it is settled."""
    with made.database.read() as session:
        return [one.project_id for one in session.scalars(select(RaceResult))]


def sent(made: Accepting) -> list[str]:
    """The messages that the acceptance has sent, in order."""
    names = ("MSG_RACE_SETTLED", "MSG_ACCEPTED", "MSG_NOT_ACCEPTED", "MSG_POST_EVAL", "MSG_ACTION_ITEM")
    with made.database.read() as session:
        query = select(Message.name).where(Message.name.in_(names)).order_by(Message.id)
        return list(session.scalars(query))


def processes(made: Accepting, name: str) -> list[int]:
    with made.database.read() as session:
        return list(session.scalars(select(Process.id).where(Process.name == name).order_by(Process.id)))
