"""Meetings (会议): opened for a project, a node or the plant; called, recorded, signed by the chair."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows import calendar, clock
from workflows.domain import action_items, notices, paging, permissions, projects, rules
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import (
    CampaignYear,
    ItemState,
    Meeting,
    MeetingKind,
    MeetingPerson,
    MeetingState,
    Milestone,
    Project,
    User,
)

KINDS = {
    MeetingKind.KICKOFF: "启动会",
    MeetingKind.COORDINATION: "协调会",
    MeetingKind.ANALYSIS: "分析会",
    MeetingKind.PROGRESS: "推进会",
    MeetingKind.EXCHANGE: "交流会",
    MeetingKind.ASSESSMENT: "考核会",
    MeetingKind.MONTHLY: "月度例会",
}
ON_DEMAND = (MeetingKind.COORDINATION, MeetingKind.ANALYSIS, MeetingKind.PROGRESS, MeetingKind.EXCHANGE)
BY_OFFICE = (MeetingKind.ASSESSMENT, MeetingKind.MONTHLY)  # nobody records what is said of their own work


def open_for(
    session: Session,
    subject: str,
    *,
    kind: str,
    chair_ids: Sequence[int],
    hold_by: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> Meeting:
    """要开会: a meeting about ``subject`` ("project:4", "milestone:9", "year:1"), to be recorded by ``hold_by``.

    Without ``hold_by`` the setting ``meeting_workdays`` in force at ``at`` tells it. Raises Conflict without a chair.
    """
    if not chair_ids:
        raise Conflict("会议没有主持人，请先指定。")
    meeting = Meeting(kind=MeetingKind(kind), opened_at=clock.now())
    usual = rules.days(session, "meeting_workdays", at=at)
    meeting.hold_by = hold_by or calendar.deadline_after(session, usual)
    word, _, number = subject.partition(":")
    if word == "year":
        meeting.year = session.get_one(CampaignYear, int(number))
    elif word == "milestone":
        meeting.milestone = session.get_one(Milestone, int(number))
        meeting.project = meeting.milestone.project
    else:
        meeting.project = session.get_one(Project, int(number))
    meeting.people = [MeetingPerson(user_id=one, is_chair=True) for one in dict.fromkeys(chair_ids)]
    session.add(meeting)
    session.flush()
    return meeting


def request(session: Session, values: Mapping[str, Any], *, actor: User) -> Meeting:
    """发起会议: one on demand, of a project or of the plant; ``values`` as steps.meeting_forms.MeetingStart.

    Raises Forbidden and Invalid.
    """
    project = None
    if values["project_id"] is not None:
        project = projects.get(session, values["project_id"], actor=actor)
    if not permissions.may_convene(session, actor, project):
        raise Forbidden("只有项目挂帅人、榜单责任人和揭榜挂帅办公室可以发起会议。")
    if project is not None and project.state not in projects.UNDER_WAY:
        raise Conflict("项目已经结束，不能再为它发起会议。")
    _check_people(session, values, "chairs")
    subject = f"project:{project.id}" if project is not None else f"year:{_this_year(session).id}"
    chair_ids = [row["user_id"] for row in values["chairs"]]
    return open_for(session, subject, kind=values["kind"], chair_ids=chair_ids)


def is_called_by_leader(meeting: Meeting) -> bool:
    """Whether the leader of the project convenes and records; otherwise the campaign office does."""
    return meeting.project is not None and meeting.kind not in BY_OFFICE


def call(session: Session, meeting: Meeting, *, values: Mapping[str, Any], actor: User) -> None:
    """通知: fix agenda, place, time and whom to invite, and tell them; ``values`` as meeting_forms.CallForm.

    Raises Invalid for people unknown or named twice, or a time before today.
    """
    _expect(meeting, MeetingState.PLANNED)
    _check_people(session, values, "attendees")
    if clock.local(values["planned_at"]).date() < clock.today():
        raise Invalid({"planned_at": ["会议时间不能早于今天。"]})
    meeting.agenda, meeting.place = values["agenda"], values["place"]
    meeting.planned_at, meeting.called_by = values["planned_at"], actor
    meeting.state = MeetingState.CALLED
    mark(meeting, "is_invited", [row["user_id"] for row in values["attendees"]])
    session.flush()
    when = f"{clock.local(values['planned_at']):%Y-%m-%d %H:%M}"
    for person in meeting.people:
        text = f"会议通知：{title(meeting)}，{when}，{meeting.place}"
        notices.send(session, person.user_id, text=text, link=f"/meetings/{meeting.id}", kind="meeting")


def record(session: Session, meeting: Meeting, *, values: Mapping[str, Any], actor: User) -> None:
    """纪要: what was said and decided, and who has to do what by when; ``values`` as meeting_forms.HoldForm.

    A new version replaces the one that the chair returned. Raises Forbidden when one of the team records an
    assessment, Invalid for people unknown or named twice, and days that cannot be.
    """
    _expect(meeting, MeetingState.CALLED, MeetingState.RETURNED)
    _expect_apart(meeting, actor)
    _check_people(session, values, "present")
    _check_days(meeting, values)
    action_items.check_rows(session, values["items"], name="items")
    meeting.held_on, meeting.summary = values["held_on"], values["summary"]
    meeting.decisions = [row["text"] for row in values["decisions"]]
    meeting.minutes, meeting.score = list(values["minutes"]), values.get("score")
    meeting.recorded_by, meeting.state = actor, MeetingState.RECORDED
    mark(meeting, "was_present", [row["user_id"] for row in values["present"]])
    meeting.items.clear()
    session.flush()
    for row in values["items"]:
        action_items.add(session, **row, meeting_id=meeting.id, project_id=meeting.project_id, is_draft=True)
    session.expire(meeting, ["items"])


def sign(session: Session, meeting: Meeting, *, agree: bool, opinion: str, actor: User) -> list[int]:
    """主持人签发: the ids of the action items that are given out with the signature; none when returned.

    Raises Forbidden when one of the team signs an assessment, Invalid when returned without a reason.
    """
    _expect(meeting, MeetingState.RECORDED)
    _expect_apart(meeting, actor)
    if not agree:
        if not opinion.strip():
            raise Invalid({"opinion": ["请写明退回的理由。"]})
        meeting.state = MeetingState.RETURNED
        return []
    meeting.state, meeting.signed_by, meeting.signed_at = MeetingState.SIGNED, actor, clock.now()
    for item in meeting.items:
        item.state = ItemState.OPEN
    for person in meeting.people:
        text = f"会议纪要已签发：{title(meeting)}"
        notices.send(session, person.user_id, text=text, link=f"/meetings/{meeting.id}", kind="meeting")
    return [item.id for item in meeting.items]


def title(meeting: Meeting) -> str:
    """What people call it: 协调会 · 降低冬季冻堵次数."""
    about = "全厂"
    if meeting.project is not None:
        about = meeting.project.challenge.title
    elif meeting.year is not None:
        about = f"{meeting.year.year} 年度"
    node = f" · {meeting.milestone.name}" if meeting.milestone is not None else ""
    return f"{KINDS[MeetingKind(meeting.kind)]} · {about}{node}"


def mark(meeting: Meeting, mark_: str, user_ids: Iterable[int]) -> None:
    """Let exactly ``user_ids`` have the mark is_invited or was_present among the people of ``meeting``."""
    known = {one.user_id: one for one in meeting.people}
    wanted = set(user_ids)
    for one in meeting.people:
        setattr(one, mark_, one.user_id in wanted)
    meeting.people += [MeetingPerson(user_id=one, **{mark_: True}) for one in sorted(wanted - known.keys())]


def get(session: Session, meeting_id: int, *, actor: User) -> Meeting:
    """The meeting with its people and items. Raises NotFound for one that ``actor`` may not see."""
    query = select(Meeting).where(Meeting.id == meeting_id, _seen_by(session, actor))
    meeting = session.scalars(
        query.options(selectinload(Meeting.items), selectinload(Meeting.people))
    ).one_or_none()
    if meeting is None:
        raise NotFound("没有找到这次会议。")
    return meeting


def listing(
    session: Session,
    *,
    actor: User,
    kind: str | None = None,
    state: str | None = None,
    project_id: int | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Meeting], int]:
    """The meetings that ``actor`` may see, the newest first, with how many there are; pages count from 1.

    ``since`` and ``until`` are days, both within: of a meeting that was held its day, else that on which it is due.
    """
    wanted = {Meeting.kind: kind, Meeting.state: state, Meeting.project_id: project_id}
    query = select(Meeting).where(_seen_by(session, actor))
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    query = query.where(*_within(since, until))
    loaded = (joinedload(Meeting.project).joinedload(Project.challenge), joinedload(Meeting.milestone))
    return paging.page_of(
        session,
        query.order_by(_DAY.desc(), Meeting.id.desc()).options(*loaded, joinedload(Meeting.year)),
        page=page,
        size=size,
    )


_DAY = func.coalesce(Meeting.held_on, func.date(Meeting.hold_by))


def _within(since: dt.date | None, until: dt.date | None) -> list[Any]:
    """The SQL conditions that a meeting was held, or is due, in these days."""
    found: list[Any] = []
    if since is not None:
        is_due = Meeting.held_on.is_(None) & (Meeting.hold_by > clock.start_of(since))
        found.append((Meeting.held_on >= since) | is_due)
    if until is not None:
        is_due = Meeting.held_on.is_(None) & (Meeting.hold_by <= clock.end_of(until))
        found.append((Meeting.held_on <= until) | is_due)
    return found


def _seen_by(session: Session, actor: User) -> Any:
    """The SQL condition: its people, whoever reads the project from inside, and those who read all."""
    if permissions.reads_all(session, actor):
        return Meeting.id.is_not(None)
    mine = select(MeetingPerson.meeting_id).where(MeetingPerson.user_id == actor.id)
    of_projects = permissions.own_projects(session, actor)
    return or_(Meeting.id.in_(mine), Meeting.called_by_id == actor.id, Meeting.project_id.in_(of_projects))


def _this_year(session: Session) -> CampaignYear:
    year = session.scalars(select(CampaignYear).order_by(CampaignYear.year.desc())).first()
    if year is None:
        raise Conflict("还没有年度计划，请先编制年度计划，或选择一个项目。")
    return year


def _check_people(session: Session, values: Mapping[str, Any], name: str) -> None:
    """Raises Invalid at the row for whoever is unknown, has left, or is named twice."""
    ids = [row["user_id"] for row in values[name]]
    known = set(session.scalars(select(User.id).where(User.id.in_(ids), User.is_active)))
    fields: dict[str, list[str]] = {}
    for place, user_id in enumerate(ids):
        if user_id not in known:
            fields[f"{name}.{place}.user_id"] = ["没有这个人员。"]
        elif user_id in ids[:place]:
            fields[f"{name}.{place}.user_id"] = ["这个人已经列入。"]
    if fields:
        raise Invalid(fields)


def _check_days(meeting: Meeting, values: Mapping[str, Any]) -> None:
    if values["held_on"] > clock.today():
        raise Invalid({"held_on": ["召开日期不能晚于今天。"]})
    is_kickoff = meeting.kind == MeetingKind.KICKOFF and meeting.project is not None
    if is_kickoff and meeting.project is not None and values["held_on"] >= meeting.project.deadline:
        raise Invalid({"held_on": [f"启动会应早于完成期限 {meeting.project.deadline:%Y-%m-%d}。"]})


def _expect(meeting: Meeting, *states: MeetingState) -> None:
    if meeting.state not in states:
        raise Conflict("会议当前的状态不允许这样做，请刷新页面。")


def _expect_apart(meeting: Meeting, actor: User) -> None:
    if meeting.kind == MeetingKind.ASSESSMENT and meeting.project is not None:
        projects.expect_apart(actor, meeting.project)
