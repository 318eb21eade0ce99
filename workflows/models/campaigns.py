"""The campaign year (年度) and its batches (批次)."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base

THEMES = ("融合年", "融合提升年", "融合拓展年", "融合巩固年", "融合分享年")


class YearState(StrEnum):
    DRAFT = "draft"  # 编制
    RETURNED = "returned"  # 退回修改
    REJECTED = "rejected"  # 未获批准
    OPEN = "open"  # 进行中
    REVIEWING = "reviewing"  # 年度总结
    CLOSED = "closed"  # 已结束


class CampaignYear(Base):
    """年度: its theme, its emphasis and its incentive pool."""

    __tablename__ = "campaign_year"
    __table_args__ = (CheckConstraint("pool_fen >= 0", name="pool_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(unique=True)
    theme: Mapped[str] = mapped_column(String(10))  # one of THEMES
    emphasis: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what it stresses -> weight
    pool_fen: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(12), default=YearState.DRAFT)
    opened_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # 年度总结

    batches: Mapped[list["Batch"]] = relationship(
        back_populates="year", order_by="Batch.no", cascade="all, delete-orphan"
    )


class Batch(Base):
    """批次: problems are taken in from ``intake_from`` to ``intake_to``, bids on what came of them later."""

    __tablename__ = "batch"
    __table_args__ = (UniqueConstraint("year_id", "no"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year_id: Mapped[int] = mapped_column(ForeignKey("campaign_year.id"))
    no: Mapped[int]
    intake_from: Mapped[dt.date]
    intake_to: Mapped[dt.date]
    bid_from: Mapped[dt.date | None]
    bid_to: Mapped[dt.date | None]
    state: Mapped[str] = mapped_column(String(10), default="planned")  # planned, open, closed

    year: Mapped[CampaignYear] = relationship(back_populates="batches")


class MonthlyPack(Base):
    """月度例会材料: the figures of one month as they stood when the meeting was called."""

    __tablename__ = "monthly_pack"
    __table_args__ = (UniqueConstraint("year_id", "month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year_id: Mapped[int] = mapped_column(ForeignKey("campaign_year.id"))
    month: Mapped[dt.date]  # its first day
    prepared_at: Mapped[dt.datetime]
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)

    year: Mapped[CampaignYear] = relationship()
