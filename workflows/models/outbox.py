"""Outgoing mail: written with what it tells of, sent afterwards."""

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.notices import Notice
from workflows.models.organisation import User


class Mail(Base):
    """One mail to send: of a notice, of a task that has arrived, or the link for whoever ``asked`` for a new password (login or address).

    ``next_try_at`` is null when nothing is left to do: then it was sent, or given up with ``error``.
    """

    __tablename__ = "outgoing_mail"
    __table_args__ = (Index(None, "next_try_at"), UniqueConstraint("item_id", "user_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"), unique=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("work_item.id"))
    asked: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[dt.datetime]
    next_try_at: Mapped[dt.datetime | None]
    claimed_at: Mapped[dt.datetime | None]  # somebody is sending it
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[dt.datetime | None]
    error: Mapped[str] = mapped_column(String(300), default="")

    user: Mapped[User | None] = relationship()
    notice: Mapped[Notice | None] = relationship()
