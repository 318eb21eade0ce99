"""Changes of a project (变更): asked for, judged by experts and by table D3, agreed to or not. Effects: change_effects."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from workflows import clock
from workflows.domain import change_terms, notices, paging, permissions, projects, rules
from workflows.domain.change_terms import KINDS, pledged_values, team
from workflows.domain.publicities import Snapshot, snapshot
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import (
    ChangeKind,
    ChangeOpinion,
    ChangeRequest,
    ChangeState,
    Expert,
    Panel,
    PanelMember,
    Project,
    ProjectState,
    SeatState,
    Stoppage,
    User,
)

__all__ = ["KINDS", "pledged_values", "team"]

BEFORE_ACCEPTANCE = (ProjectState.INITIATING, *projects.AT_WORK, ProjectState.SUSPENDED)
ALLOWED_IN: dict[ChangeKind, tuple[ProjectState, ...]] = {
    ChangeKind.INDICATOR: BEFORE_ACCEPTANCE,
    ChangeKind.DEADLINE: BEFORE_ACCEPTANCE,
    ChangeKind.BUDGET: BEFORE_ACCEPTANCE,
    ChangeKind.MEMBER: (*BEFORE_ACCEPTANCE, ProjectState.ACCEPTING),
    ChangeKind.LEADER: (*BEFORE_ACCEPTANCE, ProjectState.ACCEPTING),
    ChangeKind.SUSPEND: projects.AT_WORK,
    ChangeKind.RESUME: (ProjectState.SUSPENDED,),
    ChangeKind.TERMINATE: (*projects.AT_WORK, ProjectState.SUSPENDED),
}
JUDGED = {
    ChangeKind.LEADER: ("E01", "E02", "E03", "E08", "E09"),
    ChangeKind.MEMBER: ("E04", "E05", "E06"),
}  # which rows of D3 a change has to pass: those on the leader, those on the team


def request(session: Session, values: Mapping[str, Any], *, actor: User) -> ChangeRequest:
    """申请变更; ``values`` as steps.change_forms.ChangeStart.

    Raises Forbidden, Conflict while another change of the kind is open or the project does not allow it, Invalid.
    """
    project = projects.get(session, values["project_id"], actor=actor)
    if not permissions.may_request_change(session, actor, project):
        raise Forbidden("只有挂帅人、发榜单位和揭榜挂帅办公室可以申请变更。")
    projects.hold(session, project)
    kind = ChangeKind(values["kind"])
    _expect_allowed(session, project, kind)
    before, after = change_terms.of(session, project, values)
    change = ChangeRequest(project=project, kind=kind, before=before, after=after, reason=values["reason"])
    for name in ("impact_days", "impact_fen", "impact_pct"):
        setattr(change, name, values[name])
    change.requested_by, change.requested_at = actor, clock.now()
    session.add(change)
    session.flush()
    return change


def check(session: Session, change: ChangeRequest) -> bool:
    """核对变更条件: ask D3 about a new leader or another team, keep what it finds; whether nothing of it refuses."""
    codes = JUDGED.get(ChangeKind(change.kind))
    if codes is None:
        return True
    facts = change_terms.team_facts(session, change)
    found = rules.decide(session, "eligibility", facts, at=change.project.rules_at).value
    change.findings = [dict(one) for one in found if one["code"] in codes]
    return not any(one["severity"] == "refuse" for one in change.findings)


def find_experts(session: Session, change: ChangeRequest, *, wanted: int) -> list[int]:
    """The ids of ``wanted`` people who sat on the challenge's panel and are not of the team; fewer if there are."""
    project = change.project
    sat = (Panel.subject == f"challenge:{project.challenge_id}", PanelMember.state == SeatState.SITTING)
    query = select(User.id).join(PanelMember, PanelMember.user_id == User.id).join(Panel)
    query = query.where(*sat, User.is_active, User.id.not_in(_team_ids(project)))
    seats = query.order_by(Panel.id.desc(), PanelMember.seat)
    return list(dict.fromkeys(session.scalars(seats)))[:wanted]


def name_experts(
    session: Session, change: ChangeRequest, user_ids: Sequence[int], *, wanted: int, actor: User
) -> None:
    """指定论证专家: check that these ``wanted`` people are experts apart from the team and from ``actor``.

    Raises Invalid at the row of whoever is not.
    """
    query = select(Expert.user_id).join(User, User.id == Expert.user_id).where(Expert.user_id.in_(user_ids))
    free = or_(Expert.barred_until.is_(None), Expert.barred_until < clock.today())
    known = set(session.scalars(query.where(User.is_active, free)))
    own = _team_ids(change.project)
    fields: dict[str, list[str]] = {}
    for place, user_id in enumerate(user_ids):
        if user_id not in known:
            fields[f"experts.{place}.user_id"] = ["这个人不是评审专家，或在禁入期内。"]
        elif user_id in own or user_id == actor.id:
            fields[f"experts.{place}.user_id"] = ["项目团队成员和指定人应当回避。"]
        elif user_id in user_ids[:place]:
            fields[f"experts.{place}.user_id"] = ["这个人已经列入。"]
    if not fields and len(user_ids) != wanted:
        fields["experts"] = [f"请指定 {wanted} 名专家。"]
    if fields:
        raise Invalid(fields)


