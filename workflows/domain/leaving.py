"""What hangs on one person beside their tasks: roles, posts, action items, challenges that they answer for."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workflows import clock
from workflows.domain import administration, holdings, permissions, projects
from workflows.errors import Conflict, Forbidden
from workflows.models import (
    ActionItem,
    Challenge,
    ChallengeState,
    ItemState,
    PostHolding,
    Project,
    RoleGrant,
    Unit,
    User,
)

KINDS = {
    "item": "待办",
    "role": "角色",
    "post": "岗位",
    "action_item": "督办事项",
    "party_lead": "党组织责任人",
    "admin_lead": "行政责任人",
}
ENDED = (
    ChallengeState.REJECTED,
    ChallengeState.WITHDRAWN,
    ChallengeState.ARCHIVED,
    ChallengeState.TERMINATED,
    ChallengeState.NOT_ACCEPTED,
)


@dataclass(frozen=True)
class Thing:
    """One thing to hand over: ``refusal`` says why it cannot be, empty when it can."""

    kind: str  # KINDS
    id: int
    title: str
    about: str
    path: str
    refusal: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.id}"


def things(session: Session, user: User, *, actor: User) -> list[Thing]:
    """Everything but the tasks, in the order of KINDS."""
    return [
        *_roles(session, user, actor),
        *_posts(session, user),
        *_action_items(session, user),
        *_answered_for(session, user),
    ]


def leads(session: Session, user: User) -> list[Project]:
    """Projects under way of which ``user`` is the leader: only a change (换帅) gives them another."""
    mine = select(Project).where(Project.leader_id == user.id, Project.state.in_(projects.UNDER_WAY))
    return list(session.scalars(mine.options(joinedload(Project.challenge)).order_by(Project.id)))


def _roles(session: Session, user: User, actor: User) -> Iterator[Thing]:
    refusal = "" if permissions.may_administer(session, actor) else "角色须由系统管理员交接。"
    names = select(RoleGrant, Unit.name).outerjoin(Unit, Unit.id == RoleGrant.unit_id)
    for grant, unit in session.execute(names.where(RoleGrant.user_id == user.id).order_by(RoleGrant.id)):
        title = permissions.ROLES.get(grant.role, grant.role)
        yield Thing("role", grant.id, title, unit or "全厂", "", refusal)


def _posts(session: Session, user: User) -> Iterator[Thing]:
    for post in administration.posts_of(session, user):
        yield Thing("post", post.id, post.name, post.code, "")


def _action_items(session: Session, user: User) -> Iterator[Thing]:
    mine = select(ActionItem).where(ActionItem.owner_id == user.id, ActionItem.state != ItemState.CLOSED)
    for item in session.scalars(mine.order_by(ActionItem.due_on, ActionItem.id)):
        yield Thing("action_item", item.id, item.what, f"{item.due_on:%Y-%m-%d}", f"/action-items/{item.id}")


def _answered_for(session: Session, user: User) -> Iterator[Thing]:
    for kind, column in (("party_lead", Challenge.party_lead_id), ("admin_lead", Challenge.admin_lead_id)):
        mine = select(Challenge).where(column == user.id, Challenge.state.not_in(ENDED))
        for one in session.scalars(mine.order_by(Challenge.id)):
            yield Thing(kind, one.id, one.title, "", f"/challenges/{one.id}")


def move(session: Session, thing: Thing, leaver: User, other: User, *, reason: str, actor: User) -> None:
    """Give one thing of ``leaver`` to ``other``. Raises Conflict, Forbidden or Invalid, in words."""
    if thing.kind == "role":
        _move_role(session, thing, leaver, other, reason=reason, actor=actor)
    elif thing.kind == "post":
        _move_post(session, thing, leaver, other)
    elif thing.kind == "action_item":
        session.get_one(ActionItem, thing.id).owner_id = other.id
    else:
        _move_lead(session, thing, leaver, other)
    session.flush()


def _move_role(
    session: Session, thing: Thing, leaver: User, other: User, *, reason: str, actor: User
) -> None:
    if actor.id in (other.id, leaver.id):
        raise Forbidden("不能把角色交接给自己，也不能交出自己的角色，请由另一位系统管理员办理。")
    grant = session.get_one(RoleGrant, thing.id)
    moved = (grant.role, grant.unit_id)
    held = {(one.role, one.unit_id) for one in other.grants} | {moved}
    administration.check_roles(held, {unit for _, unit in held if unit is not None})
    rest = {(one.role, one.unit_id) for one in leaver.grants} - {moved}
    administration.replace_roles(session, leaver, rest, actor=actor, reason=reason)
    administration.replace_roles(session, other, held, actor=actor, reason=reason)


def _move_post(session: Session, thing: Thing, leaver: User, other: User) -> None:
    holdings.end(session, session.get_one(PostHolding, (thing.id, leaver.id)), to_day=clock.today())
    if session.get(PostHolding, (thing.id, other.id)) is None:
        holdings.begin(session, thing.id, other.id, from_day=clock.today())


def _move_lead(session: Session, thing: Thing, leaver: User, other: User) -> None:
    """The challenge and its projects under way have another who answers for them (责任人)."""
    column = f"{thing.kind}_id"
    challenge = session.get_one(Challenge, thing.id)
    if other.id in (challenge.party_lead_id, challenge.admin_lead_id):
        raise Conflict("党组织责任人和行政责任人不能是同一个人。")
    own = select(Project).where(Project.challenge_id == challenge.id, Project.state.in_(projects.UNDER_WAY))
    for project in session.scalars(own):
        if permissions.is_on_team(other, project):
            raise Forbidden("所选人员是攻关团队成员，不能同时是责任人，请另选他人。")
        if getattr(project, column) == leaver.id:
            setattr(project, column, other.id)
    setattr(challenge, column, other.id)
