"""Meetings (会议), and the action items (督办事项) that come of them or are ordered by themselves."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.campaigns import CampaignYear
from workflows.models.organisation import User
from workflows.models.projects import Milestone, Project


class MeetingKind(StrEnum):
    KICKOFF = "kickoff"  # 启动会
    COORDINATION = "coordination"  # 协调会
    ANALYSIS = "analysis"  # 分析会
    PROGRESS = "progress"  # 推进会
    EXCHANGE = "exchange"  # 交流会
    ASSESSMENT = "assessment"  # 考核会
    MONTHLY = "monthly"  # 月度例会


class MeetingState(StrEnum):
    PLANNED = "planned"  # 待通知
    CALLED = "called"  # 已通知
    RECORDED = "recorded"  # 纪要待签发
    RETURNED = "returned"  # 纪要退回
    SIGNED = "signed"  # 纪要已签发


class ItemState(StrEnum):
    DRAFT = "draft"  # 在未签发的纪要中
    OPEN = "open"  # 办理中
    REPORTED = "reported"  # 已反馈
    CLOSED = "closed"  # 已销号


class Meeting(Base):
    """会议: of a project, of one of its nodes, of a year, or of the plant."""

    __tablename__ = "meeting"
    __table_args__ = (CheckConstraint("score between 0 and 100", name="score_is_points"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(14), index=True)  # MeetingKind
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    milestone_id: Mapped[int | None] = mapped_column(ForeignKey("milestone.id"), index=True)
    year_id: Mapped[int | None] = mapped_column(ForeignKey("campaign_year.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default=MeetingState.PLANNED)
    opened_at: Mapped[dt.datetime]
    hold_by: Mapped[dt.datetime]  # its minutes are due then
    agenda: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(String(80), default="")
    planned_at: Mapped[dt.datetime | None]
    called_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    held_on: Mapped[dt.date | None]
    summary: Mapped[str] = mapped_column(default="")
    decisions: Mapped[list[str]] = mapped_column(JSON, default=list)
    minutes: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile
    score: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))  # of an assessment, 0..100
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    signed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    signed_at: Mapped[dt.datetime | None]

    project: Mapped[Project | None] = relationship()
    milestone: Mapped[Milestone | None] = relationship()
    year: Mapped[CampaignYear | None] = relationship()
    called_by: Mapped[User | None] = relationship(foreign_keys=[called_by_id])
    recorded_by: Mapped[User | None] = relationship(foreign_keys=[recorded_by_id])
    signed_by: Mapped[User | None] = relationship(foreign_keys=[signed_by_id])
    people: Mapped[list["MeetingPerson"]] = relationship(
        back_populates="meeting", order_by="MeetingPerson.user_id", cascade="all, delete-orphan"
    )
    items: Mapped[list["ActionItem"]] = relationship(
        back_populates="meeting", order_by="ActionItem.id", cascade="all, delete-orphan"
    )


class MeetingPerson(Base):
    """One person of a meeting: as its chair, as invited, as present."""

    __tablename__ = "meeting_person"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    is_chair: Mapped[bool] = mapped_column(default=False)
    is_invited: Mapped[bool] = mapped_column(default=False)
    was_present: Mapped[bool] = mapped_column(default=False)

    meeting: Mapped[Meeting] = relationship(back_populates="people")
    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class ActionItem(Base):
    """督办事项: what one person has to have done by a day, until the office strikes it off (销号)."""

    __tablename__ = "action_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(String(500))
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    due_on: Mapped[dt.date]
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    problem_id: Mapped[int | None] = mapped_column(ForeignKey("problem.id"), index=True)
    ordered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))  # of a 督办 order
    state: Mapped[str] = mapped_column(String(10), default=ItemState.OPEN, index=True)
    feedback: Mapped[str] = mapped_column(default="")
    evidence: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile
    reported_at: Mapped[dt.datetime | None]
    times_returned: Mapped[int] = mapped_column(default=0)
    escalations: Mapped[int] = mapped_column(default=0)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    closed_at: Mapped[dt.datetime | None]

    owner: Mapped[User] = relationship(foreign_keys=[owner_id])
    ordered_by: Mapped[User | None] = relationship(foreign_keys=[ordered_by_id])
    closed_by: Mapped[User | None] = relationship(foreign_keys=[closed_by_id])
    meeting: Mapped[Meeting | None] = relationship(back_populates="items")
    project: Mapped[Project | None] = relationship()
