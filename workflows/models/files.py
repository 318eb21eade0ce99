"""Files that people hand in, what they are attached to, and who was sent a copy of a task."""

import datetime as dt

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.organisation import User


class StoredFile(Base):
    """附件: a file as somebody uploaded it; its content is in ``workflows.storage``."""

    __tablename__ = "stored_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), index=True)  # SHA-256 of what is kept on the disk
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)  # its key, wrapped by the key file
    name: Mapped[str] = mapped_column(String(200))  # as the person called it
    size: Mapped[int]  # bytes
    media_type: Mapped[str] = mapped_column(String(100))
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    uploaded_at: Mapped[dt.datetime]
    handed_in_at: Mapped[dt.datetime | None]  # first sent with a form that was taken; null: in use by nothing

    uploaded_by: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class FileLink(Base):
    """A file handed in with a work item, or with the form that started a process (``item_id`` null)."""

    __tablename__ = "file_link"
    __table_args__ = (UniqueConstraint("file_id", "process_id", "item_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    process_id: Mapped[int] = mapped_column(index=True)  # of the engine, which knows no campaign
    item_id: Mapped[int | None] = mapped_column(index=True)

    file: Mapped[StoredFile] = relationship(lazy="joined", innerjoin=True)


class CopyTo(Base):
    """抄送: somebody was sent a task to read."""

    __tablename__ = "copy_to"
    __table_args__ = (UniqueConstraint("item_id", "user_id"), Index(None, "user_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int]
    process_id: Mapped[int] = mapped_column(index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    copied_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    copied_at: Mapped[dt.datetime]
