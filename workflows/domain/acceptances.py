"""验收: a finished project applies for it, the office receives the papers; and who finds which."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows import calendar, clock
from workflows.domain import paging, permissions, projects, rules
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import (
    Acceptance,
    AcceptanceOpinion,
    AcceptanceState,
    BenefitAudit,
    IndicatorVerification,
    OpinionKind,
    Project,
    ProjectState,
    User,
)

CLAIM = ("claim_formula", "claim_gross_fen", "claim_cost_fen")  # all of them where the benefit is measurable
APPLIED = ("report", *CLAIM, "claim_period", "rights", "rollout_advice")


def open_for(session: Session, project: Project) -> Acceptance:
    """The acceptance of ``project``, to be applied for. Raises Conflict unless its nodes are all done."""
    if project.state != ProjectState.ACCEPTING:
        raise Conflict("项目还没有转入验收，不能申请。")
    acceptance = Acceptance(project=project)
    session.add(acceptance)
    session.flush()
    return acceptance


def apply_by(session: Session, project: Project) -> dt.datetime:
    """When the application is due: some working days after the deadline. A late one is never refused."""
    days = rules.days(session, "accept_apply_workdays", at=project.rules_at)
    return clock.end_of(calendar.add_workdays(session, project.deadline, days))


def apply(session: Session, acceptance: Acceptance, *, values: Mapping[str, Any], actor: User) -> None:
    """自验: the team hands in its report, what it measured, the benefit it claims; ``values`` as ApplyForm.

    Raises Forbidden for others, Conflict once handed in, Invalid unless each indicator stands once in the rows,
    or for a claim that is not whole where the challenge promises a measurable benefit.
    """
    project = acceptance.project
    projects.expect_team(session, actor, project)
    expect(acceptance, AcceptanceState.APPLYING)
    check_rows(values["rows"], {one.id for one in project.challenge.indicators})
    _check_claim(values, is_measurable=project.challenge.est_benefit_fen is not None)
    for name in APPLIED:
        setattr(acceptance, name, values[name])
    acceptance.indicators = [
        IndicatorVerification(indicator_id=row["indicator_id"], claimed=row["measured"])
        for row in values["rows"]
    ]
    acceptance.applied_at, acceptance.state = clock.now(), AcceptanceState.CHECKING
    session.flush()


def check_form(
    session: Session,
    acceptance: Acceptance,
    *,
    complete: bool,
    received_on: dt.date,
    reason: str,
    actor: User,
) -> None:
    """资料审查: the office writes down the day the application came in; incomplete papers go back once more.

    Raises Forbidden for one of the team, Invalid for a day in the future or before the kick-off, or papers that
    go back without a reason.
    """
    projects.expect_apart(actor, acceptance.project)
    expect(acceptance, AcceptanceState.CHECKING)
    started_on = acceptance.project.started_on
    if received_on > clock.today():
        raise Invalid({"received_on": ["收到申请的日期不能晚于今天。"]})
    if started_on is not None and received_on < started_on:
        raise Invalid({"received_on": [f"收到申请的日期不能早于启动日 {started_on:%Y-%m-%d}。"]})
    if not complete and not reason.strip():
        raise Invalid({"opinion": ["请写明需要补正的内容。"]})
    acceptance.received_on = received_on
    acceptance.state = AcceptanceState.VERIFYING if complete else AcceptanceState.SUPPLEMENTING
    opine(acceptance, OpinionKind.MATERIAL, role="office", is_ok=complete, text=reason, files=[], actor=actor)


def supplement(
    session: Session, acceptance: Acceptance, *, text: str, report: Sequence[int], actor: User
) -> None:
    """补正: the team adds to its report, and the office looks at it again."""
    projects.expect_team(session, actor, acceptance.project)
    expect(acceptance, AcceptanceState.SUPPLEMENTING)
    acceptance.report = [*acceptance.report, *report]
    acceptance.state = AcceptanceState.CHECKING
    kind = OpinionKind.SUPPLEMENT
    opine(acceptance, kind, role="leader", is_ok=None, text=text, files=report, actor=actor)


def opine(
    acceptance: Acceptance,
    kind: OpinionKind,
    *,
    role: str,
    is_ok: bool | None,
    text: str,
    files: Sequence[int],
    actor: User,
) -> None:
    """Keep what ``actor`` says in ``role``, with the ids of files."""
    said = AcceptanceOpinion(kind=kind, role=role, is_ok=is_ok, text=text, files=list(files))
    said.given_by_id, said.given_at = actor.id, clock.now()
    acceptance.opinions.append(said)


def expect(acceptance: Acceptance, *states: AcceptanceState) -> None:
    """Raises Conflict unless ``acceptance`` is in one of ``states``."""
    if acceptance.state not in states:
        raise Conflict("验收当前的状态不允许这样做，请刷新页面。")


def check_rows(rows: Sequence[Mapping[str, Any]], wanted: Collection[int]) -> None:
    """Raises Invalid unless ``rows`` name each of the indicators ``wanted`` (ids) once under ``indicator_id``."""
    fields: dict[str, list[str]] = {}
    named = [row["indicator_id"] for row in rows]
    for place, one in enumerate(named):
        if one not in wanted:
            fields[f"rows.{place}.indicator_id"] = ["这项指标不由您填写。"]
        elif one in named[:place]:
            fields[f"rows.{place}.indicator_id"] = ["这项指标已经填写。"]
    if set(wanted) - set(named):
        fields["rows"] = ["请逐项填写指标，每项一行。"]
    if fields:
        raise Invalid(fields)


def audit_of(session: Session, acceptance: Acceptance) -> BenefitAudit | None:
    """What finance found last of the project's benefit."""
    query = select(BenefitAudit).where(BenefitAudit.project_id == acceptance.project_id)
    return session.scalars(query.order_by(BenefitAudit.id.desc()).limit(1)).one_or_none()


