"""Signing in and out. Five wrong passwords for a login from one address, and that pair has to wait."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from flask_limiter.util import get_remote_address
from werkzeug import Response

from webapp import auth, db, demo_accounts, drafts
from webapp.views import sharing, starts
from workflows import inboxes
from workflows.domain import accounts
from workflows.errors import Refusal
from workflows.models import User

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
    return _entered(user, auth.safe_next(request.form.get("next")))


@pages.post("/sign-in/demo")
def enter_demo() -> Response:
    """Sign in as a demo account without a password; exists in demo mode only."""
    login = request.form.get("login", "")
    if not current_app.config["DEMO"] or login not in demo_accounts.logins(db.session()):
        abort(404)
    user = accounts.by_login(db.session(), login)
    if user is None:
        abort(404)
    return _entered(user, url_for("home.show"))


@pages.post("/sign-out")
def leave() -> Response:
    auth.sign_out()
    return make_response(redirect(url_for("sign_in.show")))


def ask_again(*, next_path: str) -> Response:
    """The sign-in page as the answer to a form that was sent without a session, holding what was typed."""
    return _form(status=401, next_path=next_path, carried=drafts.carried())


def _entered(user: User, next_path: str) -> Response:
    """Begin the session of ``user``, and go on: with the form that was sent before, if one was, else to ``next_path``."""
    auth.sign_in(user)
    try:
        brought = drafts.brought(user)
    except Refusal as refused:  # e.g. the task was done meanwhile, which its page tells
        flash(str(refused))
        return make_response(redirect(next_path))
    if brought is None:
        return make_response(redirect(next_path))
    sent, typed = brought
    flash(gettext("您登录过期前填写的内容已恢复，请核对后提交；所选的文件需要重新选择。"))
    if not sent.is_kept:
        shown_again = sharing.again if sent.place.startswith("/work/") else starts.again
        return shown_again(sent.place, typed)
    db.session().commit()
    return make_response(redirect(sent.place))


def _form(*, status: int, next_path: str | None = None, carried: Mapping[str, str] | None = None) -> Response:
    offered = demo_accounts.offered(db.session()) if current_app.config["DEMO"] else []
    waiting = {one.user.id: inboxes.todo_count(db.session(), one.user) for one in offered}
    page = render_template(
        "sign_in.html",
        todo=waiting,
        wrong=status == WRONG,
        login=request.form.get("login", ""),
        next=request.values.get("next", "") if next_path is None else next_path,
        carried=drafts.carried() if carried is None else carried,
        demo_accounts=demo_accounts.grouped(offered),
    )
    return make_response(page, status)
