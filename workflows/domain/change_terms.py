"""What a change alters: its terms as the applicant fills them in, checked against the project as it stands."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import calendar, clock
from workflows.domain import eligibility, funds, justifications, rules
from workflows.domain.rules import Decided
from workflows.errors import Invalid
from workflows.models import (
    ChangeKind,
    ChangeRequest,
    ChangeState,
    Indicator,
    PledgeChange,
    Project,
    ProjectMember,
    User,
)

KINDS = {
    ChangeKind.INDICATOR: "指标变更",
    ChangeKind.DEADLINE: "工期变更",
    ChangeKind.BUDGET: "预算变更",
    ChangeKind.MEMBER: "成员变更",
    ChangeKind.LEADER: "换帅",
    ChangeKind.SUSPEND: "暂停",
    ChangeKind.RESUME: "复工",
    ChangeKind.TERMINATE: "终止",
}
FIELDS = {
    ChangeKind.INDICATOR: ("indicators",),
    ChangeKind.DEADLINE: ("deadline",),
    ChangeKind.BUDGET: ("budget_fen",),
    ChangeKind.MEMBER: ("joining", "leaving"),
    ChangeKind.LEADER: ("leader_id",),
    ChangeKind.SUSPEND: (),
    ChangeKind.RESUME: (),
    ChangeKind.TERMINATE: (),
}  # which fields of steps.change_forms.ChangeStart a kind asks for
STATES = {ChangeKind.SUSPEND: "suspended", ChangeKind.RESUME: "running", ChangeKind.TERMINATE: "terminated"}
Terms = tuple[dict[str, Any], dict[str, Any]]  # before and after, as ChangeRequest keeps them


def of(session: Session, project: Project, values: Mapping[str, Any]) -> Terms:
    """What ``values`` (steps.change_forms.ChangeStart) change of ``project``.

    Raises Invalid for a field that the kind does not ask for or that is missing, and for what cannot be.
    """
    kind = ChangeKind(values["kind"])
    all_fields = {name for names in FIELDS.values() for name in names}
    extra = [name for name in sorted(all_fields - set(FIELDS[kind])) if values[name] not in (None, [])]
    if extra:
        raise Invalid({name: ["这类变更不填这一项。"] for name in extra})
    if kind in STATES:
        return {"state": project.state}, {"state": STATES[kind]}
    return _READ[kind](session, project, values)


def pledged_values(session: Session, project: Project) -> dict[int, Decimal]:
    """The value pledged for each indicator, by id: as in the bid, with what approved changes made of it since."""
    pledged = {one.indicator_id: one.value for one in project.bid.pledges}
    changed = select(PledgeChange).where(PledgeChange.project_id == project.id).order_by(PledgeChange.id)
    return pledged | {one.indicator_id: one.value for one in session.scalars(changed)}


def team(project: Project) -> list[ProjectMember]:
    """Whoever is in the team now, in order."""
    return [one for one in project.members if one.left_on is None]


def joining(change: ChangeRequest) -> list[int]:
    """The ids of those whom a change of members brings into the team."""
    old, new = ([one["user_id"] for one in told.get("members", ())] for told in (change.before, change.after))
    return [one for one in new if one not in old]


def route_facts(session: Session, change: ChangeRequest) -> dict[str, Any]:
    """The inputs of table change_route for ``change``.

    A delay, a budget and a team are measured from where the project stands and from the pledge as it was signed, and
    the greater counts: changes that are small one by one take the same route as the large one they add up to.
    """
    kind = ChangeKind(change.kind)
    facts: dict[str, Any] = {
        "change_kind": kind.value,
        "added_workdays": 0,
        "budget_pct": Decimal(0),
        "member_pct": Decimal(0),
        "is_lowered": False,
    }
    starts = (change.before, _pledged(session, change))
    if kind == ChangeKind.DEADLINE:
        facts["added_workdays"] = _added_workdays(session, starts, change.after)
    elif kind == ChangeKind.BUDGET:
        facts["budget_pct"] = max(_budget_pct(start, change.after) for start in starts)
    elif kind == ChangeKind.MEMBER:
        facts["member_pct"] = max(_member_pct(start, change.after) for start in starts)
    elif kind == ChangeKind.INDICATOR:
        facts["is_lowered"] = any(
            is_worse(
                session.get_one(Indicator, int(number)),
                Decimal(value),
                Decimal(change.before["values"][number]),
            )
            for number, value in change.after["values"].items()
        )
    return facts


def why_route(session: Session, change: ChangeRequest) -> Decided:
    """How D14 chose who is asked about ``change``, by the rules that its project keeps."""
    asked = {**route_facts(session, change), "level": change.project.challenge.level}
    return rules.decide(session, "change_route", asked, at=change.project.rules_at)


def _pledged(session: Session, change: ChangeRequest) -> dict[str, Any]:
    """What ``change`` is about as it was before any change of its kind."""
    query = select(ChangeRequest).where(
        ChangeRequest.project_id == change.project_id,
        ChangeRequest.kind == change.kind,
        ChangeRequest.state == ChangeState.APPLIED,
    )
    first = session.scalars(query.order_by(ChangeRequest.ended_at, ChangeRequest.id).limit(1)).one_or_none()
    return change.before if first is None else first.before


def _added_workdays(session: Session, starts: Sequence[Mapping[str, Any]], after: Mapping[str, Any]) -> int:
    """The longest delay; for an earlier deadline how much earlier it is, whatever was agreed to before."""
    wanted = dt.date.fromisoformat(after["deadline"])
    now, pledged = (
        calendar.workdays_between(session, dt.date.fromisoformat(start["deadline"]), wanted)
        for start in starts
    )
    return max(now, pledged) if now > 0 else now


def _budget_pct(start: Mapping[str, Any], after: Mapping[str, Any]) -> Decimal:
    moved = abs(after["budget_fen"] - start["budget_fen"])
    return Decimal(100 * moved) / start["budget_fen"] if start["budget_fen"] else Decimal(100)


def _member_pct(start: Mapping[str, Any], after: Mapping[str, Any]) -> Decimal:
    old, new = ({one["user_id"] for one in told["members"]} for told in (start, after))
    return Decimal(100 * len(old ^ new)) / len(old)


def is_worse(indicator: Indicator, value: Decimal, than: Decimal) -> bool:
    """Whether ``value`` promises less than ``than`` by the indicator's operator; for "=" whatever differs."""
    if indicator.op == "≥":
        return value < than
    return value > than if indicator.op == "≤" else value != than