def get(session: Session, acceptance_id: int, *, actor: User) -> Acceptance:
    """The acceptance with what was verified and said. Raises NotFound for one that ``actor`` may not see."""
    query = select(Acceptance).where(Acceptance.id == acceptance_id).options(*_SHOWN)
    acceptance = session.scalars(
        query.options(selectinload(Acceptance.indicators), selectinload(Acceptance.opinions))
    ).one_or_none()
    if acceptance is None or not permissions.may_see_acceptance(session, actor, acceptance):
        raise NotFound("没有找到这次验收，或者您无权查看。")
    return acceptance


_SHOWN = (
    joinedload(Acceptance.project).joinedload(Project.challenge),
    joinedload(Acceptance.project).joinedload(Project.leader),
    joinedload(Acceptance.project).joinedload(Project.unit),
)


def listing(
    session: Session,
    *,
    actor: User,
    state: str | None = None,
    verdict: str | None = None,
    project_id: int | None = None,
    challenge_id: int | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Acceptance], int]:
    """The acceptances of projects that ``actor`` reads from inside, the newest first, with how many in all."""
    seen = Acceptance.project_id.in_(permissions.own_projects(session, actor))
    query = select(Acceptance).join(Project, Acceptance.project_id == Project.id).where(seen)
    wanted = {
        Acceptance.state: state,
        Acceptance.verdict: verdict,
        Acceptance.project_id: project_id,
        Project.challenge_id: challenge_id,
    }
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    return paging.page_of(
        session, query.order_by(Acceptance.id.desc()).options(*_SHOWN), page=page, size=size
    )


def _check_claim(values: Mapping[str, Any], *, is_measurable: bool) -> None:
    given = [name for name in CLAIM if values[name] not in (None, "")]
    missing = [name for name in CLAIM if name not in given]
    if missing and (is_measurable or given):
        raise Invalid({name: ["申报效益时，计算公式、总效益和成本都要填写。"] for name in missing})
