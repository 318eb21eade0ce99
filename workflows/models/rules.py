"""The rules (decision tables and settings) as files with versions."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.organisation import User


class RuleState(StrEnum):
    DRAFT = "draft"  # 草稿
    ADOPTED = "adopted"  # 审定: in force from its instant on


class RuleVersion(Base):
    """规则版本: one version of one .dmn file. What is in force at an instant never changes afterwards."""

    __tablename__ = "rule_version"
    __table_args__ = (
        UniqueConstraint("file", "version"),
        UniqueConstraint("file", "digest"),
        CheckConstraint("(state = 'adopted') = (in_force_from is not null)", name="adopted_has_an_instant"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    file: Mapped[str] = mapped_column(String(80))  # eligibility.dmn
    version: Mapped[int]  # 1, 2 ... within its file
    content: Mapped[str] = mapped_column(deferred=True)  # the XML
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the content
    state: Mapped[str] = mapped_column(String(10))  # RuleState
    note: Mapped[str] = mapped_column(String(300), default="")  # why it was changed
    created_at: Mapped[dt.datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))  # None: a file shipped
    in_force_from: Mapped[dt.datetime | None]
    adopted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))  # None: shipped as first
    adopted_at: Mapped[dt.datetime | None]

    created_by: Mapped[User | None] = relationship(foreign_keys=[created_by_id])
    adopted_by: Mapped[User | None] = relationship(foreign_keys=[adopted_by_id])
