"""任岗 as rows: who holds a post now, and kept as past when it ends."""

import datetime as dt

from sqlalchemy.orm import Session

from workflows.models import PastHolding, PostHolding


def begin(session: Session, post_id: int, user_id: int, *, from_day: dt.date | None) -> PostHolding:
    """Let somebody hold a post. ``from_day`` None: nobody knows since when."""
    holding = PostHolding(post_id=post_id, user_id=user_id, from_day=from_day)
    session.add(holding)
    session.flush()
    return holding


def end(session: Session, holding: PostHolding, *, to_day: dt.date) -> PastHolding:
    """Keep it as past."""
    past = PastHolding(
        post_id=holding.post_id, user_id=holding.user_id, from_day=holding.from_day, to_day=to_day
    )
    session.add(past)
    session.delete(holding)
    session.flush()
    return past
