"""What people have typed and not sent yet."""

import datetime as dt

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflows.db import Base


class Draft(Base):
    """草稿: one person's form of one work item, or of one start, as it was typed.

    Encrypted as the document of a bid is (seal.py), for that is what it may hold.
    """

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("user_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    place: Mapped[str] = mapped_column(String(300))  # the path of the form with its query
    item_id: Mapped[int | None] = mapped_column(index=True)  # of the engine; null: the form of a start
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)  # its key, wrapped by the key file
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # JSON [[name, text], …]
    saved_at: Mapped[dt.datetime]


class Phrase(Base):
    """常用语: what somebody often writes as an opinion."""

    __tablename__ = "phrase"
    __table_args__ = (UniqueConstraint("user_id", "text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    text: Mapped[str] = mapped_column(String(200))
