"""Saving and discarding drafts, and what becomes of a form that is sent after its session has ended."""

import datetime as dt

from flask import Blueprint, Flask, flash, jsonify, make_response, redirect, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug import Response

from webapp import auth, db, drafts, errors, idempotency, uploads
from webapp.views import sign_in
from workflows import clock
from workflows.domain import drafts as kept
from workflows.errors import Conflict, Invalid, NotFound, Refusal

pages = Blueprint("drafts", __name__)


def set_up(app: Flask) -> None:
    """To be called before auth.set_up: what an ended session sends is saved before it is turned away."""
    app.before_request(rescue)


@pages.post("/drafts")
def save() -> Response:
    """Keep the form that was sent, unjudged, and show it again; a script is told when it was kept.

    Not once per key, which is that of the form itself; what comes after the form was sent is refused.
    """
    sent = _mine()
    if idempotency.was_used(request.form.get("_key", "")):
        raise Conflict("这份表单已经提交，无需再存草稿。")
    try:
        saved_at = drafts.keep(sent)
        uploads.check()
    except Invalid as refused:
        if not refused.fields:
            raise
        for messages in refused.fields.values():
            flash(" ".join(messages))
    db.session().commit()
    if errors.wants_json():
        return jsonify({"text": _saved_text(saved_at)})
    flash(gettext("草稿已保存。"))
    return make_response(redirect(sent.place))


@pages.post("/drafts/discarded")
@idempotency.once
def discard() -> Response:
    """Put a draft away, and go back to where that was asked for: the form, or the box of drafts."""
    sent = _mine()
    kept.discard(db.session(), auth.actor(), place=sent.place)
    flash(gettext("草稿已丢弃。"))
    is_box = request.form.get("back") == "box"
    return make_response(redirect(url_for("work.boxes", box="drafts") if is_box else sent.place))


def _saved_text(saved_at: dt.datetime) -> str:
    return str(gettext("已保存 %(time)s", time=f"{clock.local(saved_at):%H:%M}"))


def rescue() -> Response | None:
    """A form sent without a session is carried through sign-in; one of an older session becomes a draft."""
    if request.method != "POST" or drafts.FIELD not in request.form or errors.wants_json():
        return None
    sent, actor = drafts.ticket_sent(), auth.actor_or_none()
    if sent is None or request.endpoint in {*auth.PUBLIC, "drafts.discard"}:
        return None
    if actor is None:
        return sign_in.ask_again(next_path=sent.place)
    if actor.id != sent.user_id or not sent.is_kept or _is_of_this_session():
        return None
    try:
        drafts.keep(sent)
    except Refusal:
        db.session().rollback()
        return None  # turned away as any other form; the page that says so shows what was typed
    db.session().commit()
    flash(gettext("页面已过期，您填写的内容已保留，请核对后再次提交。"))
    return make_response(redirect(sent.place))


def _mine() -> drafts.Ticket:
    sent = drafts.ticket_sent()
    if sent is None or sent.user_id != auth.actor().id or not sent.is_kept:
        raise NotFound("没有找到这份表单，请重新打开后再存草稿。")
    return sent


def _is_of_this_session() -> bool:
    try:
        auth.csrf.protect()
    except CSRFError:
        return False
    return True