def say(change: ChangeRequest, *, agree: bool, opinion: str, actor: User) -> None:
    """变更论证: keep what one expert says. Raises Invalid for a refusal without a reason, Forbidden for the team."""
    projects.expect_apart(actor, change.project)
    if not agree and not opinion.strip():
        raise Invalid({"opinion": ["请写明不同意的理由。"]})
    said = ChangeOpinion(expert_id=actor.id, agree=agree, opinion=opinion, said_at=clock.now())
    change.opinions.append(said)


def reject(session: Session, change: ChangeRequest, *, outcome: str) -> None:
    """未获同意: nothing changes, and whoever asked is told why."""
    change.state, change.outcome, change.ended_at = ChangeState.REJECTED, outcome, clock.now()
    text = f"{KINDS[ChangeKind(change.kind)]}未获同意：{outcome}"
    notices.send(session, change.requested_by_id, text=text, link=f"/changes/{change.id}", kind="returned")


def get(session: Session, change_id: int, *, actor: User) -> ChangeRequest:
    """The change. Raises NotFound for one that ``actor`` may not see."""
    change = session.get(ChangeRequest, change_id)
    if change is None or not _may_see(session, actor, change):
        raise NotFound("没有找到这个变更申请。")
    return change


def listing(
    session: Session,
    *,
    actor: User,
    project_id: int | None = None,
    kind: str | None = None,
    state: str | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[ChangeRequest], int]:
    """The changes of projects that ``actor`` reads from inside, the newest first, with how many there are."""
    wanted = {ChangeRequest.project_id: project_id, ChangeRequest.kind: kind, ChangeRequest.state: state}
    query = select(ChangeRequest).where(_seen_by(session, actor))
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    project = joinedload(ChangeRequest.project).joinedload(Project.challenge)
    return paging.page_of(
        session,
        query.order_by(ChangeRequest.id.desc()).options(project, joinedload(ChangeRequest.requested_by)),
        page=page,
        size=size,
    )


@snapshot("change")
def shown(session: Session, change_id: int) -> Snapshot:
    """What a public notice of a change of leader shows."""
    change = session.get_one(ChangeRequest, change_id)
    project = change.project
    people = {name: session.get_one(User, told["leader_id"]) for name, told in _sides(change)}
    names = {name: f"{person.name}（{person.unit.name}）" for name, person in people.items()}
    content = {"榜单": project.challenge.title, **names, "理由": change.reason}
    parties = frozenset(one.id for one in people.values())
    return Snapshot(f"换帅公示：{project.challenge.title}", project.challenge_id, content, parties)


def _sides(change: ChangeRequest) -> tuple[tuple[str, dict[str, Any]], ...]:
    return ("原挂帅人", change.before), ("新挂帅人", change.after)


def _seen_by(session: Session, actor: User) -> Any:
    """The SQL condition of ``_may_see``."""
    own = ChangeRequest.project_id.in_(permissions.own_projects(session, actor))
    return own | (ChangeRequest.requested_by_id == actor.id)


def _may_see(session: Session, actor: User, change: ChangeRequest) -> bool:
    """Who asked for it, reads the project from inside, is to lead it or join it, or was asked as an expert."""
    if actor.id == change.requested_by_id or permissions.may_read_project(session, actor, change.project):
        return True
    named = {change.after.get("leader_id"), *(one["user_id"] for one in change.after.get("members", ()))}
    return actor.id in named or any(actor.id == one.expert_id for one in change.opinions)


def _team_ids(project: Project) -> set[int]:
    return {project.leader_id, *(one.user_id for one in team(project))}


def _expect_allowed(session: Session, project: Project, kind: ChangeKind) -> None:
    if project.state not in ALLOWED_IN[kind]:
        raise Conflict(f"项目当前的状态不能办理{KINDS[kind]}。")
    alike = (ChangeRequest.project_id == project.id, ChangeRequest.kind == kind)
    pending = select(ChangeRequest.id).where(*alike, ChangeRequest.state == ChangeState.PENDING)
    if session.scalar(pending) is not None:
        raise Conflict(f"这个项目已有一项{KINDS[kind]}正在办理，请等它办结。")
    stopped = select(Stoppage.id).where(Stoppage.project_id == project.id, Stoppage.lifted_at.is_(None))
    if kind == ChangeKind.RESUME and session.scalar(stopped) is not None:
        raise Conflict("项目因安全停工，应由安全环保部门同意复工。")
