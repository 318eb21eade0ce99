"""Pages beyond the rooms and the pages of things: what belongs to one thing or one person, and settings."""

from collections.abc import Iterator
from typing import Any

from flask import url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from tools.gallery.plan import READER, Shot, asked
from webapp.views import people_acts, sharing
from workflows.engine.tables import OPEN, WorkItem
from workflows.models import (
    ActionItem,
    Approval,
    CampaignYear,
    Challenge,
    Objection,
    OpeningConfirmation,
    Panel,
    PayoutBatch,
    ResultCard,
    RuleVersion,
    User,
)

ADMINISTRATOR = "admin"
PLAIN = {  # login by endpoint
    "notices.preferences": READER,
    "account.new_password": READER,
    "account.show": READER,
    "phrases.index": READER,
    "rewards.payouts_page": "finance",
    "design.show": READER,
    "notices.mails": ADMINISTRATOR,
    "rosters.show": ADMINISTRATOR,
    "people_acts.new": ADMINISTRATOR,
    "password_reset.ask": "",
}


def _newest(column: Any) -> Select[Any]:
    return select(func.max(column))


OF_ONE: dict[str, tuple[str, Select[Any], str]] = {  # argument, its value, login; by endpoint
    "approvals.show": ("approval_id", _newest(Approval.id), READER),
    "campaigns.show": ("year_id", _newest(CampaignYear.id), READER),
    "challenges.opening": ("challenge_id", _newest(OpeningConfirmation.challenge_id), READER),
    "challenges.trial": (
        "challenge_id",
        _newest(Challenge.id).where(Challenge.published_at.is_not(None)),
        "leader",
    ),
    "selections.show": ("challenge_id", _newest(Panel.challenge_id), READER),
    "publicities.objection": ("objection_id", _newest(Objection.id), "supervision"),
    "meetings.item": ("action_item_id", _newest(ActionItem.id), READER),
    "acceptances.card": ("card_id", _newest(ResultCard.id), READER),
    "rewards.payout_page": ("payout_id", _newest(PayoutBatch.id), "finance"),
    "rules.show": ("version_id", _newest(RuleVersion.id), READER),
    "rules.edit": ("version_id", _newest(RuleVersion.id), READER),
    "rules.trial": ("version_id", _newest(RuleVersion.id), READER),
    "people.show": ("user_id", select(User.id).where(User.login == "leader"), ADMINISTRATOR),
    "handovers.show": ("user_id", select(User.id).where(User.login == "leader"), ADMINISTRATOR),
}
WITH_ACTS = ("people_acts.show", "sharing.show")
REST = ("password_reset.show",)


def pages(session: Session) -> Iterator[Shot]:
    """One picture of each; within a request of the application."""
    for endpoint, login in PLAIN.items():
        yield Shot(_named(endpoint), url_for(endpoint), login=login)
    for endpoint, (argument, query, login) in OF_ONE.items():
        value = session.scalar(query)
        if value is not None:
            yield Shot(_named(endpoint), url_for(endpoint, **{argument: value}), login=login)
    somebody = session.scalars(select(User.id).where(User.login == "leader")).one()
    for act in people_acts.ACTS:
        path = url_for("people_acts.show", user_id=somebody, act=act)
        yield Shot(f"people-{act}", path, login=ADMINISTRATOR)
    yield from _sharing(session)
    yield Shot("password-reset-link", "/password-reset/gone", login="", state="error")


def _sharing(session: Session) -> Iterator[Shot]:
    """What a signer may do with a task beside doing it."""
    signing = select(WorkItem).where(WorkItem.step == "approval.sign", WorkItem.status == OPEN)
    item = session.scalar(signing.order_by(WorkItem.id).limit(1))
    login = None if item is None else asked(session, item)
    if item is not None and login is not None:
        for act in sharing.ACTS:
            yield Shot(f"sharing-{act}", url_for("sharing.show", item_id=item.id, act=act), login=login)


def _named(endpoint: str) -> str:
    return endpoint.replace(".", "-").replace("_", "-")
