"""Substitutes (代理): who acts for whom, from when till when."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.organisation import User


class Delegation(Base):
    """代理: ``substitute`` is asked whatever ``principal`` is asked, from the first through the last day."""

    __tablename__ = "delegation"
    __table_args__ = (
        CheckConstraint("principal_id <> substitute_id", name="not_oneself"),
        CheckConstraint("from_day <= to_day", name="days_in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    principal_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    substitute_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    from_day: Mapped[dt.date]
    to_day: Mapped[dt.date]
    reason: Mapped[str] = mapped_column(String(200))
    revoked_at: Mapped[dt.datetime | None]

    principal: Mapped[User] = relationship(foreign_keys=[principal_id], lazy="joined", innerjoin=True)
    substitute: Mapped[User] = relationship(foreign_keys=[substitute_id], lazy="joined", innerjoin=True)
