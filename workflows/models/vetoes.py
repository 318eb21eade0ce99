"""一票否决: an event under a clause of table D12 that counts against a unit or a project's team."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.organisation import Unit, User
from workflows.models.projects import Project


class VetoState(StrEnum):
    PROPOSED = "proposed"  # 提出
    REFUSED = "refused"  # 未确认
    NOTIFIED = "notified"  # 已确认并告知, 申诉期内
    APPEALED = "appealed"  # 申诉中
    LIFTED = "lifted"  # 申诉成立, 撤销
    CONFIRMED = "confirmed"  # 生效
    RESTORED = "restored"  # 恢复


class VetoEvent(Base):
    """否决事项: of a unit or of a project, not of both; counts while it is confirmed."""

    __tablename__ = "veto_event"
    __table_args__ = (
        CheckConstraint("(unit_id is null) <> (project_id is null)", name="of_unit_or_project"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    clause: Mapped[str] = mapped_column(String(4))  # V01 … V10, table veto
    is_major: Mapped[bool] = mapped_column(default=False)  # 重大失泄密
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    facts: Mapped[str]
    evidence: Mapped[list[int]] = mapped_column(JSON, default=list)  # ids of StoredFile
    effective_on: Mapped[dt.date]
    state: Mapped[str] = mapped_column(String(10), index=True, default=VetoState.PROPOSED)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[dt.datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))  # confirmed or refused
    appeal_to: Mapped[dt.datetime | None]
    appealed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    appeal: Mapped[str] = mapped_column(default="")
    settlement: Mapped[str] = mapped_column(default="")  # what was decided of the appeal
    confirmed_at: Mapped[dt.datetime | None]  # 生效
    restored_at: Mapped[dt.datetime | None]
    restored_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    restored_why: Mapped[str] = mapped_column(String(300), default="")

    unit: Mapped[Unit | None] = relationship()
    project: Mapped[Project | None] = relationship()
    proposed_by: Mapped[User] = relationship(foreign_keys=[proposed_by_id])


class IntegrityRecord(Base):
    """诚信记录: barred from leading a bid through ``until``, because of a veto."""

    __tablename__ = "integrity_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    veto_id: Mapped[int] = mapped_column(ForeignKey("veto_event.id"))
    reason: Mapped[str] = mapped_column(String(200))
    since: Mapped[dt.date]
    until: Mapped[dt.date]

    user: Mapped[User] = relationship()
