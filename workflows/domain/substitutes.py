"""Substitutes (代理): who is asked in somebody's place for some days."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import notices, paging, permissions
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Delegation, User

LONGEST_REASON = 200


def appoint(
    session: Session,
    principal: User,
    *,
    substitute_id: int,
    from_day: dt.date,
    to_day: dt.date,
    reason: str,
    actor: User,
) -> Delegation:
    """指定代理人: from the first through the last day the substitute is asked whatever ``principal`` is asked.

    Raises Forbidden unless it is one's own or the office appoints; Invalid for days past or in disorder, a
    missing reason or an unsuitable person; Conflict when the principal has another substitute on one of the days,
    or one of the two has a part in another substitution then: substitutes have no substitutes.
    """
    if not permissions.may_appoint_substitute(session, actor, principal.id):
        raise Forbidden("只能为自己指定代理人；为他人指定由办公室办理。")
    _check(session, principal, substitute_id, from_day, to_day, reason)
    _check_overlaps(session, principal.id, substitute_id, from_day, to_day)
    made = Delegation(
        principal_id=principal.id,
        substitute_id=substitute_id,
        from_day=from_day,
        to_day=to_day,
        reason=reason.strip(),
    )
    session.add(made)
    session.flush()
    told = f"{principal.name}委托您代理其待办：{from_day:%Y-%m-%d} 至 {to_day:%Y-%m-%d}"
    notices.send(session, substitute_id, text=told, link="/work", kind="task")
    return made


def revoke(session: Session, delegation_id: int, *, actor: User) -> Delegation:
    """撤销代理: from now on. Raises NotFound for one that is not the actor's to see, Conflict when it is over."""
    found = session.get(Delegation, delegation_id, with_for_update=True)
    if found is None or not permissions.may_appoint_substitute(session, actor, found.principal_id):
        raise NotFound("没有这项代理。")
    if found.revoked_at is not None or found.to_day < clock.today():
        raise Conflict("这项代理已经结束，无需撤销。")
    found.revoked_at = clock.now()
    return found


def listing(
    session: Session,
    *,
    actor: User,
    person_id: int | None = None,
    in_force: bool = False,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Delegation], int]:
    """What ``actor`` has given or got; every one for those who read all; the newest first, with how many there are."""
    query = select(Delegation)
    if not permissions.grants(session, actor).is_any(permissions.READ_ALL):
        query = query.where(_has_part(actor.id))
    if person_id is not None:
        query = query.where(_has_part(person_id))
    if in_force:
        today = clock.today()
        query = query.where(
            Delegation.revoked_at.is_(None), Delegation.from_day <= today, Delegation.to_day >= today
        )
    return paging.page_of(session, query.order_by(Delegation.id.desc()), page=page, size=size)


def _has_part(user_id: int) -> ColumnElement[bool]:
    return or_(Delegation.principal_id == user_id, Delegation.substitute_id == user_id)


def _check(
    session: Session, principal: User, substitute_id: int, from_day: dt.date, to_day: dt.date, reason: str
) -> None:
    fields: dict[str, list[str]] = {}
    substitute = session.get(User, substitute_id)
    if substitute is None or not substitute.is_active:
        fields["substitute_id"] = ["没有这个人员。"]
    elif substitute_id == principal.id:
        fields["substitute_id"] = ["代理人不能是本人。"]
    if from_day < clock.today():
        fields["from_day"] = ["开始日期不能早于今天。"]
    if to_day < from_day:
        fields["to_day"] = ["结束日期不能早于开始日期。"]
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        fields["reason"] = [f"请写明代理事由，不超过 {LONGEST_REASON} 个字。"]
    if fields:
        raise Invalid(fields)


def _check_overlaps(
    session: Session, principal_id: int, substitute_id: int, from_day: dt.date, to_day: dt.date
) -> None:
    # The principal's row is held, so that two appointments at once do not both find nothing.
    session.execute(
        select(User.id).where(User.id.in_((principal_id, substitute_id))).order_by(User.id).with_for_update()
    )
    then = (Delegation.revoked_at.is_(None), Delegation.from_day <= to_day, Delegation.to_day >= from_day)

    def is_any(condition: ColumnElement[bool]) -> bool:
        return session.scalar(select(Delegation.id).where(*then, condition).limit(1)) is not None

    if is_any(Delegation.principal_id == principal_id):
        raise Conflict("这段时间已经指定了代理人，请先撤销原来的代理。")
    if is_any((Delegation.substitute_id == principal_id) | (Delegation.principal_id == substitute_id)):
        raise Conflict("代理不能再转代理：本人正在代理他人，或代理人已委托他人代理。")
