"""What a leader hands over (换帅交接), and who answers for a project that came to nothing (尽职免责)."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.changes import ChangeRequest
from workflows.models.organisation import User
from workflows.models.projects import Project


class HandoverSignature(Base):
    """换帅交接: one side's word that everything on the list has been handed over."""

    __tablename__ = "handover_signature"
    __table_args__ = (UniqueConstraint("change_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("change_request.id"))
    side: Mapped[str] = mapped_column(String(4))  # from 移交, to 接收
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    checklist: Mapped[dict[str, Any]] = mapped_column(JSON)  # domain.handovers.CHECKLIST -> bool
    open_points: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[dt.datetime]

    change: Mapped[ChangeRequest] = relationship()
    user: Mapped[User] = relationship()


class DueDiligence(Base):
    """尽职免责认定: what one department found of one end of a project, and what table exemption makes of it."""

    __tablename__ = "due_diligence"
    __table_args__ = (UniqueConstraint("project_id", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    role: Mapped[str] = mapped_column(String(30))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    diligent: Mapped[bool]  # 勤勉尽责
    compliant: Mapped[bool]  # 程序合规
    honest: Mapped[bool]  # 未谋私利
    reported: Mapped[bool]  # 及时报告
    mitigated: Mapped[bool]  # 采取止损措施
    cause: Mapped[str] = mapped_column(String(12))  # domain.due_diligence.CAUSES
    opinion: Mapped[str] = mapped_column(default="")
    liability: Mapped[str] = mapped_column(String(8))  # exempt, liable
    found_at: Mapped[dt.datetime]

    project: Mapped[Project] = relationship()
    user: Mapped[User] = relationship()
