"""忘记密码: a link by mail, which sets a new password once. Nothing here tells whether an account exists."""

from collections.abc import Callable

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_limiter.util import get_remote_address
from werkzeug import Response

from webapp import auth, db, idempotency
from workflows.domain import accounts, outbox, passwords
from workflows.errors import Invalid

pages = Blueprint("password_reset", __name__)

LINK = "/password-reset/<string(maxlength=80):token>"
ASKED_LENGTH = 120


def _asked() -> str:
    return request.form.get("asked", "").strip()[:ASKED_LENGTH]


def _slowed(view: Callable[[], Response]) -> Callable[[], Response]:
    """So many links per login, and per address."""
    per_login = auth.limiter.limit(
        lambda: current_app.config["RATE_PASSWORD_RESET"], key_func=lambda: f"reset:{_asked().lower()}"
    )
    per_address = auth.limiter.limit(
        lambda: current_app.config["RATE_PASSWORD_RESET_ADDRESS"],
        key_func=lambda: f"reset@{get_remote_address()}",
    )
    return per_login(per_address(view))


@pages.get("/password-reset")
def ask() -> str:
    return render_template("password_reset.html", has_mail=outbox.has_server(), is_sent=False)


@pages.post("/password-reset")
@_slowed
def ask_for() -> Response:
    """Say the same whoever asked; who it is, and whether there is an address, the sender of mail finds out."""
    if _asked():
        outbox.ask_new_password(db.session(), _asked())
        db.session().commit()
    page = render_template("password_reset.html", has_mail=outbox.has_server(), is_sent=bool(_asked()))
    return make_response(page)


@pages.get(LINK)
def show(token: str) -> Response:
    return _form(token, errors={}, status=200)


@pages.post(LINK)
@idempotency.once
def set_password(token: str) -> Response:
    """Set the password; every session ends, and the link with them."""
    try:
        accounts.set_by_link(db.session(), token, password=request.form.get("password", ""))
    except Invalid as refused:
        return _form(token, errors=refused.fields, status=refused.status)
    auth.sign_out()
    flash(gettext("新密码已设置，请登录。"))
    return make_response(redirect(url_for("sign_in.show")))


def _form(token: str, *, errors: dict[str, list[str]], status: int) -> Response:
    user = passwords.by_link(db.session(), token)
    return make_response(
        render_template("password_new.html", login=user.login, token=token, errors=errors), status
    )
