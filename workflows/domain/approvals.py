"""审批 (会签轮): the stages of a route, who signs each, and what the signatures decide."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows import clock
from workflows.domain import notices, paging, permissions, votes
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import (
    Approval,
    ApprovalResult,
    ApprovalStage,
    Bid,
    BidState,
    CollectiveDecision,
    Project,
    ProjectMember,
    Signature,
    TeamMember,
    User,
)

AGREED, RETURNED, REJECTED = ApprovalResult.AGREED, ApprovalResult.RETURNED, ApprovalResult.REJECTED
CHOSEN = (BidState.PROPOSED, BidState.RESERVE, BidState.IN_PUBLICITY, BidState.WON)
BODIES = ("party_committee", "exec_meeting")
RECORDED = (*BODIES, "superior")  # what others decided is recorded; nobody signs for themselves
COUNTS = ("should", "present", "in_favour", "against", "abstain")
VACANT, PARTY = "vacant", "party"


@dataclass(frozen=True)
class Kind:
    """What a code of table approval_route stands for: its name, who signs, and by which policy."""

    title: str
    roles: tuple[str, ...]
    policy: str = "all"
    is_of_unit: bool = False  # the roles are held in the approval's unit, otherwise for the plant


KINDS = {
    "sponsor_head": Kind("发榜单位负责人审核", ("admin_head",), is_of_unit=True),
    "unit_dual": Kind("单位党政联签", ("party_secretary", "admin_head"), policy="dual", is_of_unit=True),
    "functional": Kind("职能会审", ("finance", "hr", "hse", "production")),
    "office": Kind("揭榜挂帅办公室审核", ("office",)),
    "finance": Kind("财务审核", ("finance",)),
    "vice_head": Kind("分管领导审核", ("vice_head",)),
    "dual": Kind("党政联签", ("party_secretary", "admin_head"), policy="dual"),
    "party_committee": Kind("党委会前置研究", ("party_committee",)),
    "exec_meeting": Kind("厂长办公会", ("exec_meeting",)),
    "superior": Kind("报油田备案、审批", ("office",)),
}


def begin(
    session: Session,
    *,
    kind: str,
    subject: str,
    amount_fen: int,
    level: str | None,
    unit_id: int | None,
    challenge_id: int | None,
    project_id: int | None,
) -> Approval:
    """报批: an approval without stages; ``challenge_id`` and ``project_id`` are what the subject belongs to."""
    approval = Approval(
        kind=kind,
        subject=subject,
        amount_fen=amount_fen,
        level=level,
        unit_id=unit_id,
        challenge_id=challenge_id,
        project_id=project_id,
        opened_at=clock.now(),
    )
    session.add(approval)
    session.flush()
    return approval


def set_route(session: Session, approval: Approval, *, route: Sequence[str]) -> None:
    """Give a new approval its stages: codes of KINDS, in order."""
    approval.stages = [ApprovalStage(seq=seq, code=code) for seq, code in enumerate(route, start=1)]
    session.flush()


def next_stage(session: Session, approval: Approval) -> ApprovalStage | None:
    """The stage to be signed now, with its signers; None when all have agreed, and the approval with them.

    去重: for a role one of whose holders has agreed in an earlier stage that signature counts again; a stage in
    which nobody is left to ask has agreed. What is recorded of others (RECORDED) is recorded each time. 空审批人: the campaign office signs for a role that nobody holds, or
    only people of the team that is judged; it is told.
    """
    for stage in approval.stages:
        if stage.result is None:
            stage.opened_at = clock.now()
            stage.signers = [
                one for role in KINDS[stage.code].roles if (one := _signer(session, stage, role))
            ]
            if stage.signers:
                return stage
            stage.result, stage.ended_at = AGREED, clock.now()
    approval.result, approval.ended_at = AGREED, clock.now()
    return None


def policy_of(stage: ApprovalStage) -> str:
    """The policy of its round: both sides of a joint signature, unless one of them has agreed before."""
    kind = KINDS[stage.code]
    return kind.policy if len(stage.signers) == len(kind.roles) else "all"


def sign(
    session: Session,
    approval: Approval,
    *,
    role: str,
    values: Mapping[str, Any],
    actor: User,
    at: dt.datetime | None = None,
) -> ApprovalResult:
    """会签: keep what one signer of the present stage decided; ``values`` as the form of the stage.

    A vote is counted by the settings in force at ``at`` (now).

    Raises Conflict when no stage is being signed, Forbidden for one of the team that is judged unless nobody else
    is left, Invalid for a refusal without a reason, an approval that its own facts contradict, or a record of a
    meeting that does not add up.
    """
    stage = next((one for one in approval.stages if one.result is None and one.opened_at is not None), None)
    if stage is None:
        raise Conflict("这次审批已经结束，请刷新页面。")
    if actor.id in barred(session, approval) and not _has_nobody_else(stage, role):
        raise Forbidden("您属于被审批的团队，应当回避，请转由他人签署。")
    decision = ApprovalResult(values["decision"])
    _check(session, stage, decision, values, at=at)
    facts = {name: _plain(one) for name, one in values.items() if name not in ("decision", "opinion")}
    signature = Signature(
        role=role,
        user_id=actor.id,
        decision=decision,
        opinion=values["opinion"],
        facts=facts,
        signed_at=clock.now(),
    )
    stage.signatures.append(signature)
    session.flush()
    if stage.code in BODIES:
        record = {name: values[name] for name in (*COUNTS, "meeting_no", "held_on", "resolution", "minutes")}
        session.add(CollectiveDecision(signature_id=signature.id, body=stage.code, **record))
    return decision


def end_stage(session: Session, approval: Approval, *, is_agreed: bool) -> ApprovalResult:
    """What the round on the present stage decided: one 否决 rejects, otherwise a refusal returns."""
    stage = next(one for one in approval.stages if one.result is None)
    refused = REJECTED if any(one.decision == REJECTED for one in stage.signatures) else RETURNED
    stage.result, stage.ended_at = AGREED if is_agreed else refused, clock.now()
    if not is_agreed:
        approval.result, approval.ended_at = refused, clock.now()
    return ApprovalResult(stage.result)


def get(session: Session, approval_id: int, *, actor: User) -> Approval:
    """The approval with its stages and signatures. Raises NotFound for one that ``actor`` may not see."""
    shown = selectinload(Approval.stages).selectinload(ApprovalStage.signatures).selectinload(Signature.user)
    approval = session.scalars(
        select(Approval).where(Approval.id == approval_id).options(shown)
    ).one_or_none()
    if approval is None or not permissions.may_see_approval(session, actor, approval):
        raise NotFound("没有找到这次审批。")
    return approval


def of_subject(session: Session, subject: str) -> Sequence[Approval]:
    """The approvals of "change:3" with their stages and signatures, in order. Who may see them is asked apart."""
    shown = selectinload(Approval.stages).selectinload(ApprovalStage.signatures).selectinload(Signature.user)
    query = select(Approval).where(Approval.subject == subject).order_by(Approval.id)
    return session.scalars(query.options(shown)).all()


def listing(
    session: Session,
    *,
    actor: User,
    subject: str | None = None,
    kind: str | None = None,
    result: str | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Approval], int]:
    """The approvals that ``actor`` has signed, or all for who reads all, newest first, with their number.

    ``result`` is one of ApprovalResult, or "open" for those still running.
    """
    query = select(Approval)
    if not permissions.reads_all(session, actor):
        signed = select(ApprovalStage.approval_id).join(Signature).where(Signature.user_id == actor.id)
        query = query.where(Approval.id.in_(signed))
    if subject:
        query = query.where(Approval.subject == subject)
    if kind:
        query = query.where(Approval.kind == kind)
    if result:
        query = query.where(Approval.result.is_(None) if result == "open" else Approval.result == result)
    return paging.page_of(session, query.order_by(Approval.id.desc()), page=page, size=size)


def barred(session: Session, approval: Approval) -> set[int]:
    """The ids of those who do not sign because they belong to the team that is judged."""
    if approval.project_id is not None:
        members = select(ProjectMember.user_id).where(ProjectMember.project_id == approval.project_id)
        leader = select(Project.leader_id).where(Project.id == approval.project_id)
        return {*session.scalars(members), *session.scalars(leader)}
    teams = select(TeamMember.user_id).join(Bid).where(Bid.challenge_id == approval.challenge_id)
    return set(session.scalars(teams.where(Bid.state.in_(CHOSEN))))


def _signer(session: Session, stage: ApprovalStage, role: str) -> dict[str, Any] | None:
    """Who signs for ``role`` in ``stage``: {role, unit, user, why}; None when an earlier signature counts."""
    approval = stage.approval
    unit_id = approval.unit_id if KINDS[stage.code].is_of_unit else None
    held_by = permissions.holders(session, role, unit_id)
    earlier = None if stage.code in RECORDED else _earlier(approval, {one.id for one in held_by})
    if earlier is not None:
        again = Signature(role=role, user_id=earlier.user_id, decision=AGREED, signed_at=clock.now())
        again.same_as = earlier.stage.seq
        stage.signatures.append(again)
        return None
    judged = barred(session, approval)
    free = [one for one in held_by if one.id not in judged]
    signer: dict[str, Any] = {"role": role, "unit": unit_id, "user": None, "why": None}
    if held_by and len(free) == len(held_by):
        return signer
    if free:
        return {**signer, "user": free[0].id}
    why = PARTY if held_by else VACANT
    office = [one for one in permissions.holders(session, "office", None) if one.id not in judged]
    if not office:
        return {**signer, "why": why}
    _tell(session, stage, role, why=why, office=office)
    return {**signer, "user": office[0].id, "why": why}


def _has_nobody_else(stage: ApprovalStage, role: str) -> bool:
    """Whether ``role`` is held by the team alone, and the office too: then the role itself was asked."""
    return any(one["role"] == role and one["why"] == PARTY and one["user"] is None for one in stage.signers)


def _tell(session: Session, stage: ApprovalStage, role: str, *, why: str, office: Sequence[User]) -> None:
    reason = "无人担任" if why == VACANT else "应当回避"
    text = f"“{KINDS[stage.code].title}”的{permissions.ROLES[role]}{reason}，由揭榜挂帅办公室{office[0].name}代为签署。"
    for one in office:
        notices.send(session, one.id, text=text, link=f"/approvals/{stage.approval_id}", kind="approval")


def _earlier(approval: Approval, people: set[int]) -> Signature | None:
    """An earlier agreement of one of ``people``, itself no repetition."""
    signed = [one for one in approval.stages if one.result == AGREED and one.code not in RECORDED]
    for stage in signed:
        for one in stage.signatures:
            if one.user_id in people and one.decision == AGREED and one.same_as is None:
                return one
    return None


def _check(
    session: Session,
    stage: ApprovalStage,
    decision: ApprovalResult,
    values: Mapping[str, Any],
    *,
    at: dt.datetime | None,
) -> None:
    fields: dict[str, list[str]] = {}
    if decision != AGREED and not values["opinion"].strip():
        fields["opinion"] = ["退回或否决时请写明理由。"]
    for name, text in (("budget_ok", "经费没有落实"), ("pool_ok", "激励额度没有落实")):
        if decision == AGREED and values.get(name) is False:
            fields[name] = [f"{text}，不能同意；请退回或否决。"]
    if stage.code in BODIES:
        fields |= votes.check(session, values, is_passed=decision == AGREED, at=at)
    if values.get("held_on") is not None and values["held_on"] > clock.today():
        fields["held_on"] = ["会议日期不能晚于今天。"]
    if fields:
        raise Invalid(fields)


def _plain(value: Any) -> Any:
    """A value of a form as JSON keeps it."""
    return value.isoformat() if isinstance(value, dt.date) else value
