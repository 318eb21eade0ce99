"""What somebody has typed into a form and not sent. It outlasts the browser, the session, and a refused form.

A form that keeps drafts holds a ticket: for whom it was drawn, and where. Nobody else can make one, so that what
comes with it was typed by that person, even if their session has ended meanwhile.
"""

import datetime as dt
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import Schema
from werkzeug.datastructures import MultiDict

from webapp import auth, db, forms, uploads
from webapp.form_fields import Picks
from workflows import access
from workflows.domain import drafts
from workflows.errors import Refusal
from workflows.models import User

FIELD = "_place"
CARRIED = "_carried"
ITEM = re.compile(r"/work/(\d{1,10})")
LARGEST_CARRIED = 1024 * 1024  # characters


@dataclass(frozen=True)
class Ticket:
    """For whom a form was drawn, and where: the path that shows it again. Unless ``is_kept`` no draft of it is stored."""

    user_id: int
    place: str
    is_kept: bool = True

    @property
    def item_id(self) -> int | None:
        found = ITEM.fullmatch(self.place)
        return int(found[1]) if found else None


@dataclass(frozen=True)
class Kept:
    """What was typed, in the form's own terms, and when it was kept."""

    values: dict[str, Any]
    saved_at: dt.datetime


def place_of(path: str, query: Mapping[str, str]) -> str:
    """The place of a form that its address fills in, the same for every order of ``query``."""
    return f"{path}?{urlencode(sorted(query.items()))}" if query else path


def ticket(place: str, *, is_kept: bool = True) -> str:
    """What a form at ``place`` carries; empty where no draft can be kept."""
    if len(place) > drafts.LONGEST_PLACE:
        return ""
    signed: str = _serializer().dumps([auth.actor().id, place, is_kept])
    return signed


def ticket_sent() -> Ticket | None:
    """The ticket of the form that was sent; None without one, or for one that is not ours."""
    try:
        return Ticket(*_serializer().loads(request.form.get(FIELD, "")))
    except BadSignature:
        return None


def find(place: str, schema: type[Schema], picks: Picks) -> Kept | None:
    """What the person who is signed in has typed at ``place``."""
    found = drafts.find(db.session(), auth.actor(), place=place)
    if found is None:
        return None
    pairs, saved_at = found
    return Kept(forms.parse(MultiDict(pairs), schema, picks=picks, blank_rows=True), saved_at)


def keep(sent: Ticket) -> dt.datetime:
    """Keep the form that was sent, its files taken in; when that was. Raises what ``drafts.save`` does."""
    files = [(name, str(one)) for name in dict.fromkeys(request.files) for one in uploads.taken_in(name)]
    return _save(auth.actor(), sent, [*typed(), *files])


def keep_shown(controls: list[forms.Control]) -> None:
    """Keep a form that is shown again instead of being sent, as it is drawn now; the last line of such a view."""
    sent = ticket_sent()
    if sent is not None and sent.is_kept and sent.user_id == auth.actor().id:
        with suppress(Refusal):  # the page itself holds what was typed
            _save(auth.actor(), sent, forms.as_sent(controls))
            db.session().commit()
    uploads.keep()


def carried() -> dict[str, str]:
    """The fields by which the sign-in page holds what was sent without a session; none for what is too long."""
    if FIELD not in request.form:
        return {}
    if CARRIED in request.form:  # the sign-in page again
        return {name: request.form[name] for name in (FIELD, CARRIED)}
    text = json.dumps(typed(), ensure_ascii=False)
    return {FIELD: request.form[FIELD], CARRIED: text} if len(text) <= LARGEST_CARRIED else {}


def brought(user: User) -> tuple[Ticket, list[tuple[str, str]]] | None:
    """What ``user`` had typed before their session ended and has brought through sign-in, None if nothing.

    It is a draft now, where drafts are kept. Raises what ``drafts.save`` does, and what speaks against the task.
    """
    sent = ticket_sent()
    if sent is None or sent.user_id != user.id:
        return None
    try:
        pairs = [(str(name), str(text)) for name, text in json.loads(request.form.get(CARRIED, ""))]
    except (ValueError, TypeError, RecursionError):
        return None
    if sent.is_kept:
        _save(user, sent, pairs)
    return sent, pairs


def _save(user: User, sent: Ticket, typed: list[tuple[str, str]]) -> dt.datetime:
    if sent.item_id is not None:
        access.check_asked(db.session(), sent.item_id, actor=user, may_rest=True)
    return drafts.save(db.session(), user, place=sent.place, item_id=sent.item_id, typed=typed)


def typed() -> list[tuple[str, str]]:
    """Names and texts of the form that was sent, without what is no part of it."""
    return [(name, text) for name, text in request.form.items(multi=True) if name not in forms.OURS]


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="place of a form")
