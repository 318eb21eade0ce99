"""The challenge (榜单) with its indicators."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    String,
    UniqueConstraint,
)
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
    REFINING = "refining"  # 凝练
    JUSTIFIED = "justified"  # 论证通过
    REJECTED = "rejected"  # 不立项
    APPROVING = "approving"  # 审批
    APPROVED = "approved"  # 待发布
    PUBLISHED = "published"  # 揭榜中
    BIDDING_CLOSED = "bidding_closed"  # 截止
    FAILED = "failed"  # 流标
    WITHDRAWN = "withdrawn"  # 撤榜
    REVIEWING = "reviewing"  # 评审
    PROPOSED = "proposed"  # 拟定帅
    IN_PUBLICITY = "in_publicity"  # 公示
    AWARDED = "awarded"  # 已定帅
    CONTRACTED = "contracted"  # 已签约
    EXECUTING = "executing"  # 攻坚
    SUSPENDED = "suspended"  # 暂停
    ACCEPTING = "accepting"  # 验收
    ACCEPTED = "accepted"  # 通过
    NOT_ACCEPTED = "not_accepted"  # 不通过
    REWARDING = "rewarding"  # 激励
    ARCHIVED = "archived"  # 归档
    TERMINATED = "terminated"  # 终止


BEFORE_PUBLICATION = (
    ChallengeState.REFINING,
    ChallengeState.JUSTIFIED,
    ChallengeState.REJECTED,
    ChallengeState.APPROVING,
    ChallengeState.APPROVED,
)


FOUND_BY = (
    "published_at",
    "state",
    "category",
    "level",
    "sponsor_unit_id",
    "batch_id",
    "bid_to",
    "cap_fen",
    "id",
)


class Challenge(Base):
    """榜单: one problem that teams bid to lead."""

    __tablename__ = "challenge"
    __table_args__ = (
        CheckConstraint("budget_fen >= 0", name="budget_not_negative"),
        Index("ix_challenge_found", *FOUND_BY),  # all that counting and sorting the catalogue reads
        Index(None, "state", "published_at", "id"),  # the newest of a state
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    no: Mapped[str | None] = mapped_column(
        String(30), unique=True
    )  # TRQ-{year}-{F|S|M}{seq}, from publication on
    category: Mapped[str] = mapped_column(String(10))  # Category
    title: Mapped[str] = mapped_column(String(120))
    background: Mapped[str]
    boundary: Mapped[str] = mapped_column(default="")  # 不做什么
    conditions: Mapped[str] = mapped_column(default="")  # what the sponsor offers
    fields: Mapped[list[str]] = mapped_column(JSON, default=list)  # expertise; empty: every expert counts
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), index=True)
    level: Mapped[str] = mapped_column(String(1))  # A 厂级重大, B 厂级重点, C 基层: table challenge_level
    fixed_award_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    benefit_cap_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    cap_fen: Mapped[int] = mapped_column(BigInteger, default=0)  # of the whole reward
    est_benefit_fen: Mapped[int | None] = mapped_column(BigInteger)  # net, a year; null: not measurable
    cross_units: Mapped[int] = mapped_column(default=1)
    strategic: Mapped[bool] = mapped_column(default=False)
    max_winners: Mapped[int] = mapped_column(default=1)  # in mode multi
    mode: Mapped[str] = mapped_column(String(10), default=Mode.SINGLE)
    sponsor_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    party_lead_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    admin_lead_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    deadline: Mapped[dt.date]  # of the delivery
    budget_fen: Mapped[int] = mapped_column(BigInteger)
    safety_critical: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(20), default=ChallengeState.REFINING)
    published_at: Mapped[dt.datetime | None]
    bid_to: Mapped[dt.datetime | None]  # first instant at which a bid is too late
    extended: Mapped[bool] = mapped_column(default=False)  # D6: the bidding was extended once
    rules_at: Mapped[dt.datetime | None]  # the instant whose rules this challenge and its projects keep
    relist_count: Mapped[int] = mapped_column(default=0)
    invited_ids: Mapped[list[int]] = mapped_column(JSON, default=list)  # 定向邀榜, 指派: only these may lead
    posted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # as last published
    snapshot_hash: Mapped[str | None] = mapped_column(String(64))

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
    verifier_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    data_source: Mapped[str] = mapped_column(String(120), default="")
    hard: Mapped[bool] = mapped_column(default=False)  # 否决性指标

    challenge: Mapped[Challenge] = relationship(back_populates="indicators")
    verifier_unit: Mapped[Unit] = relationship(lazy="joined", innerjoin=True)

    @property
    def verifier(self) -> str:
        """The name of the department that verifies."""
        return self.verifier_unit.name


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
