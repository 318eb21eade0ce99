"""The bid (揭榜申报): its team in the open, its document sealed until the bidding has closed."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
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
from workflows.models.challenges import Challenge, Indicator
from workflows.models.organisation import Unit, User


class BidState(StrEnum):
    DRAFT = "draft"  # 草稿
    SEALED = "sealed"  # 密封
    OPENED = "opened"  # 开榜
    ELIGIBLE = "eligible"  # 合格
    INELIGIBLE = "ineligible"  # 不合格
    REVIEWING = "reviewing"  # 评审
    PROPOSED = "proposed"  # 拟中
    RESERVE = "reserve"  # 候补
    LOST = "lost"  # 未中
    IN_PUBLICITY = "in_publicity"  # 公示
    WON = "won"  # 中榜
    DISQUALIFIED = "disqualified"  # 取消资格
    WITHDRAWN = "withdrawn"  # 撤回
    LAPSED = "lapsed"  # 截止时未递交


class Bid(Base):
    """揭榜申报: a team's offer to lead a challenge."""

    __tablename__ = "bid"
    __table_args__ = (
        UniqueConstraint("challenge_id", "leader_id", "attempt"),
        Index(None, "challenge_id", "sealed_at"),  # all that counting the sealed ones reads
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"))
    leader_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    attempt: Mapped[int] = mapped_column(default=1)  # a leader who withdrew may bid again
    listing: Mapped[int] = mapped_column(default=0)  # the relist_count of the challenge when it was begun
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    state: Mapped[str] = mapped_column(String(12), default=BidState.DRAFT)
    # The bid document (domain.bids.Document as JSON), always encrypted under the challenge's key.
    sealed_document: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_at: Mapped[dt.datetime | None]
    sealed_hash: Mapped[str | None] = mapped_column(
        String(64)
    )  # SHA-256 of the document, salted by its nonce
    opened_at: Mapped[dt.datetime | None]
    # Filled from the document when the bid is opened:
    tech_route: Mapped[str | None]
    innovation: Mapped[str | None]
    risks: Mapped[str | None]
    resources_needed: Mapped[str | None]
    coi_self: Mapped[str | None]
    deposit_ok: Mapped[bool | None]

    challenge: Mapped[Challenge] = relationship()
    leader: Mapped[User] = relationship()
    unit: Mapped[Unit] = relationship()
    members: Mapped[list["TeamMember"]] = relationship(
        back_populates="bid", order_by="TeamMember.seq", cascade="all, delete-orphan"
    )
    milestones: Mapped[list["MilestoneDraft"]] = relationship(
        order_by="MilestoneDraft.seq", cascade="all, delete-orphan"
    )
    budget_lines: Mapped[list["BudgetLine"]] = relationship(
        order_by="BudgetLine.seq", cascade="all, delete-orphan"
    )
    pledges: Mapped[list["PledgedValue"]] = relationship(cascade="all, delete-orphan")
    checks: Mapped[list["EligibilityCheck"]] = relationship(
        order_by="EligibilityCheck.id", cascade="all, delete-orphan"
    )


class TeamMember(Base):
    """团队成员; ``role`` is leader, core, member, support or mentor. The leader confirms by bidding."""

    __tablename__ = "team_member"
    __table_args__ = (
        UniqueConstraint("bid_id", "user_id"),
        CheckConstraint("workload_pct between 0 and 100", name="workload_is_percent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    seq: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    role: Mapped[str] = mapped_column(String(10))
    pioneer: Mapped[bool] = mapped_column(default=False)  # 党员先锋
    workload_pct: Mapped[int]
    confirmed_at: Mapped[dt.datetime | None]

    bid: Mapped[Bid] = relationship(back_populates="members")
    user: Mapped[User] = relationship()


class MilestoneDraft(Base):
    """节点(拟): due ``offset_days`` calendar days after the kick-off; releases ``pay_pct`` of the pre-payment.

    ``indicator_id`` is the indicator that it brings nearer, where the team names one.
    """

    __tablename__ = "milestone_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), index=True)
    seq: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    offset_days: Mapped[int]
    deliverable: Mapped[str] = mapped_column(String(200))
    indicator_id: Mapped[int | None] = mapped_column(ForeignKey("indicator.id"))
    pay_pct: Mapped[Decimal] = mapped_column(Numeric(5, 2))


class BudgetLine(Base):
    """预算科目."""

    __tablename__ = "budget_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), index=True)
    seq: Mapped[int]
    item: Mapped[str] = mapped_column(String(80))
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class PledgedValue(Base):
    """指标承诺: the value that the team promises for one indicator."""

    __tablename__ = "pledged_value"

    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"), primary_key=True)
    value: Mapped[Decimal] = mapped_column(Numeric(18, 4))

    indicator: Mapped[Indicator] = relationship(lazy="joined", innerjoin=True)


class EligibilityCheck(Base):
    """资格结果: one finding of D3, or of a reviewer; ``stage`` is before (self-check) or after the opening."""

    __tablename__ = "eligibility_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), index=True)
    stage: Mapped[str] = mapped_column(String(10))  # self, opened, reviewed
    code: Mapped[str] = mapped_column(String(40))  # E01 … E10 of D3; R-{role} for a department's finding
    severity: Mapped[str] = mapped_column(String(6))  # refuse, warn, cure (refused, but may be cured)
    message: Mapped[str] = mapped_column(String(300))
    checked_at: Mapped[dt.datetime]
