"""What is measured: a representative process of ten human completions, and a loop, with a row of their own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Mapped, Session, mapped_column

import workflows.steps  # noqa: F401 -- registers what the engine asks of the campaign
from workflows.db import Base, Database
from workflows.engine.definitions import LIBRARY, read_folder
from workflows.engine.registry import Act, Started, Vote, human_step, service_step, start
from workflows.steps.inputs import TaskForm, opinion

DIAGRAMS = Path(__file__).parent / "diagrams"
APPROVAL, LOOP = "bench_approval", "bench_loop"
REVIEWERS = 5
COMPLETIONS = 10  # human completions in the life of one approval: five alone, five votes
OPINION = "材料齐全,方案可行,同意按此办理。"


class BenchRequest(Base):
    """申请: the domain row that every completion changes."""

    __tablename__ = "bench_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    stage: Mapped[str]
    acts: Mapped[int]  # completions so far


class RequestStart(Schema):
    applicant_id = fields.Integer(required=True, strict=True)
    reviewer_ids = fields.List(fields.Integer(strict=True), required=True, validate=validate.Length(1, 50))


class OpinionForm(TaskForm):
    agree = fields.Boolean(required=True)
    opinion = opinion(required=True, longest=500)


def install(database: Database) -> None:
    """Make the diagrams current in this process of the machine, and store them where they are not yet."""
    LIBRARY.install(read_folder(DIAGRAMS))
    with database.transaction() as session:
        LIBRARY.store(session)


def begin(session: Session, _actor: Any, values: Mapping[str, Any]) -> Started:
    request = BenchRequest(title="更换集气站压缩机密封件", stage="started", acts=0)
    session.add(request)
    session.flush()
    data = {**values, "request_id": request.id, "amount": 350_000}
    return Started(request.title, f"/requests/{request.id}", data)


start(APPROVAL, title="申请审批", form=RequestStart)(begin)
start(LOOP, title="循环", form=RequestStart)(begin)


def about(session: Session, data: Mapping[str, Any]) -> BenchRequest:
    return session.get_one(BenchRequest, data["request_id"])


def _move(session: Session, data: Mapping[str, Any], stage: str) -> None:
    request = about(session, data)
    request.stage = stage
    request.acts += 1


@human_step("bench.fill", title="填写申请", form=OpinionForm, about=about)
def fill(act: Act) -> None:
    _move(act.session, act.data, "filled")


@service_step("bench.file")
def file_request(session: Session, data: Mapping[str, Any]) -> None:
    about(session, data).stage = f"filed {data['level']}"


@human_step("bench.check", title="审查申请", form=OpinionForm, about=about)
def check(act: Act) -> dict[str, Any]:
    _move(act.session, act.data, "checked")
    return {"checked": act.values["agree"]}


@human_step("bench.draft", title="编写方案", form=OpinionForm, about=about)
def draft(act: Act) -> None:
    _move(act.session, act.data, "planned")


@human_step("bench.confirm", title="确认方案", form=OpinionForm, about=about)
def confirm(act: Act) -> None:
    _move(act.session, act.data, "confirmed")


@human_step("bench.review", title="专家评审", form=OpinionForm, about=about)
def review(act: Act) -> Vote:
    _move(act.session, act.data, "reviewed")
    return Vote(agree=act.values["agree"])


@human_step("bench.approve", title="批准申请", form=OpinionForm, about=about)
def approve(act: Act) -> None:
    _move(act.session, act.data, "approved")


@service_step("bench.archive")
def archive(session: Session, data: Mapping[str, Any]) -> None:
    about(session, data).stage = "archived"


@service_step("bench.refuse")
def refuse(session: Session, data: Mapping[str, Any]) -> None:
    about(session, data).stage = "refused"


@human_step("bench.turn", title="再做一次", form=OpinionForm, about=about)
def turn(act: Act) -> dict[str, Any]:
    _move(act.session, act.data, "turned")
    return {"more": act.values["agree"]}