def team_facts(session: Session, change: ChangeRequest) -> dict[str, Any]:
    """The inputs of D3 for the team as ``change`` would leave it: of another leader, or with other members."""
    project = change.project
    is_leader = change.kind == ChangeKind.LEADER
    leader = session.get_one(User, change.after["leader_id"]) if is_leader else project.leader
    ids = {one.user_id for one in team(project)} | {leader.id}
    if not is_leader:
        ids = {one["user_id"] for one in change.after["members"]}
    people = session.scalars(select(User).where(User.id.in_(ids))).all()
    joining = ids - {one.user_id for one in team(project)}
    return {
        **eligibility.facts(session, project.bid),
        "leader_on_duty": leader.on_duty,
        "leader_banned": leader.banned_until is not None and leader.banned_until >= clock.today(),
        "leader_running_projects": _running(session, project, [leader.id], led_only=True),
        "leader_judged_challenge": justifications.has_judged(session, project.challenge, leader.id),
        "member_running_projects": _running(session, project, joining, led_only=False),
        "team_size": len(ids),
        "unit_count": len({one.unit_id for one in people}),
        "pledge_worse_on_hard": False,  # what is pledged was agreed to when it was
        "unconfirmed_members": 0,  # who joins confirms later in the process
    }


def _running(session: Session, project: Project, user_ids: Collection[int], *, led_only: bool) -> int:
    """How many other running projects one of ``user_ids`` leads, or is in, at most."""
    others = (Project.state.in_(eligibility.RUNNING), Project.id != project.id)
    if led_only:
        query = (
            select(func.count()).where(Project.leader_id.in_(user_ids), *others).group_by(Project.leader_id)
        )
    else:
        query = select(func.count(ProjectMember.id)).join(Project).where(*others)
        query = query.where(ProjectMember.user_id.in_(user_ids), ProjectMember.left_on.is_(None))
        query = query.group_by(ProjectMember.user_id)
    return max(session.scalars(query), default=0)


