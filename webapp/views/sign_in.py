"""Signing in and out. Five wrong passwords for a login from one address, and that pair has to wait."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, current_app, make_response, redirect, render_template, request, url_for
from flask_limiter.util import get_remote_address
from werkzeug import Response

from webapp import auth, db, demo_accounts
from workflows import inboxes
from workflows.domain import accounts

pages = Blueprint("sign_in", __name__)

WRONG = 422
LOGIN_LENGTH = 60


def failed(response: Response) -> bool:
    """Whether an answer was that of a wrong password: only those are counted."""
    return response.status_code in (401, WRONG)


def login_and_address() -> str:
    given: Any = request.get_json(silent=True) if request.is_json else request.form
    login = str(given.get("login", "")) if isinstance(given, Mapping) else ""
    return f"{login.strip().lower()[:LOGIN_LENGTH]}@{get_remote_address()}"


def slowed_after_failures(view: Callable[..., Response]) -> Callable[..., Response]:
    """Limit the failures per login and address, and per address."""
    per_pair = auth.limiter.limit(
        lambda: current_app.config["RATE_SIGN_IN"], key_func=login_and_address, deduct_when=failed
    )
    per_address = auth.limiter.limit(lambda: current_app.config["RATE_SIGN_IN_ADDRESS"], deduct_when=failed)
    return per_pair(per_address(view))


@pages.get("/sign-in")
def show() -> Response:
    if auth.actor_or_none():
        return make_response(redirect(auth.safe_next(request.args.get("next"))))
    return _form(status=200)


@pages.post("/sign-in")
@slowed_after_failures
def enter() -> Response:
    user = accounts.by_login(db.session(), request.form.get("login", ""))
    if not accounts.check_password(user, request.form.get("password", "")) or user is None:
        return _form(status=WRONG)
    auth.sign_in(user)
    return make_response(redirect(auth.safe_next(request.form.get("next"))))


@pages.post("/sign-in/demo")
def enter_demo() -> Response:
    """Sign in as a demo account without a password; exists in demo mode only."""
    login = request.form.get("login", "")
    if not current_app.config["DEMO"] or login not in demo_accounts.logins(db.session()):
        abort(404)
    user = accounts.by_login(db.session(), login)
    if user is None:
        abort(404)
    auth.sign_in(user)
    return make_response(redirect(url_for("home.show")))


@pages.post("/sign-out")
def leave() -> Response:
    auth.sign_out()
    return make_response(redirect(url_for("sign_in.show")))


def _form(*, status: int) -> Response:
    offered = demo_accounts.offered(db.session()) if current_app.config["DEMO"] else []
    waiting = {one.user.id: inboxes.inbox(db.session(), one.user, size=1).counts["todo"] for one in offered}
    page = render_template(
        "sign_in.html",
        todo=waiting,
        wrong=status == WRONG,
        login=request.form.get("login", ""),
        next=request.values.get("next", ""),
        demo_accounts=offered,
    )
    return make_response(page, status)
