"""One effect per idempotency key: the first answer is stored with its effect and given again to repeats.

API writes name the key in the header ``Idempotency-Key``; page forms carry it in the hidden field ``_key``.
A failed request stores nothing, so that it may be sent again under the same key. Neither user nor key is stored,
only what they give together under the server's secret: answers must not tell who filed an anonymous objection.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import current_app, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import bindparam, inspect, update
from sqlalchemy.orm import Session
from werkzeug import Response
from werkzeug.datastructures import FileStorage

from webapp import auth, db
from workflows import clock, workers
from workflows.db import insert_if_missing
from workflows.errors import Invalid, Refusal
from workflows.models import IdempotentRequest

KEY = re.compile(r"[A-Za-z0-9._~-]{8,80}")
UNHASHED = {"csrf_token", "_place"}  # form fields that may differ between two sendings of the same form


P = ParamSpec("P")

_ROWS: Any = inspect(IdempotentRequest).local_table
_KEEP = (
    update(_ROWS)
    .where(_ROWS.c.key == bindparam("b_key"))
    .values({name: bindparam(name) for name in ("status", "location", "body")})
)


class KeyMissing(Refusal):
    """An API write came without its key."""

    title = "缺少幂等键"


def once(view: Callable[P, ResponseReturnValue]) -> Callable[P, Response]:
    """Mark a view that writes: committed if it answers below 400, once per key; rolled back otherwise."""

    @wraps(view)
    def committing(*args: P.args, **kwargs: P.kwargs) -> Response:
        claimed = _claim(db.session())
        if isinstance(claimed, Response):
            return claimed
        response: Response = make_response(view(*args, **kwargs))
        if response.status_code < 400:
            if claimed is not None:
                _keep(db.session(), claimed, response)
            db.session().commit()
            workers.nudge()
        return response

    return committing


def _claim(session: Session) -> str | Response | None:
    """Take the key of this request: under what its answer is to be kept, the earlier answer, or None if no key is needed.

    A second request under the same key waits here until the first has ended. Raises Invalid if the key was
    used for another request, KeyMissing if the API got none.
    """
    given = _key()
    actor = auth.actor_or_none()
    if given is None or actor is None:
        return None
    key = _owned(given, user_id=actor.id)
    fresh = {"key": key, "request_hash": _hash(), "created_at": clock.now()}
    if insert_if_missing(session, IdempotentRequest, {**fresh, "status": 0, "body": b""}):
        return key
    return _again(session.get_one(IdempotentRequest, key))


def was_used(key: str) -> bool:
    """Whether the form that carries ``key`` was sent with effect already, by the person who is signed in."""
    return db.session().get(IdempotentRequest, _owned(key, user_id=auth.actor().id)) is not None


def _owned(key: str, *, user_id: int) -> str:
    """A user's key as it is stored; without the key itself nobody can try out whose it was."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, f"{user_id}:{key}".encode(), hashlib.sha256).hexdigest()


def _keep(session: Session, claimed: str, response: Response) -> None:
    """Store ``response`` as the answer under the key."""
    answer = {"location": response.headers.get("Location"), "body": response.get_data()}
    kept = {"b_key": claimed, "status": response.status_code, **answer}
    session.execute(_KEEP, kept)


def _again(row: IdempotentRequest) -> Response:
    if row.request_hash != _hash():
        raise Invalid({}, "这个幂等键已用于另一次请求，请刷新页面后重试。")
    response = Response(row.body, status=row.status, mimetype=_media_type())
    response.headers["Idempotent-Replayed"] = "true"
    if row.location:
        response.headers["Location"] = row.location
    return response


def _media_type() -> str:
    return "application/json" if _is_api() else "text/html"


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key") if _is_api() else request.form.get("_key")
    if not key:
        if _is_api():
            raise KeyMissing("请在请求头 Idempotency-Key 中给出 8 至 80 个字符的唯一键。")
        return None
    if not KEY.fullmatch(key):
        raise Invalid({"Idempotency-Key": ["只可包含字母、数字和 . _ ~ -,长 8 至 80 个字符。"]})
    return key


def _hash() -> str:
    """SHA-256 of method, path and body, files included."""
    if _is_api() and request.mimetype != "multipart/form-data":
        body = request.get_data(cache=True)
    else:
        pairs = sorted(
            (name, value) for name, value in request.form.items(multi=True) if name not in UNHASHED
        )
        sent = [(name, file.filename, _file_hash(file)) for name, file in request.files.items(multi=True)]
        body = repr((pairs, sent) if sent else pairs).encode()
    head = f"{request.method} {request.full_path}\n".encode()
    return hashlib.sha256(head + body).hexdigest()


def _file_hash(file: FileStorage) -> str:
    digest = hashlib.file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]  # IO[bytes] is one
    file.stream.seek(0)
    return digest