def _deadline(_session: Session, project: Project, values: Mapping[str, Any]) -> Terms:
    wanted: dt.date | None = values["deadline"]
    if wanted is None:
        raise Invalid({"deadline": ["请填写变更后的完成期限。"]})
    if wanted < clock.today():
        raise Invalid({"deadline": ["不能早于今天。"]})
    if wanted == project.deadline:
        raise Invalid({"deadline": ["与现在的完成期限相同。"]})
    if wanted.year > clock.today().year + 100:
        raise Invalid({"deadline": ["完成期限太远，请核对年份。"]})
    return {"deadline": project.deadline.isoformat()}, {"deadline": wanted.isoformat()}


def _budget(session: Session, project: Project, values: Mapping[str, Any]) -> Terms:
    wanted: int | None = values["budget_fen"]
    if wanted is None:
        raise Invalid({"budget_fen": ["请填写变更后的预算。"]})
    if wanted == project.budget_fen:
        raise Invalid({"budget_fen": ["与现在的预算相同。"]})
    if wanted < funds.released_fen(session, project):
        raise Invalid({"budget_fen": ["不能低于已经拨付的经费。"]})
    return {"budget_fen": project.budget_fen}, {"budget_fen": wanted}


def _indicators(session: Session, project: Project, values: Mapping[str, Any]) -> Terms:
    rows, pledged = values["indicators"], pledged_values(session, project)
    if not rows:
        raise Invalid({"indicators": ["请填写要变更的指标。"]})
    fields: dict[str, list[str]] = {}
    ids = [row["indicator_id"] for row in rows]
    for place, row in enumerate(rows):
        if row["indicator_id"] not in pledged:
            fields[f"indicators.{place}.indicator_id"] = ["这个项目没有承诺这项指标。"]
        elif row["indicator_id"] in ids[:place]:
            fields[f"indicators.{place}.indicator_id"] = ["这项指标已经列入。"]
        elif row["value"] == pledged[row["indicator_id"]]:
            fields[f"indicators.{place}.value"] = ["与现在的承诺值相同。"]
    if fields:
        raise Invalid(fields)
    before = {str(one): f"{pledged[one].normalize():f}" for one in ids}
    return {"values": before}, {
        "values": {str(row["indicator_id"]): f"{row['value'].normalize():f}" for row in rows}
    }


def _members(session: Session, project: Project, values: Mapping[str, Any]) -> Terms:
    now = {one.user_id: one for one in team(project)}
    joining, leaving = values["joining"], [row["user_id"] for row in values["leaving"]]
    if not joining and not leaving:
        raise Invalid({"joining": ["请填写加入或退出的成员。"]})
    fields: dict[str, list[str]] = {}
    for place, user_id in enumerate(leaving):
        if user_id not in now or user_id in leaving[:place]:
            fields[f"leaving.{place}.user_id"] = ["这个人不在团队中。"]
        elif user_id == project.leader_id:
            fields[f"leaving.{place}.user_id"] = ["挂帅人退出请办理换帅。"]
    ids = [row["user_id"] for row in joining]
    known = set(session.scalars(select(User.id).where(User.id.in_(ids), User.is_active)))
    for place, user_id in enumerate(ids):
        if user_id not in known:
            fields[f"joining.{place}.user_id"] = ["没有这个人员。"]
        elif user_id in now or user_id in ids[:place]:
            fields[f"joining.{place}.user_id"] = ["这个人已经在团队中。"]
    if fields:
        raise Invalid(fields)
    before = [_row(one) for one in now.values()]
    after = [row for row in before if row["user_id"] not in leaving]
    return {"members": before}, {"members": [*after, *(dict(row) for row in joining)]}


def _leader(session: Session, project: Project, values: Mapping[str, Any]) -> Terms:
    wanted = values["leader_id"]
    if wanted is None:
        raise Invalid({"leader_id": ["请提名新的挂帅人。"]})
    if wanted == project.leader_id:
        raise Invalid({"leader_id": ["这个人现在就是挂帅人。"]})
    person = session.get(User, wanted)
    if person is None or not person.is_active:
        raise Invalid({"leader_id": ["没有这个人员。"]})
    return {"leader_id": project.leader_id}, {"leader_id": wanted}


def _row(member: ProjectMember) -> dict[str, Any]:
    return {name: getattr(member, name) for name in ("user_id", "role", "workload_pct")}


_READ: dict[ChangeKind, Callable[[Session, Project, Mapping[str, Any]], Terms]] = {
    ChangeKind.DEADLINE: _deadline,
    ChangeKind.BUDGET: _budget,
    ChangeKind.INDICATOR: _indicators,
    ChangeKind.MEMBER: _members,
    ChangeKind.LEADER: _leader,
}
