"""一票否决: an event under a clause of D12 is proposed, confirmed by somebody else, may be appealed, and then counts."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from workflows import calendar, clock, dmn
from workflows.domain import notices, paging, permissions, rules
from workflows.domain.calculation import Veto
from workflows.domain.rules import Decided
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import IntegrityRecord, Project, ProjectState, Unit, User, VetoEvent, VetoState

LIVE = (VetoState.PROPOSED, VetoState.NOTIFIED, VetoState.APPEALED, VetoState.CONFIRMED)
HEADS = ("party_secretary", "admin_head")
CLAUSES = tuple(f"V{number:02}" for number in range(1, 11))


def propose(session: Session, values: Mapping[str, Any], *, actor: User) -> VetoEvent:
    """提出: ``values`` are clause, is_major, unit_id xor project_id, facts, evidence, effective_on.

    A clause about units may be entered on one project, for which alone it counts then. Raises Forbidden unless
    ``actor`` is of a department that may, Invalid for an unknown clause or subject, a clause about teams on a unit,
    or a day to come; Conflict when the same event is under way or counts already.
    """
    if not permissions.may_propose_veto(session, actor):
        raise Forbidden("只有安全环保、纪委监督、财务、人力资源部门和揭榜挂帅办公室可以提出否决事项。")
    _check(session, values)
    columns = ("clause", "is_major", "unit_id", "project_id", "facts", "evidence", "effective_on")
    veto = VetoEvent(**{name: values[name] for name in columns})
    veto.proposed_by, veto.proposed_at, veto.state = actor, clock.now(), VetoState.PROPOSED
    session.add(veto)
    session.flush()
    return veto


def clause(session: Session, code: str) -> dict[str, Any]:
    """{title, scope, ban_years} of a clause of D12 in force. Raises KeyError for an unknown one."""
    try:
        row: dict[str, Any] = rules.decide(session, "veto_clause", {"clause": code}).value
    except dmn.DecisionError as error:
        raise KeyError(code) from error
    return row


def decide(session: Session, veto: VetoEvent, *, confirm: bool, actor: User) -> None:
    """确认: by another person than who proposed it; those concerned are told and may appeal.

    Raises Forbidden for the proposer, a substitute of theirs, and for the team or unit concerned.
    """
    _expect(veto, VetoState.PROPOSED)
    if veto.proposed_by_id in permissions.grants(session, actor).people:
        raise Forbidden("提出人不能确认自己提出的否决事项，请由他人确认。")
    if actor.id in concerned(session, veto):
        raise Forbidden("您与这一否决事项有关，不能确认，请由他人办理。")
    veto.decided_by_id = actor.id
    if not confirm:
        veto.state = VetoState.REFUSED
        notices.send(
            session, veto.proposed_by_id, text="您提出的否决事项未获确认。", link=path(veto), kind="returned"
        )
        return
    days = rules.days(session, "veto_appeal_workdays")
    veto.state, veto.appeal_to = VetoState.NOTIFIED, calendar.deadline_after(session, days)
    for user_id in concerned(session, veto):
        text = f"否决事项 {veto.clause} 已确认，如有异议请在 {days} 个工作日内申诉。"
        notices.send(session, user_id, text=text, link=path(veto), kind="result")


def appeal(session: Session, veto: VetoEvent, *, reason: str, actor: User) -> None:
    """申诉: by those concerned, until the end of the period. Raises Forbidden, Conflict."""
    if actor.id not in concerned(session, veto):
        raise Forbidden("只有当事团队成员和单位党政负责人可以申诉。")
    session.refresh(veto, with_for_update={"of": VetoEvent})
    _expect(veto, VetoState.NOTIFIED)
    if veto.appeal_to is None or clock.now() >= veto.appeal_to:
        raise Conflict("申诉期已过，不能再申诉。")
    veto.state, veto.appeal, veto.appealed_by_id = VetoState.APPEALED, reason, actor.id


def settle(session: Session, veto: VetoEvent, *, lift: bool, text: str, actor: User) -> None:
    """申诉审定: lift the veto, or let it take effect. Raises Forbidden for the proposer, who confirmed it, those
    concerned, and a substitute of one of them.
    """
    _expect(veto, VetoState.APPEALED)
    apart = {veto.proposed_by_id, veto.decided_by_id, *concerned(session, veto)}
    if apart & set(permissions.grants(session, actor).people):
        raise Forbidden("提出人、确认人和当事人不能审定申诉，请由他人办理。")
    veto.state, veto.settlement = (VetoState.LIFTED if lift else VetoState.NOTIFIED), text
    result = "成立，否决事项撤销" if lift else "不成立"
    if veto.appealed_by_id is not None:
        notices.send(session, veto.appealed_by_id, text=f"您的申诉{result}。", link=path(veto), kind="result")


def take_effect(session: Session, veto: VetoEvent) -> list[int]:
    """生效: from now on it counts, and the leader is barred where the clause says so; the projects concerned.

    Raises Conflict when an appeal has come at the last moment.
    """
    session.flush()  # a refresh would drop what a settlement has just written
    session.refresh(veto, with_for_update={"of": VetoEvent})
    _expect(veto, VetoState.NOTIFIED)
    veto.state, veto.confirmed_at = VetoState.CONFIRMED, clock.now()
    years = int(clause(session, veto.clause)["ban_years"])
    if veto.project is not None and years:
        _ban(session, veto, veto.project, years)
    session.flush()
    return [project.id for project in _projects(session, veto)]


def restore(session: Session, veto: VetoEvent, *, reason: str, actor: User) -> None:
    """恢复: it no longer counts against what is measured from now on. Raises Forbidden, Conflict."""
    if not permissions.may_restore_veto(session, actor) or actor.id in concerned(session, veto):
        raise Forbidden("只有纪委监督和厂级党组织书记可以恢复。")
    session.refresh(veto, with_for_update={"of": VetoEvent})
    _expect(veto, VetoState.CONFIRMED)
    veto.state, veto.restored_at, veto.restored_by_id = VetoState.RESTORED, clock.now(), actor.id
    veto.restored_why = reason


def of_project(session: Session, project: Project, *, counted: Collection[int] = ()) -> list[VetoEvent]:
    """Those that count against the project, of itself or of the unit that leads it; and the ids ``counted`` before."""
    mine = or_(VetoEvent.project_id == project.id, VetoEvent.unit_id == project.unit_id)
    live = mine & (VetoEvent.state == VetoState.CONFIRMED)
    query = select(VetoEvent).where(live | VetoEvent.id.in_(counted)).order_by(VetoEvent.id)
    return list(session.scalars(query))


def of_unit(session: Session, unit_id: int) -> list[VetoEvent]:
    """Those that count against the unit."""
    query = select(VetoEvent).where(VetoEvent.unit_id == unit_id, VetoEvent.state == VetoState.CONFIRMED)
    return list(session.scalars(query.order_by(VetoEvent.id)))


def why(session: Session, veto: VetoEvent) -> Decided:
    """What the event alone makes of the factor V by the tables in force (D12)."""
    asked = {"events": [{"clause": veto.clause, "is_major": veto.is_major}]}
    at = veto.project.rules_at if veto.project is not None else None
    return rules.decide(session, "veto", asked, at=at)


def clauses(session: Session) -> dict[str, str]:
    """The titles of the clauses in force, by code."""
    return {code: clause(session, code)["title"] for code in CLAUSES}


def people_of(session: Session, veto: VetoEvent) -> dict[int, User]:
    """Those who acted on it, by id."""
    ids = {veto.proposed_by_id, veto.decided_by_id, veto.appealed_by_id, veto.restored_by_id} - {None}
    return {one.id: one for one in session.scalars(select(User).where(User.id.in_(ids)))}


def as_facts(events: Sequence[VetoEvent]) -> tuple[Veto, ...]:
    """The events as the arithmetic takes them."""
    return tuple(Veto(one.clause, one.is_major) for one in events)


def concerned(session: Session, veto: VetoEvent) -> list[int]:
    """The ids of the team and of the heads of the unit that it is about."""
    unit_id, team = veto.unit_id, []
    if veto.project is not None:
        unit_id, team = veto.project.unit_id, [one.user_id for one in veto.project.members]
    heads = [user.id for role in HEADS for user in permissions.holders(session, role, unit_id)]
    return list(dict.fromkeys(team + heads))


def get(session: Session, veto_id: int, *, actor: User) -> VetoEvent:
    """Raises NotFound for one that ``actor`` may not see."""
    veto = session.get(VetoEvent, veto_id)
    if veto is None or not _may_see(session, actor, veto):
        raise NotFound("没有找到这个否决事项。")
    return veto


def listing(
    session: Session,
    *,
    actor: User,
    state: str | None = None,
    clause: str | None = None,
    unit_id: int | None = None,
    project_id: int | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[VetoEvent], int]:
    """Those that ``actor`` may see, the newest first, with how many there are in all; pages count from 1."""
    wanted = {
        VetoEvent.state: state,
        VetoEvent.clause: clause,
        VetoEvent.unit_id: unit_id,
        VetoEvent.project_id: project_id,
    }
    query = select(VetoEvent).where(*(column == one for column, one in wanted.items() if one is not None))
    if not permissions.may_read_vetoes(session, actor):
        units = [unit for role, unit in permissions.grants(session, actor).roles if role in HEADS and unit]
        query = query.outerjoin(Project, VetoEvent.project_id == Project.id).where(
            or_(
                VetoEvent.unit_id.in_(units),
                Project.unit_id.in_(units),
                Project.members.any(user_id=actor.id),
                VetoEvent.proposed_by_id == actor.id,
            )
        )
    challenge = joinedload(VetoEvent.project).joinedload(Project.challenge)
    shown = (joinedload(VetoEvent.unit), challenge, joinedload(VetoEvent.proposed_by))
    return paging.page_of(session, query.order_by(VetoEvent.id.desc()).options(*shown), page=page, size=size)


def path(veto: VetoEvent) -> str:
    return f"/vetoes/{veto.id}"


def _may_see(session: Session, actor: User, veto: VetoEvent) -> bool:
    if permissions.may_read_vetoes(session, actor) or actor.id == veto.proposed_by_id:
        return True
    return actor.id in concerned(session, veto)


def _projects(session: Session, veto: VetoEvent) -> Sequence[Project]:
    if veto.project is not None:
        return [veto.project]
    mine = (Project.unit_id == veto.unit_id, Project.state != ProjectState.ABANDONED)
    return session.scalars(select(Project).where(*mine).order_by(Project.id)).all()


def _ban(session: Session, veto: VetoEvent, project: Project, years: int) -> None:
    since = clock.today()
    until = _years_after(since, years)
    leader = project.leader
    leader.banned_until = max(leader.banned_until or until, until)
    reason = f"{veto.clause} {clause(session, veto.clause)['title']}"
    record = IntegrityRecord(user_id=leader.id, veto_id=veto.id, reason=reason, since=since, until=until)
    session.add(record)


def _years_after(day: dt.date, years: int) -> dt.date:
    """The last day of a period of ``years`` that begins with ``day``."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if is_leap_day else day.day) - dt.timedelta(
        days=not is_leap_day
    )


