"""工作日历: which days are worked, and the days that the plant declares otherwise than published."""

import datetime as dt
from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import IDEMPOTENCY_KEY
from workflows import calendar, clock
from workflows.domain import workdays
from workflows.errors import Invalid

endpoints = Blueprint("api_calendar", __name__, url_prefix="/api/v1/calendar", description="工作日历")

KINDS = "work 工作日，weekend 周末，holiday 法定节假日，make_up 调休上班，own_work、own_holiday 本厂另行规定"


class CalendarAsked(Schema):
    year = fields.Integer(
        load_default=None,
        validate=validate.Range(workdays.YEARS.start, workdays.YEARS.stop - 1),
        metadata={"description": "缺省为今年"},
    )


class DayShown(Schema):
    date = fields.Date(required=True)
    kind = fields.String(required=True, metadata={"description": KINDS})
    name = fields.String(required=True)


class CalendarYear(Schema):
    year = fields.Integer(required=True)
    is_published = fields.Boolean(required=True, metadata={"description": "放假和调休安排已经公布"})
    days = fields.List(fields.Nested(DayShown), required=True)


class DayAsked(Schema):
    is_workday = fields.Boolean(required=True, truthy={True}, falsy={False})
    reason = fields.String(required=True, validate=validate.Length(1, workdays.LONGEST_REASON))


class DayDeclared(Schema):
    day = fields.Date(required=True)
    is_workday = fields.Boolean(required=True)
    reason = fields.String(required=True)


@endpoints.route("")
@endpoints.arguments(CalendarAsked, location="query", unknown=RAISE)
@endpoints.response(200, CalendarYear)
def show(asked: dict[str, Any]) -> dict[str, Any]:
    """一年的每一天"""
    year = asked["year"] or clock.today().year
    months = workdays.year(db.session(), year)
    days = [day for weeks in months for week in weeks for day in week if day is not None]
    return {"year": year, "is_published": calendar.is_published(year), "days": days}


@endpoints.route("/<string(maxlength=10):day>", methods=["PUT"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, DayDeclared)
@endpoints.arguments(DayAsked)
def declare(asked: dict[str, Any], day: str) -> dict[str, Any]:
    """另行规定一天上班或休息"""
    found = _day(day)
    workdays.declare(db.session(), found, actor=auth.actor(), **asked)
    return {"day": found, **asked}


@endpoints.route("/<string(maxlength=10):day>/removal", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
def undeclare(day: str) -> None:
    """恢复为公布的安排"""
    workdays.undeclare(db.session(), _day(day), actor=auth.actor())


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Invalid({"day": ["请填写正确的日期。"]}) from error
