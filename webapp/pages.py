"""What every page knows: who is signed in, language and theme, badges, paging and form keys."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request, url_for
from marshmallow import Schema

from webapp import auth, bundles, db, formats, forms, i18n
from webapp.form_fields import Picks
from workflows import inboxes
from workflows.domain import accounts, notices, permissions
from workflows.models import Bid

PAGE_SIZE = 20
LAST_PAGE = 100_000
THEMES = {"auto": "跟随系统", "light": "浅色", "dark": "深色"}
THEME_COOKIE = "jiebang_theme"


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
        arguments: Mapping[str, Any] = {**(request.view_args or {}), **request.args.to_dict(), "page": page}
        return url_for(request.endpoint or "home.show", **arguments)


@dataclass(frozen=True)
class Badges:
    """What waits for the person who is signed in."""

    todo: int
    unread: int


def set_up(app: Flask) -> None:
    app.context_processor(_shared)


def page_number() -> int:
    """The page asked for, 1 when it is none."""
    given = request.args.get("page", 1, type=int)
    return min(max(1, given), LAST_PAGE)


def badges() -> Badges | None:
    """The counts in the header, asked for once a request; None for guests."""
    actor = auth.actor_or_none()
    if actor is None:
        return None
    if "badges" not in g:
        todo = inboxes.todo_count(db.session(), actor)
        g.badges = Badges(todo=todo, unread=notices.unread_count(db.session(), actor))
    kept: Badges = g.badges
    return kept


def picks_for(schema: type[Schema], about: Any = None) -> Picks:
    """What the form of ``schema`` offers to pick, asked for only if it does; ``about`` is what its task is about."""
    offers: dict[str, Callable[[], dict[str, int]]] = {
        "person": _people,
        "unit": _units,
        "indicator": lambda: _indicators(about),
    }
    return Picks({kind: offers[kind]() for kind in forms.picked(schema)})


def _people() -> dict[str, int]:
    return {
        f"{user.name} · {user.unit.name} · {user.login}": user.id for user in accounts.people(db.session())
    }


def _units() -> dict[str, int]:
    return {unit.name: unit.id for unit in accounts.units(db.session())}


def _indicators(bid: Bid) -> dict[str, int]:
    return {
        f"{one.name} {one.op} {formats.number(one.target)} {one.measure}": one.id
        for one in bid.challenge.indicators
    }


def _shared() -> dict[str, Any]:
    theme = request.cookies.get(THEME_COOKIE)
    return {
        "badges": badges,
        "bundle": bundles.bundle,
        "html_language": i18n.html_language(),
        "locales": i18n.LOCALES,
        "may_see_findings": lambda bid: permissions.may_see_findings(db.session(), auth.actor(), bid),
        "me": auth.actor_or_none,
        "new_key": lambda: uuid.uuid4().hex,
        "roles": permissions.ROLES,
        "theme": theme if theme in ("light", "dark") else None,
        "themes": THEMES,
        "here": request.full_path.rstrip("?") if request.method == "GET" else url_for("home.show"),
    }
