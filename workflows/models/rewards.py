"""激励: a project's case with its measurements, the split among its members, what was paid, appealed, taken back."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.organisation import User
from workflows.models.projects import Project


class RewardState(StrEnum):
    MEASURING = "measuring"  # 测算
    COEFFICIENT = "coefficient"  # 挂钩: waits for the unit's appraisal
    VETO_CHECK = "veto_check"  # 否决审查
    CONFIRMING = "confirming"  # 核对测算表
    DISTRIBUTION = "distribution"  # 分配
    PUBLICITY = "publicity"  # 公示
    APPROVING = "approving"  # 审批
    PAYING = "paying"  # 发放
    PAID = "paid"  # 已兑现
    POST_PAID = "post_paid"  # 后评价兑现
    CLOSED = "closed"  # 关闭


class RewardCase(Base):
    """激励案: the factors are those of the last measurement (``measurement`` counts them); amounts in 分."""

    __tablename__ = "reward_case"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), unique=True)
    state: Mapped[str] = mapped_column(String(14), index=True, default=RewardState.MEASURING)
    opened_at: Mapped[dt.datetime]
    is_beaten: Mapped[bool] = mapped_column(default=False)  # accepted, but not the best of its race
    appraisal_id: Mapped[int | None] = mapped_column(ForeignKey("appraisal.id"))
    measurement: Mapped[int] = mapped_column(default=0)
    measured_at: Mapped[dt.datetime | None]
    vetoes: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of those that were counted
    verdict: Mapped[str | None] = mapped_column(String(10))
    kc: Mapped[Decimal | None] = mapped_column(Numeric(12, 8))
    kt: Mapped[Decimal | None] = mapped_column(Numeric(12, 8))
    kdual: Mapped[Decimal | None] = mapped_column(Numeric(12, 8))
    v: Mapped[Decimal | None] = mapped_column(Numeric(12, 8))
    p: Mapped[Decimal | None] = mapped_column(Numeric(12, 8))
    b: Mapped[Decimal | None] = mapped_column(Numeric(12, 8))
    total_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    settled_at: Mapped[dt.datetime | None]  # the period of appeal runs from here
    is_evaluated: Mapped[bool] = mapped_column(default=False)  # 后评价 is done: the last instalment is due
    closed_at: Mapped[dt.datetime | None]

    project: Mapped[Project] = relationship()
    lines: Mapped[list["RewardLine"]] = relationship(order_by="RewardLine.id", cascade="all, delete-orphan")
    instalments: Mapped[list["RewardInstalment"]] = relationship(
        order_by="RewardInstalment.seq", cascade="all, delete-orphan"
    )
    splits: Mapped[list["Split"]] = relationship(
        back_populates="case", order_by="Split.no", cascade="all, delete-orphan"
    )
    payouts: Mapped[list["PayoutBatch"]] = relationship(
        back_populates="case", order_by="PayoutBatch.id", cascade="all, delete-orphan"
    )
    clawbacks: Mapped[list["ClawBack"]] = relationship(
        back_populates="case", order_by="ClawBack.id", cascade="all, delete-orphan"
    )
    appeals: Mapped[list["Appeal"]] = relationship(
        back_populates="case", order_by="Appeal.id", cascade="all, delete-orphan"
    )


class RewardLine(Base):
    """测算行: one factor of one measurement, with the table, its version, the rows and inputs that gave it."""

    __tablename__ = "reward_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("reward_case.id"), index=True)
    measurement: Mapped[int]
    factor: Mapped[str] = mapped_column(
        String(10)
    )  # P, B, level, fixed, benefit, Kc, Kt, Kdual, V, total, plan
    value: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(400))
    file: Mapped[str | None] = mapped_column(String(80))
    version: Mapped[int | None]
    rows: Mapped[list[str]] = mapped_column(JSON, default=list)
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class RewardInstalment(Base):
    """兑现计划: one part of the total by the last measurement; a claw-back is negative."""

    __tablename__ = "reward_instalment"
    __table_args__ = (UniqueConstraint("case_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("reward_case.id"))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))  # milestones, acceptance, clawback, post_evaluation
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class SplitState(StrEnum):
    REFUSED = "refused"  # 不符合要求
    PROPOSED = "proposed"  # 待成员确认
    DECLINED = "declined"  # 成员未通过, 或被退回
    AGREED = "agreed"  # 成员通过


class Split(Base):
    """分配方案: as the leader proposed it; ``problems`` are {code, message, file, version, row} of table split_check."""

    __tablename__ = "split"
    __table_args__ = (UniqueConstraint("case_id", "no"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("reward_case.id"))
    no: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[dt.datetime]
    mediation: Mapped[str] = mapped_column(default="")  # what the office advised when members did not agree

    case: Mapped[RewardCase] = relationship(back_populates="splits")
    rows: Mapped[list["SplitRow"]] = relationship(
        back_populates="split", order_by="SplitRow.seq", cascade="all, delete-orphan"
    )


class SplitRow(Base):
    """分配行: one member's percentage and share of the total; ``confirmed`` is null until they answer."""

    __tablename__ = "split_row"
    __table_args__ = (
        UniqueConstraint("split_id", "user_id"),
        CheckConstraint("pct between 0 and 100", name="pct_is_percent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    split_id: Mapped[int] = mapped_column(ForeignKey("split.id"))
    seq: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    role: Mapped[str] = mapped_column(String(10))
    is_manager: Mapped[bool] = mapped_column(default=False)  # above section level when it was proposed
    contribution: Mapped[str] = mapped_column(String(300), default="")
    pct: Mapped[Decimal] = mapped_column(Numeric(8, 4))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    confirmed: Mapped[bool | None]
    answered_at: Mapped[dt.datetime | None]

    split: Mapped[Split] = relationship(back_populates="rows")
    user: Mapped[User] = relationship()


class PayoutBatch(Base):
    """发放批次: one payment to a project's members; open until finance hands in its receipts."""

    __tablename__ = "payout_batch"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("reward_case.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))  # acceptance, post_evaluation, difference
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[dt.datetime]
    paid_at: Mapped[dt.datetime | None]
    receipts: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile
    tax_checked: Mapped[bool] = mapped_column(default=False)

    case: Mapped[RewardCase] = relationship(back_populates="payouts")
    rows: Mapped[list["PayoutRow"]] = relationship(order_by="PayoutRow.id", cascade="all, delete-orphan")


class PayoutRow(Base):
    """发放行: what one member is paid in one batch."""

    __tablename__ = "payout_row"
    __table_args__ = (UniqueConstraint("batch_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("payout_batch.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)

    user: Mapped[User] = relationship()


class ClawBack(Base):
    """追回: what a project's team has to pay back; open until finance has it."""

    __tablename__ = "claw_back"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("reward_case.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[dt.datetime]
    collected_at: Mapped[dt.datetime | None]
    receipts: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile

    case: Mapped[RewardCase] = relationship(back_populates="clawbacks")


class AppealState(StrEnum):
    OPEN = "open"  # 待核实
    HEARD = "heard"  # 考核办已核实, 待党委会审定
    WON = "won"  # 成立
    LOST = "lost"  # 不成立


class Appeal(Base):
    """申诉: against the sheet before the pay-out, or against what was paid.

    ``corrections`` of one that is won replace facts of the measurement: score, applied_on, net_benefit_fen.
    """

    __tablename__ = "appeal"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("reward_case.id"), index=True)
    is_of_sheet: Mapped[bool]
    filed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    filed_at: Mapped[dt.datetime]
    reason: Mapped[str]
    evidence: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile
    findings: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(String(6), default=AppealState.OPEN)
    reply: Mapped[str] = mapped_column(default="")
    corrections: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[dt.datetime | None]

    case: Mapped[RewardCase] = relationship(back_populates="appeals")
    filed_by: Mapped[User] = relationship(foreign_keys=[filed_by_id])
