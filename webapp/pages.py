"""What every page knows: who is signed in, language and theme, badges, paging and form keys."""

import datetime as dt
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, g, request, url_for
from sqlalchemy import select

from webapp import auth, bundles, db, form_sections, i18n, navigation
from workflows import inboxes, review_queues, timelines
from workflows.domain import (
    catalogues,
    notices,
    permissions,
    problems,
)
from workflows.errors import NotFound

Act = TypeVar("Act")

PAGE_SIZE = 20
LAST_PAGE = 100_000
LARGEST_ID = 2**31 - 1
QUERY_LENGTH = 60
MEANT_FOR_URL_FOR = re.compile("_|endpoint$")  # names that it takes for itself: an address may have them too
THEMES = {"auto": "跟随系统", "light": "浅色", "dark": "深色"}
THEME_COOKIE = "jiebang_theme"
KEYS = {"on": "启用", "off": "停用"}
KEYS_COOKIE = "jiebang_keys"


@dataclass(frozen=True)
class Paging:
    """Where a list stands: ``page`` counts from 1."""

    page: int
    total: int
    size: int = PAGE_SIZE

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    def path(self, page: int) -> str:
        """This page's address with another page number, filters kept."""
        filters = {name: one for name, one in request.args.items() if not MEANT_FOR_URL_FOR.match(name)}
        arguments: Mapping[str, Any] = {**filters, **(request.view_args or {}), "page": page}
        return url_for(request.endpoint or "home.show", **arguments)


@dataclass(frozen=True)
class Reader:
    """What the frame of every page tells of the person who is signed in: what waits for them, and whether they review."""

    todo: int
    unread: int
    is_reviewer: bool


def set_up(app: Flask) -> None:
    app.context_processor(_shared)


def page_number() -> int:
    """The page asked for, 1 when it is none."""
    given = request.args.get("page", 1, type=int)
    return min(max(1, given), LAST_PAGE)


def one_of(name: str, values: Collection[str]) -> str | None:
    """The filter ``name`` of the address if it is one of ``values``."""
    given = request.args.get(name, "")
    return given if given in values else None


def known(acts: Mapping[str, Act], name: str) -> Act:
    """The one of ``acts`` that an address names. Raises NotFound."""
    if name not in acts:
        raise NotFound("没有这项操作。")
    return acts[name]


def number_of(name: str) -> int | None:
    """The id that the filter ``name`` of the address gives."""
    given = request.args.get(name, type=int)
    return given if given is not None and 0 < given <= LARGEST_ID else None


def year_of(name: str) -> int | None:
    """The year that the filter ``name`` of the address gives."""
    given = request.args.get(name, type=int)
    return given if given is not None and dt.MINYEAR < given < dt.MAXYEAR else None


def searched() -> str:
    """What is looked for, cut to what a list takes."""
    return request.args.get("q", "").strip()[:QUERY_LENGTH]


def tasks_on(path: str) -> list[inboxes.Waiting]:
    """The tasks on the reader's desk that are about the page at ``path``."""
    return inboxes.waiting_at(db.session(), auth.actor(), path)


def reader() -> Reader | None:
    """What the frame tells of who is signed in, asked for at once and once a request; None for guests."""
    session, actor = db.session(), auth.actor_or_none()
    if actor is None:
        return None
    if "reader" not in g:
        todo = inboxes.todo_number(permissions.grants(session, actor))
        told = select(todo, notices.unread_number(actor), review_queues.is_reviewer(actor))
        g.reader = Reader(*session.execute(told).one())
    kept: Reader = g.reader
    return kept


def _is_shown(room: navigation.Room) -> bool:
    """Whether the side bar names ``room`` to the reader."""
    if room.is_for_administrators:
        return permissions.may_administer(db.session(), auth.actor())
    known = reader()
    return not room.is_for_reviewers or (known is not None and known.is_reviewer)


def _shared() -> dict[str, Any]:
    theme = request.cookies.get(THEME_COOKIE)
    return {
        "reader": reader,
        "form_sections": form_sections.of,
        "is_check": form_sections.is_check,
        "missing_of": form_sections.missing,
        "bidding_left": lambda challenge: catalogues.days_left(db.session(), challenge),
        "bundle": bundles.bundle,
        "decisions_of": lambda path: timelines.decisions(db.session(), path, actor=auth.actor()),
        "html_language": i18n.html_language(),
        "is_current": navigation.is_current,
        "key_choices": KEYS,
        "keys": "off" if request.cookies.get(KEYS_COOKIE) == "off" else "on",
        "is_shown": _is_shown,
        "locales": i18n.LOCALES,
        "navigation": navigation.GROUPS,
        "may_see_findings": lambda bid: permissions.may_see_findings(db.session(), auth.actor(), bid),
        "me": auth.actor_or_none,
        "proposer_of": lambda problem: problems.proposer_for(problem, auth.actor()),
        "new_key": lambda: uuid.uuid4().hex,
        "roles": permissions.ROLES,
        "theme": theme if theme in ("light", "dark") else None,
        "themes": THEMES,
        "here": request.full_path.rstrip("?") if request.method == "GET" else url_for("home.show"),
    }
