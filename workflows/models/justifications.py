"""The justification (专家论证) of a challenge before it is approved: one per version that the office condenses."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.challenges import Challenge
from workflows.models.organisation import User


class Verdict(StrEnum):
    LIST = "list"  # 立榜
    REVISE = "revise"  # 修改
    REJECT = "reject"  # 不立


class JustificationResult(StrEnum):
    PASSED = "passed"  # 立榜
    REVISE = "revise"  # 修改后再论证
    REJECTED = "rejected"  # 不立榜


class Justification(Base):
    """专家论证: the ``no``-th of a challenge, by the experts of ``expert_ids``; ``result`` is null while it runs."""

    __tablename__ = "justification"
    __table_args__ = (UniqueConstraint("challenge_id", "no"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"))
    no: Mapped[int]
    expert_ids: Mapped[list[int]] = mapped_column(JSON)
    seed: Mapped[str | None] = mapped_column(String(32))  # of the draw; null where the office named them
    opened_at: Mapped[dt.datetime]
    result: Mapped[str | None] = mapped_column(String(10))  # JustificationResult
    ended_at: Mapped[dt.datetime | None]

    challenge: Mapped[Challenge] = relationship()
    sheets: Mapped[list["JustificationSheet"]] = relationship(
        back_populates="justification", order_by="JustificationSheet.id", cascade="all, delete-orphan"
    )

    @property
    def mean(self) -> Decimal | None:
        """The mean of the points so far, to two decimals, for people to read."""
        if not self.sheets:
            return None
        total = Decimal(sum(one.total for one in self.sheets))
        return (total / len(self.sheets)).quantize(Decimal("0.01"), ROUND_HALF_UP)


class JustificationSheet(Base):
    """论证意见: the points of one expert, each within its most, and what the expert advises."""

    __tablename__ = "justification_sheet"
    __table_args__ = (
        UniqueConstraint("justification_id", "expert_id"),
        CheckConstraint("necessity between 0 and 25", name="necessity_in_range"),
        CheckConstraint("feasibility between 0 and 25", name="feasibility_in_range"),
        CheckConstraint("indicators between 0 and 25", name="indicators_in_range"),
        CheckConstraint("benefit between 0 and 15", name="benefit_in_range"),
        CheckConstraint("spread between 0 and 10", name="spread_in_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    justification_id: Mapped[int] = mapped_column(ForeignKey("justification.id"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    necessity: Mapped[int]  # 必要性
    feasibility: Mapped[int]  # 可行性
    indicators: Mapped[int]  # 指标合理性
    benefit: Mapped[int]  # 预期效益
    spread: Mapped[int]  # 推广性
    verdict: Mapped[str] = mapped_column(String(10))  # Verdict
    opinion: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[dt.datetime]

    justification: Mapped[Justification] = relationship(back_populates="sheets")
    expert: Mapped[User] = relationship(lazy="joined", innerjoin=True)

    @property
    def total(self) -> int:
        """0..100."""
        return self.necessity + self.feasibility + self.indicators + self.benefit + self.spread
