"""请假代办: who does my tasks while I am away, and for whom I do them."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import Schema, fields, validate
from werkzeug import Response

from webapp import auth, db, forms, idempotency
from webapp.api.fields import BIGGEST_ID, JsonInt
from webapp.pages import PAGE_SIZE, Paging, page_number
from webapp.picks import picks_for
from workflows import clock, work
from workflows.domain import permissions, substitutes
from workflows.domain.accounts import NOBODY
from workflows.errors import Conflict, Invalid

pages = Blueprint("substitutes", __name__)


class Absence(Schema):
    """代理: from the first through the last day."""

    substitute_id = JsonInt(
        required=True,
        validate=validate.Range(1, BIGGEST_ID),
        metadata={
            "label": "代办人",
            "widget": "person",
            "help": "代办人只代您办理待办，不获得您的其他权限；涉及其本人团队的评审等按回避要求不能代办。",
        },
        error_messages={"invalid": NOBODY},
    )
    from_day = fields.Date(required=True, metadata={"label": "开始日期"})
    to_day = fields.Date(required=True, metadata={"label": "结束日期", "help": "含当天。"})
    reason = fields.String(
        required=True,
        validate=validate.Length(1, substitutes.LONGEST_REASON),
        metadata={"label": "事由", "placeholder": "例如：年休假"},
    )


@pages.get("/substitutes")
def index() -> Response:
    today = clock.today().isoformat()
    return _page(values={"from_day": today, "to_day": today}, errors={}, status=200)


@pages.post("/substitutes")
@idempotency.once
def appoint() -> Response:
    values = forms.parse(request.form, Absence, picks=picks_for(Absence))
    try:
        sent = work.validate(Absence, values)
        substitutes.appoint(db.session(), auth.actor(), actor=auth.actor(), **sent)
    except Invalid as refused:
        db.session().rollback()
        return _page(values=values, errors=refused.fields, status=refused.status)
    except Conflict as refused:
        db.session().rollback()
        return _page(values=values, errors={"from_day": [str(refused)]}, status=refused.status)
    flash(gettext("已指定代办人，并已通知对方。"))
    return make_response(redirect(url_for("substitutes.index")))


@pages.post("/substitutes/<int(min=1,max=2147483647):delegation_id>/end")
@idempotency.once
def end(delegation_id: int) -> Response:
    substitutes.revoke(db.session(), delegation_id, actor=auth.actor())
    flash(gettext("代办已结束。"))
    return make_response(redirect(url_for("substitutes.index")))


def _page(*, values: Mapping[str, Any], errors: Mapping[str, list[str]], status: int) -> Response:
    actor, page = auth.actor(), page_number()
    held = permissions.grants(db.session(), actor)
    reads_all = held.is_any(permissions.READ_ALL)
    sees_all = reads_all and "all" in request.args
    rows, total = substitutes.listing(
        db.session(), actor=actor, person_id=None if sees_all else actor.id, page=page, size=PAGE_SIZE
    )
    shown = render_template(
        "substitutes.html",
        rows=rows,
        paging=Paging(page, total),
        today=clock.today(),
        sees_all=sees_all,
        may_see_all=reads_all,
        may_end={one.id for one in rows if one.principal_id == actor.id or held.is_any(["office"])},
        controls=forms.describe(Absence, values=values, errors=errors, picks=picks_for(Absence)),
        errors=errors,
    )
    return make_response(shown, status)
