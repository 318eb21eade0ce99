"""组织: the tree of units with both sides, and the work calendar."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import Schema, fields, validate
from werkzeug import Response

from webapp import auth, db, forms, i18n, idempotency
from workflows import calendar, clock, work
from workflows.domain import permissions, unit_trees, workdays
from workflows.domain import units as units_kept
from workflows.errors import Invalid

pages = Blueprint("organisation", __name__)


class Declared(Schema):
    """A day of the plant's own."""

    day = fields.Date(required=True, metadata={"label": "日期"})
    is_workday = fields.Boolean(
        required=True,
        metadata={"label": "这一天", "choices": {"true": "上班", "false": "休息"}, "widget": "radio"},
    )
    reason = fields.String(
        required=True,
        validate=validate.Length(1, workdays.LONGEST_REASON),
        metadata={"label": "理由", "placeholder": "例如：冬季保供"},
    )


@pages.get("/units")
def units() -> str:
    nodes = unit_trees.tree(db.session())
    only_missing = "missing" in request.args
    return render_template(
        "units.html",
        nodes=[one for one in nodes if not (only_missing and one.is_whole)],
        total=len(nodes),
        lacking_party=sum(not one.party_secretary for one in nodes),
        lacking_admin=sum(not one.admin_head for one in nodes),
        only_missing=only_missing,
        plant=unit_trees.plant_heads(db.session()),
        closed=unit_trees.closed(db.session()),
        kinds=units_kept.KINDS,
        administers=permissions.may_administer(db.session(), auth.actor()),
    )


@pages.get("/calendar")
def show_calendar() -> Response:
    return _calendar(_year(), values={}, errors={}, status=200)


@pages.post("/calendar")
@idempotency.once
def declare() -> Response:
    values = forms.parse(request.form, Declared)
    try:
        sent = work.validate(Declared, values)
        day: dt.date = sent.pop("day")
        workdays.declare(db.session(), day, actor=auth.actor(), **sent)
    except Invalid as refused:
        db.session().rollback()
        return _calendar(_year(), values=values, errors=refused.fields, status=refused.status)
    flash(gettext("工作日历已调整，以后计算的期限按此执行。"))
    return make_response(redirect(url_for("organisation.show_calendar", year=day.year)))


@pages.post("/calendar/<string(maxlength=10):day>/removal")
@idempotency.once
def undeclare(day: str) -> Response:
    try:
        found = dt.date.fromisoformat(day)
    except ValueError as error:
        raise Invalid({"day": ["请填写正确的日期。"]}) from error
    workdays.undeclare(db.session(), found, actor=auth.actor())
    flash(gettext("已恢复为公布的安排。"))
    return make_response(redirect(url_for("organisation.show_calendar", year=found.year)))


def _year() -> int:
    given = request.args.get("year", clock.today().year, type=int)
    return given if given in workdays.YEARS else clock.today().year


def _calendar(
    year: int, *, values: Mapping[str, Any], errors: Mapping[str, list[str]], status: int
) -> Response:
    page = render_template(
        "calendar.html",
        year=year,
        months=workdays.year(
            db.session(), year, language="en_US" if i18n.html_language() == "en" else "zh_CN"
        ),
        declared=workdays.of_year(db.session(), year),
        is_published=calendar.is_published(year),
        today=clock.today(),
        may_keep=permissions.may_keep_calendar(db.session(), auth.actor()),
        controls=forms.describe(Declared, values=values, errors=errors),
        errors=errors,
    )
    return make_response(page, status)
