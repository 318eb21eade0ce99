"""What happens while a project runs: nodes handed in and verified, reports, money released, work stopped."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.challenges import Indicator
from workflows.models.organisation import User
from workflows.models.projects import Milestone, Project


class FundKind(StrEnum):
    FIRST = "first"  # 首拨
    NODE = "node"  # 节点拨付
    RETURN = "return"  # 未使用经费收回: a negative amount
    REALLOCATION = "reallocation"  # 赛马淘汰后调剂


class NodeSubmission(Base):
    """节点提交: one attempt at a node, with the values that the leader reports."""

    __tablename__ = "node_submission"
    __table_args__ = (UniqueConstraint("milestone_id", "attempt"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    milestone_id: Mapped[int] = mapped_column(ForeignKey("milestone.id"))
    attempt: Mapped[int]
    summary: Mapped[str]
    evidence: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile
    submitted_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    submitted_at: Mapped[dt.datetime]
    verified_at: Mapped[dt.datetime | None]  # everybody asked has verified

    milestone: Mapped[Milestone] = relationship()
    values: Mapped[list["NodeValue"]] = relationship(
        back_populates="submission", order_by="NodeValue.indicator_id", cascade="all, delete-orphan"
    )
    verifications: Mapped[list["NodeVerification"]] = relationship(
        back_populates="submission", order_by="NodeVerification.id", cascade="all, delete-orphan"
    )


class NodeValue(Base):
    """The value of one indicator that the leader reports with a node."""

    __tablename__ = "node_value"

    submission_id: Mapped[int] = mapped_column(ForeignKey("node_submission.id"), primary_key=True)
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"), primary_key=True)
    value: Mapped[Decimal] = mapped_column(Numeric(18, 4))

    submission: Mapped[NodeSubmission] = relationship(back_populates="values")
    indicator: Mapped[Indicator] = relationship(lazy="joined", innerjoin=True)


class NodeVerification(Base):
    """节点核验: what a verifier measured of one indicator, or the sponsor's word on the whole (no indicator)."""

    __tablename__ = "node_verification"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("node_submission.id"), index=True)
    indicator_id: Mapped[int | None] = mapped_column(ForeignKey("indicator.id"))
    measured: Mapped[Decimal | None] = mapped_column(Numeric(18, 4))
    agree: Mapped[bool]
    opinion: Mapped[str] = mapped_column(default="")
    verifier_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    verified_at: Mapped[dt.datetime]

    submission: Mapped[NodeSubmission] = relationship(back_populates="verifications")
    indicator: Mapped[Indicator | None] = relationship()
    verifier: Mapped[User] = relationship()


class ProgressReport(Base):
    """进展填报: what the team says between nodes; ``gap_pp`` is planned less reported progress on that day."""

    __tablename__ = "progress_report"
    __table_args__ = (CheckConstraint("progress_pct between 0 and 100", name="progress_is_percent"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    progress_pct: Mapped[int]
    gap_pp: Mapped[int]  # whole percentage points; negative when ahead
    issues: Mapped[str] = mapped_column(default="")
    help_needed: Mapped[str] = mapped_column(default="")
    is_blocked: Mapped[bool] = mapped_column(default=False)
    photos: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile
    reported_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reported_at: Mapped[dt.datetime]

    project: Mapped[Project] = relationship()
    reported_by: Mapped[User] = relationship()
    values: Mapped[list["ReportedValue"]] = relationship(cascade="all, delete-orphan")


class ReportedValue(Base):
    """The value of one indicator as a report tells it."""

    __tablename__ = "reported_value"

    report_id: Mapped[int] = mapped_column(ForeignKey("progress_report.id"), primary_key=True)
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"), primary_key=True)
    value: Mapped[Decimal] = mapped_column(Numeric(18, 4))

    indicator: Mapped[Indicator] = relationship(lazy="joined", innerjoin=True)


class FundRelease(Base):
    """经费拨付: of the project's budget, never of the award; what comes back is negative."""

    __tablename__ = "fund_release"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    milestone_id: Mapped[int | None] = mapped_column(ForeignKey("milestone.id"))
    kind: Mapped[str] = mapped_column(String(14))  # FundKind
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    paid_on: Mapped[dt.date]
    voucher: Mapped[str] = mapped_column(String(60), default="")
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[dt.datetime]

    project: Mapped[Project] = relationship()
    milestone: Mapped[Milestone | None] = relationship()


class Prepayment(Base):
    """节点预发: of the fixed award, when a node releases it (table payout_plan)."""

    __tablename__ = "prepayment"
    __table_args__ = (CheckConstraint("amount_fen >= 0", name="amount_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    milestone_id: Mapped[int] = mapped_column(ForeignKey("milestone.id"), unique=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    paid_on: Mapped[dt.date]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[dt.datetime]

    milestone: Mapped[Milestone] = relationship()


class Stoppage(Base):
    """安全停工: ordered by HSE, until HSE lifts it."""

    __tablename__ = "stoppage"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    reason: Mapped[str]
    ordered_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    ordered_at: Mapped[dt.datetime]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    lifted_at: Mapped[dt.datetime | None]

    project: Mapped[Project] = relationship()
