"""What administrators did with accounts, and links with which somebody sets a password anew."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.organisation import User


class AdminEntry(Base):
    """管理记录: one act of an administrator (None: an operator on the host) on a person or on what ``about`` names, with what it changed."""

    __tablename__ = "admin_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    about: Mapped[str] = mapped_column(
        String(30), default="", index=True
    )  # "unit:3", "batch:2", or "" for a person or nothing of these
    verb: Mapped[str] = mapped_column(String(30))  # domain.audit.VERBS
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reason: Mapped[str] = mapped_column(String(200), default="")

    actor: Mapped[User | None] = relationship(foreign_keys=[actor_id])
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])


class PasswordReset(Base):
    """A link that was mailed: only the SHA-256 of its token is kept; it serves once."""

    __tablename__ = "password_reset"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[dt.datetime]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
