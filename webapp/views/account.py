"""My account: password, API tokens."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response

from webapp import auth, db, idempotency
from workflows.domain import accounts
from workflows.errors import Invalid

pages = Blueprint("account", __name__)


@pages.get("/account")
def show() -> Response:
    return _page(status=200)


@pages.get("/account/password")
def new_password() -> Response:
    """Where everybody with a one-time password is sent; others find the form on their account's page."""
    if not auth.actor().must_change_password:
        return make_response(redirect(url_for("account.show")))
    return _page(status=200)


@pages.post("/account/password")
@idempotency.once
def change_password() -> Response:
    """Change the password; every other session ends, this one goes on."""
    actor = auth.actor()
    was_one_time = actor.must_change_password
    try:
        accounts.change_password(
            actor, current=request.form.get("current", ""), password=request.form.get("password", "")
        )
    except Invalid as refused:
        return _page(status=refused.status, errors=refused.fields)
    auth.sign_in(actor)
    flash(gettext("密码已修改，其他设备上的登录已失效。"))
    if was_one_time:
        return make_response(redirect(auth.safe_next(request.form.get("next"))))
    return make_response(redirect(url_for("account.show")))


@pages.post("/account/email")
@idempotency.once
def change_email() -> Response:
    """Change the address; the password is asked, because links for new passwords go there."""
    try:
        accounts.change_email(
            auth.actor(),
            current=request.form.get("current_for_email", ""),
            email=request.form.get("email", ""),
        )
    except Invalid as refused:
        return _page(status=refused.status, errors=refused.fields)
    flash(gettext("邮箱已保存。"))
    return make_response(redirect(url_for("account.show")))


@pages.post("/account/tokens")
def issue_token() -> Response:
    """Make a token and show it, this once."""
    days = request.form.get("days", 0, type=int)
    try:
        token = accounts.issue_token(db.session(), auth.actor(), name=request.form.get("name", ""), days=days)
    except Invalid as refused:
        return _page(status=refused.status, errors=refused.fields)
    page = _page(status=200, fresh_token=token)
    db.session().commit()  # not idempotency.once, which would keep the answer and the token in it
    return page


@pages.post("/account/tokens/<int(min=1,max=2147483647):token_id>/revocation")
@idempotency.once
def revoke_token(token_id: int) -> Response:
    accounts.revoke_token(db.session(), token_id, actor=auth.actor())
    flash(gettext("令牌已撤销。"))
    return make_response(redirect(url_for("account.show")))


def _page(*, status: int, errors: dict[str, list[str]] | None = None, fresh_token: str = "") -> Response:
    page = render_template(
        "password_change.html" if auth.actor().must_change_password else "account.html",
        next=request.values.get("next", ""),
        tokens=accounts.tokens(db.session(), auth.actor()),
        errors=errors or {},
        fresh_token=fresh_token,
    )
    return make_response(page, status)
