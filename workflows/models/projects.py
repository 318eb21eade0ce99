"""The project (攻关项目) that a winning bid becomes: its team, its milestones."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.bids import Bid
from workflows.models.challenges import Challenge
from workflows.models.organisation import Unit, User


class ProjectState(StrEnum):
    PLEDGING = "pledging"  # 签订军令状
    ABANDONED = "abandoned"  # 未签约, 放弃
    INITIATING = "initiating"  # 启动
    RUNNING = "running"  # 实施
    RECTIFYING = "rectifying"  # 整改
    SUSPENDED = "suspended"  # 暂停
    ACCEPTING = "accepting"  # 验收
    ACCEPTED = "accepted"  # 通过
    NOT_ACCEPTED = "not_accepted"  # 不通过
    CLOSED = "closed"  # 结题
    TERMINATED = "terminated"  # 终止
    ELIMINATED = "eliminated"  # 淘汰(赛马)


class MilestoneState(StrEnum):
    PLANNED = "planned"  # 未到
    IN_PROGRESS = "in_progress"  # 进行
    SUBMITTED = "submitted"  # 待考
    PASSED = "passed"  # 通过
    CONDITIONAL = "conditional"  # 有条件通过
    FAILED = "failed"  # 不通过
    WAIVED = "waived"  # 豁免


class Project(Base):
    """攻关项目."""

    __tablename__ = "project"
    __table_args__ = (
        CheckConstraint("progress_pct between 0 and 100", name="progress_is_percent"),
        CheckConstraint("budget_fen >= 0", name="budget_not_negative"),
        Index(
            "ix_project_on_wall", "state", "rag", "deadline", "id"
        ),  # all that sorting the wall chart reads
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    no: Mapped[str | None] = mapped_column(String(40), unique=True)  # of the pledge, once signed
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"), index=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), unique=True)
    leader_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)  # that leads it
    party_lead_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    admin_lead_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    state: Mapped[str] = mapped_column(String(14), default=ProjectState.PLEDGING)
    awarded_at: Mapped[dt.datetime]
    started_on: Mapped[dt.date | None]  # 启动会
    deadline: Mapped[dt.date]  # as now agreed; what the reward's timeliness counts from
    budget_fen: Mapped[int] = mapped_column(BigInteger)
    progress_pct: Mapped[int] = mapped_column(default=0)
    rag: Mapped[str] = mapped_column(String(6), default="green")  # green, yellow, orange, red: table rag
    yellows_in_a_row: Mapped[int] = mapped_column(default=0)
    is_blocked: Mapped[bool] = mapped_column(default=False)
    rules_at: Mapped[dt.datetime]  # the instant whose rules it keeps
    ended_on: Mapped[dt.date | None]  # accepted, not accepted, terminated or eliminated
    liability: Mapped[str | None] = mapped_column(String(8))  # exempt 免责, liable 追责; after an unhappy end

    challenge: Mapped[Challenge] = relationship()
    bid: Mapped[Bid] = relationship()
    leader: Mapped[User] = relationship(foreign_keys=[leader_id])
    party_lead: Mapped[User] = relationship(foreign_keys=[party_lead_id])
    admin_lead: Mapped[User] = relationship(foreign_keys=[admin_lead_id])
    unit: Mapped[Unit] = relationship()
    members: Mapped[list["ProjectMember"]] = relationship(
        back_populates="project", order_by="ProjectMember.seq", cascade="all, delete-orphan"
    )
    milestones: Mapped[list["Milestone"]] = relationship(
        back_populates="project", order_by="Milestone.seq", cascade="all, delete-orphan"
    )


class ProjectMember(Base):
    """项目成员; ``role`` as in the bid; whoever has left keeps the row."""

    __tablename__ = "project_member"
    __table_args__ = (UniqueConstraint("project_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    seq: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    role: Mapped[str] = mapped_column(String(10))
    pioneer: Mapped[bool] = mapped_column(default=False)
    workload_pct: Mapped[int]
    joined_on: Mapped[dt.date]
    left_on: Mapped[dt.date | None]

    project: Mapped[Project] = relationship(back_populates="members")
    user: Mapped[User] = relationship()


class Milestone(Base):
    """节点: planned backward from the deadline; releases ``pay_pct`` of the pre-payment when passed."""

    __tablename__ = "milestone"
    __table_args__ = (UniqueConstraint("project_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    seq: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    deliverable: Mapped[str] = mapped_column(String(200))
    pay_pct: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    plan_start: Mapped[dt.date | None]
    plan_due: Mapped[dt.date | None]  # the baseline, frozen with the plan
    cur_due: Mapped[dt.date | None]  # as now agreed
    done_on: Mapped[dt.date | None]
    state: Mapped[str] = mapped_column(String(12), default=MilestoneState.PLANNED)
    attempts: Mapped[int] = mapped_column(default=0)  # assessments so far
    score: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))  # of the last assessment, 0..100
    released_pct: Mapped[int] = mapped_column(default=0)  # of pay_pct: 100, 50 or 0
    action: Mapped[str | None] = mapped_column(String(24))  # what table node_action last said of it
    points: Mapped[int] = mapped_column(default=0)  # 积分

    project: Mapped[Project] = relationship(back_populates="milestones")
