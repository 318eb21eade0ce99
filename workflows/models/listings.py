"""What was changed about a list after its publication, and by whom (榜单变更)."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.challenges import Challenge
from workflows.models.organisation import User


class ListingAction(StrEnum):
    AMEND = "amend"  # 变更公告
    SINGLE = "single"  # A 级只有一份申报, 自动延期
    EXTEND = "extend"  # 流标处置: 延期
    RAISE = "raise"  # 加赏
    LOWER = "lower"  # 降门槛
    SPLIT = "split"  # 拆分
    INVITE = "invite"  # 定向邀榜
    APPOINT = "appoint"  # 指派专班
    WITHDRAW = "withdraw"  # 撤榜


class ListingChange(Base):
    """榜单变更: one act on a published list; the rows of a challenge in order are its story."""

    __tablename__ = "listing_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"), index=True)
    action: Mapped[str] = mapped_column(String(10))  # ListingAction
    text: Mapped[str]  # what people are told
    bid_to_before: Mapped[dt.datetime | None]
    bid_to_after: Mapped[dt.datetime | None]
    made_at: Mapped[dt.datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))  # None: by the rules

    challenge: Mapped[Challenge] = relationship()
    made_by: Mapped[User | None] = relationship()
