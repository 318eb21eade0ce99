"""The public notice of a result (公示), and the objections to it (异议)."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.challenges import Challenge
from workflows.models.organisation import User


class PublicityResult(StrEnum):
    CLEAR = "clear"  # 无异议
    DISMISSED = "dismissed"  # 异议不成立
    PARTLY = "partly"  # 部分成立
    UPHELD = "upheld"  # 成立


class ObjectionState(StrEnum):
    FILED = "filed"  # 待受理
    REFUSED = "refused"  # 不予受理
    INVESTIGATING = "investigating"  # 调查核实
    CONCLUDED = "concluded"  # 待答复
    REPLIED = "replied"  # 已答复, a review may be asked for
    REVIEWING = "reviewing"  # 复核
    SETTLED = "settled"  # 办结


class Publicity(Base):
    """公示: what was shown, word for word, and until when."""

    __tablename__ = "publicity"
    __table_args__ = (Index(None, "subject", "closed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(40))  # challenge:5, acceptance:7, reward:9, change:3
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSON)
    hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of the snapshot as canonical JSON
    parties: Mapped[list[int]] = mapped_column(JSON)  # ids of users whom it is about
    rules_at: Mapped[dt.datetime | None]
    workdays: Mapped[int]
    opened_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    result: Mapped[str | None] = mapped_column(String(10))  # PublicityResult

    challenge: Mapped[Challenge] = relationship()
    objections: Mapped[list["Objection"]] = relationship(
        back_populates="publicity", order_by="Objection.id", cascade="all, delete-orphan"
    )


class Objection(Base):
    """异议: named or anonymous; an anonymous one keeps nobody's id."""

    __tablename__ = "objection"
    __table_args__ = (CheckConstraint("is_named = (filer_id is not null)", name="only_named_has_a_filer"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    publicity_id: Mapped[int] = mapped_column(ForeignKey("publicity.id"), index=True)
    is_named: Mapped[bool]
    filer_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    reason: Mapped[str]
    evidence: Mapped[str] = mapped_column(default="")
    files: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile; only of a named one
    state: Mapped[str] = mapped_column(String(14), default=ObjectionState.FILED)
    filed_at: Mapped[dt.datetime]
    accepted_at: Mapped[dt.datetime | None]
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    refusal: Mapped[str] = mapped_column(default="")  # why it was not accepted
    extended: Mapped[bool] = mapped_column(default=False)
    conclusion: Mapped[str | None] = mapped_column(String(10))  # PublicityResult, of the investigation
    reply: Mapped[str] = mapped_column(default="")
    replied_at: Mapped[dt.datetime | None]
    review_reason: Mapped[str] = mapped_column(default="")  # why the filer asked for a review
    review_text: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str | None] = mapped_column(String(10))  # PublicityResult, once settled
    settled_at: Mapped[dt.datetime | None]

    publicity: Mapped[Publicity] = relationship(back_populates="objections")
    filer: Mapped[User | None] = relationship(foreign_keys=[filer_id])
    findings: Mapped[list["Finding"]] = relationship(
        back_populates="objection", order_by="Finding.id", cascade="all, delete-orphan"
    )


class Finding(Base):
    """调查意见: what one investigator found; ``conclusion`` null asks for more time."""

    __tablename__ = "objection_finding"

    id: Mapped[int] = mapped_column(primary_key=True)
    objection_id: Mapped[int] = mapped_column(ForeignKey("objection.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    text: Mapped[str]
    conclusion: Mapped[str | None] = mapped_column(String(10))
    found_at: Mapped[dt.datetime]

    objection: Mapped[Objection] = relationship(back_populates="findings")
    user: Mapped[User] = relationship()
