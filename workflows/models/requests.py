"""Answers already given, so that a repeated request has one effect."""

import datetime as dt

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from workflows.db import Base


class IdempotentRequest(Base):
    """The answer to the first request of somebody under a key; written in the transaction of its effect.

    Whose it was is not kept: for as long as the answer is, it would tell who filed an anonymous objection.
    """

    __tablename__ = "idempotent_request"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)  # HMAC-SHA256 of user and key
    request_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of method, path and body
    status: Mapped[int]
    location: Mapped[str | None]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime] = mapped_column(index=True)
