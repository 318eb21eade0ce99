"""站内通知: what has happened, by day and kind; where one wants which; and mails that could not be sent."""

import itertools

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response

from webapp import auth, db, idempotency
from webapp.pages import Paging, one_of, page_number
from workflows import clock
from workflows.domain import notice_kinds, notices, outbox
from workflows.domain.notice_kinds import Wanted
from workflows.errors import Invalid

pages = Blueprint("notices", __name__)

SHOWN = 50  # on a page


@pages.get("/notices")
def index() -> str:
    session, actor, page = db.session(), auth.actor(), page_number()
    kind, unread = one_of("kind", notice_kinds.KINDS), "unread" in request.args
    rows, total = notices.listing(session, actor, unread=unread, kind=kind, page=page, size=SHOWN)
    days = itertools.groupby(rows, key=lambda one: clock.local(one.created_at).date())
    return render_template(
        "notices.html",
        days=[(day, list(group)) for day, group in days],
        kinds=notice_kinds.KINDS,
        chosen={"kind": kind, "unread": unread},
        paging=Paging(page, total, SHOWN),
    )


@pages.get("/badges")
def badges() -> str:
    """The header's counts alone, asked for again by the open page."""
    return render_template("badges.html")


@pages.post("/notices/<int(min=1,max=2147483647):notice_id>/read")
@idempotency.once
def read(notice_id: int) -> Response:
    """Mark it read and go to what it tells of, or stay where one was."""
    notice = notices.mark_read(db.session(), auth.actor(), notice_id)
    return make_response(redirect(auth.safe_next(request.form.get("next") or notice.link)))


@pages.post("/notices/read")
@idempotency.once
def read_all() -> Response:
    notices.mark_all_read(db.session(), auth.actor())
    return make_response(redirect(url_for("notices.index")))


@pages.get("/account/notices")
def preferences() -> Response:
    return _preferences(errors={}, status=200)


@pages.post("/account/notices")
@idempotency.once
def choose() -> Response:
    """Keep what is marked: a box of each kind for the site, one for mail."""
    sent = request.form
    chosen = {
        kind: Wanted(in_app=f"app.{kind}" in sent, by_mail=f"mail.{kind}" in sent)
        for kind in notice_kinds.KINDS
    }
    for kind in notice_kinds.ONLY_IN_TASK_CENTRE:
        chosen[kind] = Wanted(in_app=True, by_mail=chosen[kind].by_mail)
    hours = [sent.get(name, type=int) for name in ("quiet_from", "quiet_to")]
    try:
        notice_kinds.choose(db.session(), auth.actor(), chosen)
        notice_kinds.choose_habit(
            db.session(),
            auth.actor(),
            is_digest=sent.get("when") == "digest",
            quiet_from=hours[0],
            quiet_to=hours[1],
        )
    except Invalid as refused:
        db.session().rollback()
        return _preferences(errors=refused.fields, status=refused.status)
    flash(gettext("已保存。"))
    return make_response(redirect(url_for("notices.preferences")))


def _preferences(*, errors: dict[str, list[str]], status: int) -> Response:
    session, actor = db.session(), auth.actor()
    page = render_template(
        "notice_preferences.html",
        kinds=notice_kinds.KINDS,
        only_in_task_centre=notice_kinds.ONLY_IN_TASK_CENTRE,
        wanted=notice_kinds.of_person(session, actor),
        habit=notice_kinds.habit(session, actor.id),
        has_mail=outbox.has_server(),
        digest_hour=outbox.DIGEST_HOUR,
        errors=errors,
    )
    return make_response(page, status)


@pages.get("/outbox")
def mails() -> str:
    """For administrators: what was mailed, and what was given up."""
    page, given_up = page_number(), "all" not in request.args
    rows, total = outbox.listing(db.session(), actor=auth.actor(), given_up=given_up, page=page, size=SHOWN)
    return render_template(
        "outbox.html",
        rows=rows,
        given_up=given_up,
        paging=Paging(page, total, SHOWN),
        has_mail=outbox.has_server(),
    )


@pages.post("/outbox/<int(min=1,max=2147483647):mail_id>/again")
@idempotency.once
def send_again(mail_id: int) -> Response:
    outbox.again(db.session(), mail_id, actor=auth.actor())
    flash(gettext("已重新放入发件箱。"))
    return make_response(redirect(url_for("notices.mails")))
