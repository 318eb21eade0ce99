"""双挂钩考评: one unit's appraisal for one period, its 13 category scores, and what it means for both heads."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.organisation import Unit, User


class AppraisalState(StrEnum):
    SCORING = "scoring"  # 评分
    CONFIRMING = "confirming"  # 单位确认
    APPEALED = "appealed"  # 申诉复核
    APPROVING = "approving"  # 审批
    PUBLISHED = "published"  # 已公布
    CANCELLED = "cancelled"  # 否决, 作废


class Appraisal(Base):
    """考评: ``p`` and ``b`` are the exact rates 0..100 of the Party and the business side, once scored."""

    __tablename__ = "appraisal"
    __table_args__ = (
        UniqueConstraint("unit_id", "period", "attempt"),
        CheckConstraint("period_from <= period_to", name="period_in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    period: Mapped[str] = mapped_column(String(7))  # 2027, 2027Q3, 2027-08
    attempt: Mapped[int] = mapped_column(default=1)  # one that was rejected may be done again
    period_from: Mapped[dt.date]
    period_to: Mapped[dt.date]
    state: Mapped[str] = mapped_column(String(12), index=True, default=AppraisalState.SCORING)
    opened_at: Mapped[dt.datetime]
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    p: Mapped[Decimal | None] = mapped_column(Numeric(12, 8))
    b: Mapped[Decimal | None] = mapped_column(Numeric(12, 8))
    kdual: Mapped[Decimal | None] = mapped_column(
        Numeric(12, 8)
    )  # 双挂钩系数, by the rules of its publication
    v: Mapped[Decimal | None] = mapped_column(Numeric(4, 2))  # 否决系数 of the unit
    published_at: Mapped[dt.datetime | None]

    unit: Mapped[Unit] = relationship(lazy="joined", innerjoin=True)
    scores: Mapped[list["CategoryScore"]] = relationship(
        back_populates="appraisal", order_by="CategoryScore.category", cascade="all, delete-orphan"
    )
    heads: Mapped[list["HeadCoefficient"]] = relationship(
        back_populates="appraisal", order_by="HeadCoefficient.id", cascade="all, delete-orphan"
    )


class CategoryScore(Base):
    """分类得分: what the owning department gave for one category.

    ``deductions`` are {category, clause, points, reason, evidence: ids of StoredFile}; ``reason`` says why a review changed the score.
    """

    __tablename__ = "category_score"
    __table_args__ = (
        UniqueConstraint("appraisal_id", "category"),
        CheckConstraint("score between 0 and 100", name="score_is_percent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appraisal_id: Mapped[int] = mapped_column(ForeignKey("appraisal.id"))
    category: Mapped[str] = mapped_column(String(3))  # A1 … B7, table category_weight
    owner: Mapped[str] = mapped_column(String(30))  # role
    score: Mapped[Decimal] = mapped_column(Numeric(7, 4))
    deductions: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    bonus: Mapped[str] = mapped_column(String(300), default="")  # 加分事由
    reason: Mapped[str] = mapped_column(String(300), default="")
    scored_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    scored_at: Mapped[dt.datetime]

    appraisal: Mapped[Appraisal] = relationship(back_populates="scores")


class HeadCoefficient(Base):
    """党政同奖同罚: the unit's coefficient as it counts for one of its heads."""

    __tablename__ = "head_coefficient"
    __table_args__ = (UniqueConstraint("appraisal_id", "user_id", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    appraisal_id: Mapped[int] = mapped_column(ForeignKey("appraisal.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))  # party_secretary, admin_head
    coefficient: Mapped[Decimal] = mapped_column(Numeric(12, 8))

    appraisal: Mapped[Appraisal] = relationship(back_populates="heads")
    user: Mapped[User] = relationship()
