"""Relations between two people that keep one from judging the other."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.organisation import User


class Relation(Base):
    """关系登记: of two people, the lower id first, from the first through the last day; null: still in force.

    Of a joint paper or patent (co_author) the day is the one on which it came out.
    """

    __tablename__ = "relation"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id", "kind", "from_day"),
        CheckConstraint("first_id < second_id", name="lower_id_first"),
        CheckConstraint("until_day >= from_day", name="days_in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    second_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))  # domain.relations.KINDS
    from_day: Mapped[dt.date]
    until_day: Mapped[dt.date | None]
    source: Mapped[str] = mapped_column(String(200))  # where it is known from: 人事档案, 师徒合同 2026-8
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[dt.datetime]
    end_reason: Mapped[str] = mapped_column(String(200), default="")
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[dt.datetime | None]  # when the last day was recorded

    first: Mapped[User] = relationship(foreign_keys=[first_id], lazy="joined", innerjoin=True)
    second: Mapped[User] = relationship(foreign_keys=[second_id], lazy="joined", innerjoin=True)
