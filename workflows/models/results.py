"""What an accepted project leaves: its result card (成果卡), and the units that are to take the result over."""

import datetime as dt

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.meetings import ActionItem
from workflows.models.organisation import Unit, User
from workflows.models.projects import Project


class ResultCard(Base):
    """成果卡: what others can learn and take over from an accepted project."""

    __tablename__ = "result_card"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")  # 适用范围
    keywords: Mapped[str] = mapped_column(String(200), default="")
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[dt.datetime]

    project: Mapped[Project] = relationship()
    made_by: Mapped[User] = relationship()
    rollouts: Mapped[list["RolloutTask"]] = relationship(back_populates="card", order_by="RolloutTask.id")


class RolloutTask(Base):
    """推广任务: one unit takes the result over; who does it by when stands in its action item."""

    __tablename__ = "rollout_task"
    __table_args__ = (UniqueConstraint("card_id", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("result_card.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    action_item_id: Mapped[int] = mapped_column(ForeignKey("action_item.id"), unique=True)

    card: Mapped[ResultCard] = relationship(back_populates="rollouts")
    unit: Mapped[Unit] = relationship()
    action_item: Mapped[ActionItem] = relationship()
