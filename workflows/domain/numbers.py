"""Running numbers under a prefix: JLZ-2026-, 3."""

from sqlalchemy.orm import Session

from workflows import db
from workflows.models import NumberSeries


def take(session: Session, prefix: str) -> int:
    """The next number under ``prefix``, from 1; nobody else gets it, and none is left out."""
    db.insert_if_missing(session, NumberSeries, {"prefix": prefix, "last": 0})
    series = session.get_one(NumberSeries, prefix, with_for_update=True)
    series.last += 1
    return series.last
