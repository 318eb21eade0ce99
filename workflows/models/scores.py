"""What a panel wrote and scored, how its committee voted, and how the bids rank."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.bids import Bid
from workflows.models.organisation import User
from workflows.models.panels import PanelMember


class PreviewOpinion(Base):
    """书面预审: what one expert wrote of one bid before knowing whose it is."""

    __tablename__ = "preview_opinion"
    __table_args__ = (UniqueConstraint("member_id", "bid_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("panel_member.id"))
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    text: Mapped[str]
    written_at: Mapped[dt.datetime]

    member: Mapped[PanelMember] = relationship()


class ScoreSheet(Base):
    """评分表: one expert's scores of one bid; locked once signed, but for one revision when it is flagged.

    ``items`` are {criterion, weight, score}, numbers as text, in the order of domain.scoring.CRITERIA.
    """

    __tablename__ = "score_sheet"
    __table_args__ = (
        UniqueConstraint("member_id", "bid_id"),
        CheckConstraint("total between 0 and 100", name="total_is_points"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("panel_member.id"))
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), index=True)
    items: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    total: Mapped[Decimal] = mapped_column(Numeric(5, 2))  # for reading; what counts is worked out from items
    remark: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[dt.datetime]
    hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of seat, bid, items, remark and instant
    flag: Mapped[str | None] = mapped_column(
        String(10)
    )  # sigma, median: why it was shown to its expert again
    answered_at: Mapped[dt.datetime | None]  # the flag: kept or revised
    reason: Mapped[str] = mapped_column(String(500), default="")  # why kept or revised
    first_items: Mapped[list[dict[str, str]] | None] = mapped_column(JSON)  # as first signed, if revised

    member: Mapped[PanelMember] = relationship()
    bid: Mapped[Bid] = relationship()


class CommitteeVote(Base):
    """票决: counts only, the ballot is secret."""

    __tablename__ = "committee_vote"
    __table_args__ = (
        CheckConstraint("present > 0 and present <= should", name="present_within_should"),
        CheckConstraint("in_favour + against + abstain = present", name="votes_make_present"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"), index=True)
    should: Mapped[int]
    present: Mapped[int]
    in_favour: Mapped[int]
    against: Mapped[int]
    abstain: Mapped[int]
    minutes: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile
    is_quorate: Mapped[bool]
    is_passed: Mapped[bool]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[dt.datetime]
    witnessed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    witnessed_at: Mapped[dt.datetime | None]
    is_refused: Mapped[bool] = mapped_column(default=False)  # supervision found the record wrong


class BidRank(Base):
    """排名: the mean of one bid from one panel; kept when the list fails."""

    __tablename__ = "bid_rank"
    __table_args__ = (UniqueConstraint("panel_id", "rank"),)

    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"), primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    rank: Mapped[int]
    mean: Mapped[Decimal] = mapped_column(Numeric(5, 2))  # rounded half-up; compared exactly before
    criteria: Mapped[dict[str, Any]] = mapped_column(JSON)  # criterion -> mean over all seats, as text

    bid: Mapped[Bid] = relationship()


class ObjectionMeasure(Base):
    """异议成立后的处置: what office and supervision each want done; it is done once they agree."""

    __tablename__ = "objection_measure"
    __table_args__ = (UniqueConstraint("publicity_id", "attempt", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    publicity_id: Mapped[int] = mapped_column(ForeignKey("publicity.id"))
    attempt: Mapped[int]  # they are asked again until they agree
    role: Mapped[str] = mapped_column(String(30))
    action: Mapped[str] = mapped_column(String(12))  # re_review, next_reserve, fail
    struck_bid_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(String(1000))
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[dt.datetime]

    decided_by: Mapped[User] = relationship()
