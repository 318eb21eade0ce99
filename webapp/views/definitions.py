"""流程管理: what is deployed; diagrams and tables are let in here, or refused with every reason."""

from collections.abc import Sequence

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug import Response

from webapp import auth, db, idempotency
from workflows import watch
from workflows.domain import permissions
from workflows.errors import Invalid

pages = Blueprint("definitions", __name__)


@pages.get("/definitions")
def index() -> Response:
    permissions.check_deploys(db.session(), auth.actor())
    return _page(status=200)


@pages.post("/definitions")
@idempotency.once
def deploy() -> Response:
    """Let the files in, all of them or none."""
    session, actor = db.session(), auth.actor()
    files = {one.filename or "": one.read() for one in request.files.getlist("files") if one.filename}
    try:
        deployed = watch.deploy(session, files, actor=actor)
    except watch.DefinitionError as refused:
        session.rollback()
        return _page(status=422, refusals=refused.defects)
    except Invalid as refused:
        session.rollback()
        return _page(status=refused.status, errors=refused.fields)
    flash(gettext("已部署，新版本的流程有 %(n)s 个；在办的继续用原来的版本。", n=len(deployed.processes)))
    if deployed.drafts:
        flash(gettext("%(n)s 个规则表成为草稿，审定之后起作用。", n=len(deployed.drafts)))
    return make_response(redirect(url_for("definitions.index")))


def _page(
    *, status: int, refusals: Sequence[watch.Defect] = (), errors: dict[str, list[str]] | None = None
) -> Response:
    locale = get_locale()
    in_english = locale is not None and locale.language == "en"
    page = render_template(
        "definitions.html",
        overview=watch.overview(db.session()),
        refusals=[(one, one.reason_en if in_english else one.reason_zh) for one in refusals],
        errors=errors or {},
    )
    return make_response(page, status)
