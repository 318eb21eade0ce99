"""The challenge (榜单) with its indicators."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.organisation import Unit, User


class Category(StrEnum):
    DEVELOPMENT = "发展之困"
    PRODUCTION = "生产所需"
    MARKET = "市场所急"


class Mode(StrEnum):
    SINGLE = "single"  # 单揭
    MULTI = "multi"  # 一榜多揭
    RACE = "race"  # 赛马


class ChallengeState(StrEnum):
    """The states of domain.md that the running processes reach."""

    APPROVED = "approved"  # 待发布
    PUBLISHED = "published"  # 揭榜中
    BIDDING_CLOSED = "bidding_closed"  # 截止
    FAILED = "failed"  # 流标
    WITHDRAWN = "withdrawn"  # 撤榜
    REVIEWING = "reviewing"  # 评审


class Challenge(Base):
    """榜单: one problem that teams bid to lead."""

    __tablename__ = "challenge"
    __table_args__ = (CheckConstraint("budget_fen >= 0", name="budget_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    no: Mapped[str | None] = mapped_column(
        String(30), unique=True
    )  # TRQ-{year}-{F|S|M}{seq}, from publication on
    category: Mapped[str] = mapped_column(String(10))  # Category
    title: Mapped[str] = mapped_column(String(120))
    background: Mapped[str]
    level: Mapped[str] = mapped_column(String(1))  # A 厂级重大, B 厂级重点, C 基层
    mode: Mapped[str] = mapped_column(String(10), default=Mode.SINGLE)
    sponsor_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    party_lead_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    admin_lead_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    deadline: Mapped[dt.date]  # of the delivery
    budget_fen: Mapped[int]
    safety_critical: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(20), index=True, default=ChallengeState.APPROVED)
    published_at: Mapped[dt.datetime | None]
    bid_to: Mapped[dt.datetime | None]  # first instant at which a bid is too late
    extended: Mapped[bool] = mapped_column(default=False)  # D6: the bidding was extended once

    sponsor_unit: Mapped[Unit] = relationship(lazy="joined", innerjoin=True)
    party_lead: Mapped[User] = relationship(foreign_keys=[party_lead_id])
    admin_lead: Mapped[User] = relationship(foreign_keys=[admin_lead_id])
    indicators: Mapped[list["Indicator"]] = relationship(
        back_populates="challenge", order_by="Indicator.seq", cascade="all, delete-orphan"
    )


class Indicator(Base):
    """指标: a number to reach, from baseline to target, verified by a named department."""

    __tablename__ = "indicator"
    __table_args__ = (
        UniqueConstraint("challenge_id", "seq"),
        CheckConstraint("op in ('≥','≤','=')", name="op_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"))
    seq: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    measure: Mapped[str] = mapped_column(String(20))  # unit of measure: 万方, %, 次
    baseline: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    target: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    op: Mapped[str] = mapped_column(String(1))  # measured ``op`` target is success
    weight: Mapped[Decimal] = mapped_column(Numeric(8, 4), default=Decimal(1))
    verifier: Mapped[str] = mapped_column(String(60))
    hard: Mapped[bool] = mapped_column(default=False)  # 否决性指标

    challenge: Mapped[Challenge] = relationship(back_populates="indicators")


class NumberSeries(Base):
    """The last number given out under a prefix: TRQ-2026-F, 3. Whoever takes the next one holds the row."""

    __tablename__ = "number_series"

    prefix: Mapped[str] = mapped_column(String(20), primary_key=True)
    last: Mapped[int]


class SealKey(Base):
    """The key of one challenge's sealed bids, itself wrapped by the key file that is kept outside the database."""

    __tablename__ = "seal_key"

    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    released_at: Mapped[dt.datetime | None]
