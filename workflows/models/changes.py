"""Changes of a project (变更): what was asked for, what experts said of it, and what it changed."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.organisation import User
from workflows.models.projects import Project


class ChangeKind(StrEnum):
    INDICATOR = "indicator"  # 指标
    DEADLINE = "deadline"  # 工期
    BUDGET = "budget"  # 预算
    MEMBER = "member"  # 成员
    LEADER = "leader"  # 换帅
    SUSPEND = "suspend"  # 暂停
    RESUME = "resume"  # 复工
    TERMINATE = "terminate"  # 终止


class ChangeState(StrEnum):
    PENDING = "pending"  # 办理中
    APPLIED = "applied"  # 已生效
    REJECTED = "rejected"  # 未获同意


class ChangeRequest(Base):
    """变更申请. ``before`` and ``after`` hold what the kind is about:

    {"deadline": "2027-10-31"}, {"budget_fen": 5}, {"leader_id": 7}, {"state": "suspended"}, {"values": {"3": "8"}}
    (indicator id: value), and of members {"members": [{user_id, role, workload_pct}]}.
    """

    __tablename__ = "change_request"
    __table_args__ = (Index(None, "project_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    kind: Mapped[str] = mapped_column(String(10), index=True)  # ChangeKind
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str]
    impact_days: Mapped[int | None]  # as the applicant sees it: calendar days, 分, percent
    impact_fen: Mapped[int | None] = mapped_column(BigInteger)
    impact_pct: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    findings: Mapped[list[dict[str, str]]] = mapped_column(
        JSON, default=list
    )  # of D3: code, severity, message
    state: Mapped[str] = mapped_column(String(10), default=ChangeState.PENDING)
    outcome: Mapped[str] = mapped_column(default="")  # why it was not agreed to
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    requested_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]

    project: Mapped[Project] = relationship()
    requested_by: Mapped[User] = relationship()
    opinions: Mapped[list["ChangeOpinion"]] = relationship(order_by="ChangeOpinion.id")
    supplement: Mapped["PledgeSupplement | None"] = relationship()


class ChangeOpinion(Base):
    """论证意见: what one expert said of a change."""

    __tablename__ = "change_opinion"
    __table_args__ = (UniqueConstraint("change_id", "expert_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("change_request.id"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    agree: Mapped[bool]
    opinion: Mapped[str] = mapped_column(default="")
    said_at: Mapped[dt.datetime]

    expert: Mapped[User] = relationship()


class PledgeChange(Base):
    """承诺值变更: the value pledged for an indicator from a change on; the newest counts."""

    __tablename__ = "pledge_change"
    __table_args__ = (UniqueConstraint("change_id", "indicator_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("change_request.id"))
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    before: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    value: Mapped[Decimal] = mapped_column(Numeric(18, 4))


class PledgeSupplement(Base):
    """军令状补充条款: what a change alters of what was signed."""

    __tablename__ = "pledge_supplement"
    __table_args__ = (UniqueConstraint("project_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    seq: Mapped[int]
    change_id: Mapped[int] = mapped_column(ForeignKey("change_request.id"), unique=True)
    text: Mapped[str]
    hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of the text
    made_at: Mapped[dt.datetime]
