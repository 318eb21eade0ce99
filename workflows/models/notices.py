"""Notices to people (站内通知), and which of them each person wants where."""

import datetime as dt

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflows.db import Base


class Notice(Base):
    """One line to one person; ``link`` is a path of the site without host."""

    __tablename__ = "notice"
    __table_args__ = (Index(None, "user_id", "read_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[str] = mapped_column(String(12), default="other")  # domain.notice_kinds.KINDS
    in_app: Mapped[bool] = mapped_column(default=True)  # shown on the site; else by mail alone
    text: Mapped[str] = mapped_column(String(300))
    link: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]


class NoticePreference(Base):
    """通知设置: where somebody wants one kind of notice, if not where it usually goes."""

    __tablename__ = "notice_preference"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True, index=True)
    in_app: Mapped[bool]
    by_mail: Mapped[bool]


class MailHabit(Base):
    """When somebody wants mail: not in the quiet hours (of the day at the plant, 0..23), or once a day together."""

    __tablename__ = "mail_habit"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    is_digest: Mapped[bool] = mapped_column(default=False)
    quiet_from: Mapped[int | None]
    quiet_to: Mapped[int | None]
