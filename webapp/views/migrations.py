"""迁移: running processes on older versions moved to the current one: tried, started, followed, undone."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response

from webapp import auth, db, diagrams, idempotency
from webapp.pages import Paging, one_of, page_number
from webapp.state_terms import MIGRATION_STATES
from workflows import migrating
from workflows.domain import permissions
from workflows.errors import Conflict, Invalid

pages = Blueprint("migrations", __name__)

SHOWN = 20  # processes on a page
NEW = "/definitions/<string(maxlength=60):process>/migration"
ONE = f"{NEW}/<int(min=1,max=2147483647):process_id>"
MIGRATION = "/migrations/<int(min=1,max=2147483647):migration_id>"
ASKED = ("version", "q", "ids", "mapping")  # fields of the filter


@pages.get(NEW)
def new(process: str) -> Response:
    return _new_page(process, request.args, errors={}, status=200)


@pages.post(NEW)
@idempotency.once
def start(process: str) -> Response:
    """Start it, and go to where it is followed."""
    asked = request.form
    try:
        wish, mapping = _asked(process, asked)
        reason = asked.get("reason", "")
        begun = migrating.start(db.session(), wish, mapping, reason=reason, actor=auth.actor())
    except (Invalid, Conflict) as refused:
        db.session().rollback()
        fields = refused.fields if isinstance(refused, Invalid) else {}
        message = "" if fields else str(refused)
        return _new_page(process, asked, errors=fields, message=message, status=refused.status)
    return make_response(redirect(url_for("migrations.show", migration_id=begun.id)))


@pages.get(ONE)
def trial(process: str, process_id: int) -> str:
    mapping = migrating.read_mapping(request.args.get("mapping", ""))
    return render_template(
        "migrations/trial.html",
        process=process,
        title=migrating.title_of(process),
        tried=migrating.one(db.session(), process_id, mapping, actor=auth.actor()),
        mapping=request.args.get("mapping", ""),
    )


@pages.get(f"{ONE}/diagram")
def diagram(process: str, process_id: int) -> Response:
    """The diagrams as it stands, or with ``then`` in the address as it would stand."""
    mapping = migrating.read_mapping(request.args.get("mapping", ""))
    now, then = migrating.sheets(db.session(), process_id, mapping, actor=auth.actor())
    return diagrams.answer(then if "then" in request.args else now)


@pages.get(MIGRATION)
def show(migration_id: int) -> Response:
    return _page(migration_id, errors={}, status=200)


@pages.post(f"{MIGRATION}/undo")
@idempotency.once
def undo(migration_id: int) -> Response:
    """Undo all that can be undone, or one."""
    process_id = request.form.get("process_id", type=int)
    reason = request.form.get("reason", "")
    try:
        number = migrating.undo(
            db.session(), migration_id, reason=reason, actor=auth.actor(), process_id=process_id
        )
    except (Invalid, Conflict) as refused:
        db.session().rollback()
        fields = refused.fields if isinstance(refused, Invalid) else {}
        message = "" if fields else str(refused)
        return _page(migration_id, errors=fields, message=message, status=refused.status)
    flash(gettext("已安排撤回 %(n)s 个流程；已经走动的不会改变。", n=number))
    return make_response(redirect(url_for("migrations.show", migration_id=migration_id)))


def _asked(process: str, asked: Mapping[str, str]) -> tuple[migrating.Wish, dict[str, str]]:
    wish = migrating.Wish(
        process,
        version=asked.get("version", "")[:64],
        q=asked.get("q", "").strip()[:60],
        ids=migrating.read_ids(asked.get("ids", "")),
    )
    return wish, migrating.read_mapping(asked.get("mapping", ""))


def _new_page(
    process: str,
    asked: Mapping[str, str],
    *,
    errors: Mapping[str, list[str]],
    status: int,
    message: str = "",
) -> Response:
    session, actor = db.session(), auth.actor()
    permissions.check_operates(session, actor)
    title, page = migrating.title_of(process), page_number()
    trial, wrong = migrating.Trial([], 0, 0), dict(errors)
    try:
        wish, mapping = _asked(process, asked)
        trial = migrating.try_out(session, wish, mapping, actor=actor, page=page, size=SHOWN)
    except Invalid as refused:
        wrong |= refused.fields
        status = max(status, refused.status)
    typed: dict[str, Any] = {name: asked.get(name, "") for name in (*ASKED, "reason")}
    body = render_template(
        "migrations/new.html",
        process=process,
        title=title,
        versions=migrating.older(session, process, actor=actor),
        recent=migrating.recent(session, process, actor=actor),
        trial=trial,
        typed=typed,
        paging=Paging(page, trial.total, SHOWN),
        errors=wrong,
        message=message,
    )
    return make_response(body, status)


def _page(migration_id: int, *, errors: Mapping[str, list[str]], status: int, message: str = "") -> Response:
    page, kind = page_number(), one_of("status", MIGRATION_STATES)
    shown, total = migrating.shown(
        db.session(), migration_id, actor=auth.actor(), status=kind, page=page, size=SHOWN
    )
    body = render_template(
        "migrations/show.html",
        shown=shown,
        status=kind,
        paging=Paging(page, total, SHOWN),
        reason=request.form.get("reason", ""),
        errors=errors,
        message=message,
    )
    return make_response(body, status)
