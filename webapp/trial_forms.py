"""The form of a trial reward (试算): a challenge's own indicators, and what else one may assume."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, validate

from webapp.formats import number
from workflows.domain.trials import Assumed
from workflows.models import Challenge, Indicator

LATEST_DAYS = 3650
LARGEST_FEN = 10**14
LARGEST_MEASURE = 10**12


def form_of(challenge: Challenge) -> type[Schema]:
    """Benefit (where it counts), score, lateness, the unit's rates, and a value for each indicator: measured_<id>."""
    asked: dict[str, fields.Field[Any]] = {}
    if challenge.est_benefit_fen is not None:
        asked["benefit_fen"] = fields.Integer(
            required=True,
            strict=True,
            validate=validate.Range(0, LARGEST_FEN),
            metadata={"label": "核定年净效益", "widget": "money"},
            error_messages={"invalid": "请填写不为负的金额，最多六位小数。"},
        )
    for one in challenge.indicators:
        asked[f"measured_{one.id}"] = _reached(one)
    asked["score"] = _points("验收得分", "验收会五项标准的加权平均分。")
    asked["late_days"] = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(-LATEST_DAYS, LATEST_DAYS),
        metadata={"label": "晚于完成期限的天数", "help": "提前的填负数，按期填 0。"},
    )
    asked["p"] = _points("党建得分率 P", "挂帅人所在单位六类党建考核的加权得分。")
    asked["b"] = _points("经营得分率 B", "挂帅人所在单位七类经营考核的加权得分。")
    return Schema.from_dict(asked, name="TrialForm")


def _reached(indicator: Indicator) -> fields.Field[Any]:
    span = f"{number(indicator.baseline)} → {indicator.op} {number(indicator.target)} {indicator.measure}"
    within = validate.Range(-LARGEST_MEASURE, LARGEST_MEASURE)
    about = {"label": indicator.name, "unit": indicator.measure, "help": span}
    return fields.Decimal(required=True, validate=within, metadata=about)


def _points(label: str, help: str) -> fields.Decimal:
    within = validate.Range(0, 100)
    return fields.Decimal(required=True, validate=within, metadata={"label": label, "help": help})


def values_of(form: type[Schema], assumed: Assumed) -> dict[str, Any]:
    """``assumed`` as ``form`` holds it."""
    rest = {name: getattr(assumed, name) for name in ("benefit_fen", "score", "late_days", "p", "b")}
    known = rest | {f"measured_{number}": value for number, value in assumed.measured.items()}
    return {name: value for name, value in known.items() if name in form().fields}


def assumed_by(values: Mapping[str, Any]) -> Assumed:
    """What the loaded ``values`` of the form assume."""
    reached: dict[int, Decimal] = {
        int(name.removeprefix("measured_")): value
        for name, value in values.items()
        if name.startswith("measured_")
    }
    rest = {name: values[name] for name in ("score", "late_days", "p", "b")}
    return Assumed(benefit_fen=values.get("benefit_fen"), measured=reached, **rest)
