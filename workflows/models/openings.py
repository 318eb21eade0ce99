"""The opening of sealed bids (开榜): who confirmed it, before which witness."""

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflows.db import Base
from workflows.models.challenges import Challenge
from workflows.models.organisation import User


class OpeningConfirmation(Base):
    """开榜确认: one of the two who let the seals be opened; a list that is put up again is opened again."""

    __tablename__ = "opening_confirmation"

    id: Mapped[int] = mapped_column(primary_key=True)
    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenge.id"), index=True)
    listing: Mapped[int]  # the relist_count of the challenge
    role: Mapped[str] = mapped_column(String(30))  # office, supervision
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    witness: Mapped[str] = mapped_column(String(80))  # who else was there
    confirmed_at: Mapped[dt.datetime]

    challenge: Mapped[Challenge] = relationship()
    user: Mapped[User] = relationship()