def _check(session: Session, values: Mapping[str, Any]) -> None:
    fields: dict[str, list[str]] = {}
    unit_id, project_id = values["unit_id"], values["project_id"]
    try:
        scope = clause(session, values["clause"])["scope"]
    except KeyError:
        raise Invalid({"clause": ["没有这个否决条款。"]}) from None
    if (unit_id is None) == (project_id is None):
        fields["unit_id"] = ["请填写单位或项目，二者选一。"]
    elif unit_id is not None and (session.get(Unit, unit_id) is None or scope == "team"):
        fields["unit_id"] = ["这个条款针对项目团队，请选择项目。" if scope == "team" else "没有这个单位。"]
    elif project_id is not None and session.get(Project, project_id) is None:
        fields["project_id"] = ["没有这个项目。"]
    if values["effective_on"] > clock.today():
        fields["effective_on"] = ["事发日期不能晚于今天。"]
    if fields:
        raise Invalid(fields)
    _hold_subject(session, unit_id, project_id)
    same = select(VetoEvent.id).where(
        VetoEvent.clause == values["clause"],
        VetoEvent.effective_on == values["effective_on"],
        VetoEvent.unit_id.is_(None) if unit_id is None else VetoEvent.unit_id == unit_id,
        VetoEvent.project_id.is_(None) if project_id is None else VetoEvent.project_id == project_id,
        VetoEvent.state.in_(LIVE),
    )
    if session.scalar(same.limit(1)) is not None:
        raise Conflict("同一否决事项已经提出，请在列表中查看。")


def _hold_subject(session: Session, unit_id: int | None, project_id: int | None) -> None:
    """Keep whom an event is about, so that of two who propose it at once the second finds the first."""
    if unit_id is not None:
        session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update())
    else:
        session.execute(select(Project.id).where(Project.id == project_id).with_for_update())


def _expect(veto: VetoEvent, state: VetoState) -> None:
    if veto.state != state:
        raise Conflict("否决事项当前的状态不允许这样做，请刷新页面。")
