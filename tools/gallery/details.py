"""Pages beyond the rooms and the pages of things: what belongs to one thing or one person, and settings."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from tools.gallery.plan import READER, Shot, asked
from webapp.views import batch_dates, people_acts, posts, sharing, units
from workflows.engine.tables import OPEN, RUNNING, Migration, Process, WorkItem
from workflows.models import (
    ActionItem,
    Approval,
    Batch,
    CampaignYear,
    Challenge,
    Objection,
    OpeningConfirmation,
    Panel,
    PayoutBatch,
    Post,
    PostHolding,
    ResultCard,
    RuleVersion,
    Unit,
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
    "units.new": ADMINISTRATOR,
    "operations.processes": ADMINISTRATOR,
    "operations.timers": ADMINISTRATOR,
    "operations.steps": ADMINISTRATOR,
    "operations.workers": ADMINISTRATOR,
    "password_reset.ask": "",
}


def _newest(column: Any) -> Select[Any]:
    return select(func.max(column))


SOMEBODY = select(User.id).where(User.login == "leader")
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
    "operations.definition": ("process", select(Process.name).limit(1), ADMINISTRATOR),
    "operations.process": ("process_id", _newest(Process.id), ADMINISTRATOR),
    "people.show": ("user_id", SOMEBODY, ADMINISTRATOR),
    "handovers.show": ("user_id", SOMEBODY, ADMINISTRATOR),
    "units.show": ("unit_id", _newest(Unit.id), ADMINISTRATOR),
    "posts.new": ("unit_id", _newest(Unit.id), ADMINISTRATOR),
}
ACTS: dict[str, tuple[str, Select[Any], Iterable[str], str]] = {  # argument, its value, the acts, login
    "people_acts.show": ("user_id", SOMEBODY, people_acts.ACTS, ADMINISTRATOR),
    "units.act": ("unit_id", _newest(Unit.id), units.ACTS, ADMINISTRATOR),
    "posts.act": ("post_id", _newest(Post.id), posts.ACTS, ADMINISTRATOR),
    "batch_dates.show": ("batch_id", _newest(Batch.id), batch_dates.ACTS, READER),
    "interventions.show": (
        "process_id",
        _newest(Process.id).where(Process.status == RUNNING),
        ("suspension", "resumption", "termination"),
        ADMINISTRATOR,
    ),
}
REST = (
    "password_reset.show",
    "sharing.show",
    "posts.dismissal",
    "migrations.new",
    "migrations.trial",
    "migrations.show",
)


def pages(session: Session) -> Iterator[Shot]:
    """One picture of each; within a request of the application."""
    for endpoint, login in PLAIN.items():
        yield Shot(_named(endpoint), url_for(endpoint), login=login)
    for endpoint, (argument, query, login) in OF_ONE.items():
        value = session.scalar(query)
        if value is not None:
            yield Shot(_named(endpoint), url_for(endpoint, **{argument: value}), login=login)
    for endpoint, (argument, query, acts, login) in ACTS.items():
        value = session.scalar(query)
        for act in acts if value is not None else ():
            yield Shot(
                f"{_named(endpoint)}-{act}", url_for(endpoint, **{argument: value}, act=act), login=login
            )
    yield from _dismissal(session)
    yield from _interventions(session)
    yield from _migrations(session)
    yield from _sharing(session)
    yield Shot("password-reset-link", "/password-reset/gone", login="", state="error")


def _migrations(session: Session) -> Iterator[Shot]:
    """Trying a migration, one process of it, and a migration that was begun."""
    process = session.scalars(select(Process).where(Process.status == RUNNING).order_by(Process.id)).first()
    if process is not None:
        for endpoint, about in (("migrations.new", {}), ("migrations.trial", {"process_id": process.id})):
            path = url_for(endpoint, process=process.name, **about)  # type: ignore[arg-type]
            yield Shot(_named(endpoint), path, login=ADMINISTRATOR)
    begun = session.scalar(_newest(Migration.id))
    if begun is not None:
        yield Shot("migrations-show", url_for("migrations.show", migration_id=begun), login=ADMINISTRATOR)


def _interventions(session: Session) -> Iterator[Shot]:
    """Moving a token, skipping its step, and another deadline."""
    item = session.scalars(select(WorkItem).where(WorkItem.status == OPEN).order_by(WorkItem.id)).first()
    if item is not None:
        for act, about in (
            ("move", f"token={item.token}"),
            ("skip", f"token={item.token}"),
            ("deadline", f"item={item.id}"),
        ):
            path = f"{url_for('interventions.show', process_id=item.process_id, act=act)}?{about}"
            yield Shot(f"interventions-show-{act}", path, login=ADMINISTRATOR)


def _dismissal(session: Session) -> Iterator[Shot]:
    """Ending what somebody holds."""
    held = session.scalars(select(PostHolding).limit(1)).first()
    if held is not None:
        path = url_for("posts.dismissal", post_id=held.post_id, user_id=held.user_id)
        yield Shot("posts-dismissal", path, login=ADMINISTRATOR)


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
