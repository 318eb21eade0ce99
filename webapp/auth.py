"""Who is asking: session cookie on pages, bearer token or session with CSRF token on the API.

Every endpoint needs sign-in unless named in PUBLIC.
"""

from urllib.parse import urlsplit

from flask import Flask, make_response, redirect, request, session, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect
from werkzeug import Request, Response
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from webapp import db
from workflows.domain import accounts
from workflows.errors import Forbidden
from workflows.models import User

PUBLIC = {
    "static",
    "health.alive",
    "health.measured",  # has a token of its own
    "health.ready",
    "notices.badges",  # asked for again and again by open pages: empty after sign-out, never the sign-in page
    "password_reset.ask",
    "password_reset.ask_for",
    "password_reset.show",
    "password_reset.set_password",
    "preferences.choose",
    "sign_in.show",
    "sign_in.enter",
    "sign_in.enter_demo",
    "api_tokens.issue",
    "api_docs.show",
    "api-docs.openapi_json",
}
WITH_ONE_TIME_PASSWORD = {*PUBLIC, "account.new_password", "account.change_password", "sign_in.leave"}
CSRF_FREE = {"api_tokens.issue"}  # needs a password, sets no cookie
CSRF_FREE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}

ONE_TIME = "您用的是一次性密码，请先在网页上登录并修改，再使用接口。"

BEARER = WWWAuthenticate("bearer", {"realm": "jiebang"})

csrf = CSRFProtect()
login_manager = LoginManager()
limiter = Limiter(get_remote_address)


class SignedIn(UserMixin):  # type: ignore[misc]  # flask-login 0.6.3 is untyped
    """A user as flask-login wants one; its id ends with the session version."""

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        return f"{self.user.id}:{self.user.session_version}"


def set_up(app: Flask) -> None:
    csrf.init_app(app)
    login_manager.init_app(app)
    limiter.init_app(app)
    app.before_request(_guard)


def actor_or_none() -> User | None:
    return current_user.user if current_user.is_authenticated else None


def actor() -> User:
    """Who is asking; only for endpoints that need sign-in."""
    user = actor_or_none()
    if user is None:
        raise Unauthorized
    return user


def sign_in(user: User) -> None:
    """Begin a new session for ``user``: nothing of the old one is kept, its CSRF token neither."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(user))


def sign_out() -> None:
    logout_user()
    session.clear()


def safe_next(target: str | None) -> str:
    """``target`` if it is a path of this site, else the home page."""
    home = url_for("home.show")
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return home
    if any(ord(letter) < 33 for letter in target):
        return home
    parts = urlsplit(target)
    return home if parts.scheme or parts.netloc else target


def is_api() -> bool:
    return request.path.startswith("/api/")


def _bears_token() -> bool:
    return is_api() and request.headers.get("Authorization", "").lower().startswith("bearer ")


def _guard() -> Response | None:
    if request.endpoint is not None and request.endpoint not in PUBLIC and actor_or_none() is None:
        return _ask_to_sign_in()
    if request.method not in CSRF_FREE_METHODS and not _bears_token() and request.endpoint not in CSRF_FREE:
        csrf.protect()
    if request.endpoint is not None and request.endpoint not in WITH_ONE_TIME_PASSWORD:
        return _ask_for_own_password()
    return None


def _ask_for_own_password() -> Response | None:
    """A one-time password serves for nothing but to be changed."""
    user = actor_or_none()
    if user is None or not user.must_change_password:
        return None
    if is_api():
        raise Forbidden(ONE_TIME)
    return make_response(redirect(url_for("account.new_password", next=_wanted())))


def _ask_to_sign_in() -> Response:
    if is_api():
        raise Unauthorized("请先登录，或在 Authorization 请求头中给出有效的令牌。", www_authenticate=BEARER)
    return make_response(redirect(url_for("sign_in.show", next=_wanted())))


def _wanted() -> str | None:
    """The page that was asked for, to go on to it afterwards."""
    return request.full_path.rstrip("?") if request.method == "GET" else None


@login_manager.user_loader
def _from_session(signed: str) -> SignedIn | None:
    if _bears_token():
        return None  # a request that bears a token is the token's alone: it was not checked for CSRF
    user_id, _, version = signed.partition(":")
    user = accounts.get(db.session(), int(user_id))
    return SignedIn(user) if user and str(user.session_version) == version else None


@login_manager.request_loader
def _from_bearer(asked: Request) -> SignedIn | None:
    if not _bears_token():
        return None
    token = asked.headers["Authorization"].partition(" ")[2].strip()
    user = accounts.by_token(db.session(), token)
    return SignedIn(user) if user else None
