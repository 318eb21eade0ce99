"""The panel (评审组): how its seats were drawn, who declared a conflict, when each team defends its bid."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.bids import Bid
from workflows.models.challenges import Challenge
from workflows.models.organisation import User


class SeatState(StrEnum):
    DRAWN = "drawn"  # 已抽取, has not declared yet
    SITTING = "sitting"  # 无需回避
    REPLACED = "replaced"  # 已回避, another was drawn for the seat


class Panel(Base):
    """评审组 of one subject: "challenge:5" for the selection, "acceptance:7" for an acceptance."""

    __tablename__ = "panel"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(40), index=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"), index=True)
    size: Mapped[int]
    specialists: Mapped[int]  # at least so many experts in one of the challenge's fields
    externals: Mapped[int]  # at least so many from outside the sponsoring unit
    recusal_rounds: Mapped[int] = mapped_column(default=0)  # since the pool was last enlarged
    opened_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]  # office and supervision have witnessed the last draw
    defence_on: Mapped[dt.date | None]  # from that day on its members are known
    order_seed: Mapped[str | None] = mapped_column(String(64))  # of the order of defence

    challenge: Mapped[Challenge] = relationship()
    draws: Mapped[list["PanelDraw"]] = relationship(
        back_populates="panel", order_by="PanelDraw.round", cascade="all, delete-orphan"
    )
    members: Mapped[list["PanelMember"]] = relationship(
        back_populates="panel", order_by="PanelMember.seat, PanelMember.id", cascade="all, delete-orphan"
    )
    slots: Mapped[list["DefenceSlot"]] = relationship(
        back_populates="panel", order_by="DefenceSlot.order_no", cascade="all, delete-orphan"
    )


class PanelDraw(Base):
    """抽取记录: everything that the draw was made from, so that anybody can make it again."""

    __tablename__ = "panel_draw"
    __table_args__ = (UniqueConstraint("panel_id", "round"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"))
    round: Mapped[int]
    seed: Mapped[str] = mapped_column(String(64))  # hex, from the machine's source of randomness
    pool: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  # domain.draws.Candidate
    seated: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  # who kept a seat, the same
    drawn_ids: Mapped[list[int]] = mapped_column(JSON)
    missing: Mapped[int]  # seats that the pool could not fill
    drawn_at: Mapped[dt.datetime]

    panel: Mapped[Panel] = relationship(back_populates="draws")


class PanelMember(Base):
    """评审组成员: one expert on one seat; whoever was replaced keeps the row."""

    __tablename__ = "panel_member"
    __table_args__ = (UniqueConstraint("panel_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"))
    seat: Mapped[int]  # 1, 2 ...; who replaces another takes over the seat
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    is_specialist: Mapped[bool]
    is_external: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10), default=SeatState.DRAWN)
    declared_at: Mapped[dt.datetime | None]
    recuse_reason: Mapped[str] = mapped_column(String(300), default="")
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    panel: Mapped[Panel] = relationship(back_populates="members")
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    replaced_by: Mapped[User | None] = relationship(foreign_keys=[replaced_by_id])


class ConflictRecord(Base):
    """回避记录: one relation between an expert and a bid, and what table conflict makes of it."""

    __tablename__ = "conflict_record"
    __table_args__ = (UniqueConstraint("panel_id", "expert_id", "bid_id", "relation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"))
    relation: Mapped[str] = mapped_column(String(20))  # domain.conflicts.RELATIONS
    found_by: Mapped[str] = mapped_column(String(10))  # self, auto
    action: Mapped[str] = mapped_column(String(10))  # recuse 回避, disclose 披露
    note: Mapped[str] = mapped_column(String(500), default="")
    found_at: Mapped[dt.datetime]

    expert: Mapped[User] = relationship()


class DefenceSlot(Base):
    """答辩安排: when a bid is defended, and the letter under which the panel reads it before."""

    __tablename__ = "defence_slot"
    __table_args__ = (UniqueConstraint("panel_id", "label"),)

    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"), primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bid.id"), primary_key=True)
    label: Mapped[str] = mapped_column(String(3))  # A, B, C ... by chance
    order_no: Mapped[int | None]
    starts_at: Mapped[dt.datetime | None]
    talk_minutes: Mapped[int | None]
    question_minutes: Mapped[int | None]

    panel: Mapped[Panel] = relationship(back_populates="slots")
    bid: Mapped[Bid] = relationship()
