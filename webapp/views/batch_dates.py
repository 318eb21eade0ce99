"""批次 opened early, closed or moved by the office: what it means for those concerned, a reason, and the act."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import Schema
from werkzeug import Response

from webapp import auth, batch_forms, db, forms, idempotency
from webapp.pages import known
from workflows import batch_dates, work
from workflows.domain import batch_plans, campaigns, permissions
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import Batch

pages = Blueprint("batch_dates", __name__)

ACT = "/batches/<int(min=1,max=2147483647):batch_id>/<string(maxlength=20):act>"


@dataclass(frozen=True)
class Act:
    """A form about a batch: its title, the word of its button, and what sending it does."""

    title: str
    button: str
    form: type[Schema]
    do: Callable[[int, Mapping[str, Any]], object]


def _move(batch_id: int, sent: Mapping[str, Any]) -> None:
    wanted = {name: sent[name] for name in batch_plans.DAYS}
    batch_dates.move(db.session(), batch_id, wanted, actor=auth.actor(), reason=sent["reason"])


ACTS = {
    "opening": Act(
        "提前开始征集",
        "确认提前开始",
        batch_forms.Confirm,
        lambda batch_id, sent: batch_dates.open_early(
            db.session(), batch_id, actor=auth.actor(), reason=sent["reason"]
        ),
    ),
    "closing": Act(
        "提前截止征集",
        "确认提前截止",
        batch_forms.Confirm,
        lambda batch_id, sent: batch_dates.close_now(
            db.session(), batch_id, actor=auth.actor(), reason=sent["reason"]
        ),
    ),
    "dates": Act("批次改期", "确认改期", batch_forms.Days, _move),
}


@pages.get(ACT)
def show(batch_id: int, act: str) -> Response:
    _act(act)
    batch = campaigns.batch(db.session(), batch_id, actor=auth.actor())
    values = batch_plans.days(batch) if act == "dates" else {}
    return _page(batch, act, values=values, errors={}, status=200)


@pages.post(ACT)
@idempotency.once
def do(batch_id: int, act: str) -> Response:
    """Do it, and go back to the year."""
    form = _act(act).form
    values = forms.parse(request.form, form)
    try:
        ACTS[act].do(batch_id, work.validate(form, values))
    except (Invalid, Conflict) as refused:
        db.session().rollback()
        batch = campaigns.batch(db.session(), batch_id, actor=auth.actor())
        fields = refused.fields if isinstance(refused, Invalid) else {}
        message = "" if fields else str(refused)
        return _page(batch, act, values=values, errors=fields, message=message, status=refused.status)
    batch = campaigns.batch(db.session(), batch_id, actor=auth.actor())
    flash(gettext("已保存，并已告知有关人员。"))
    return make_response(redirect(url_for("campaigns.show", year_id=batch.year_id)))


def _act(name: str) -> Act:
    return known(ACTS, name)


def _page(
    batch: Batch,
    name: str,
    *,
    values: Mapping[str, Any],
    errors: Mapping[str, list[str]],
    status: int,
    message: str = "",
) -> Response:
    session, act = db.session(), ACTS[name]
    if not permissions.may_plan_year(session, auth.actor()):
        raise NotFound("没有这个页面，或者您无权查看。")
    page = render_template(
        "campaigns/batch_act.html",
        act=act,
        name=name,
        batch=batch,
        problems=batch_plans.problems_in(session, batch),
        promised=batch_plans.promised_until(session, batch),
        controls=forms.describe(act.form, values=values, errors=errors),
        errors=errors,
        message=message,
    )
    return make_response(page, status)
