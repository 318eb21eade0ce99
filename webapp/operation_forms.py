"""The forms with which operators intervene in a running process."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from webapp.people_forms import FILLED
from workflows.interventions import LONGEST_VALUE, MOST_REASON, Standing

VALUE = "value_"  # before the name of a variable, as a field of a form


def reason() -> fields.String:
    checks = [validate.Length(1, MOST_REASON), FILLED]
    about = {"label": "理由", "widget": "textarea", "help": "理由记入流程的经过，办理人能看到。"}
    return fields.String(required=True, validate=checks, metadata=about)


class Plain(Schema):
    """暂停, 恢复, 终止, 跳过."""

    version = fields.Integer(required=True, metadata={"widget": "hidden"})
    reason = reason()


class Deadline(Schema):
    """调整期限."""

    version = fields.Integer(required=True, metadata={"widget": "hidden"})
    due_at = fields.AwareDateTime(required=True, metadata={"label": "新的期限"})
    reason = reason()


def skipping(token: Standing) -> type[Schema]:
    """Skipping what the token waits for: the variables that it would have given."""
    return _form({**_values(token), **_ends()})


def moving(token: Standing, targets: Mapping[str, str], label: str) -> type[Schema]:
    """Moving a token to one of ``targets`` (id -> name)."""
    target = fields.String(
        required=True,
        validate=validate.OneOf(list(targets), labels=list(targets.values()), error="请从列出的环节中选择。"),
        metadata={"label": label},
    )
    return _form({"target": target, **_values(token), **_ends()})


def _form(parts: Mapping[str, Any]) -> type[Schema]:
    return Schema.from_dict(dict(parts), name="InterventionForm")


def _values(token: Standing) -> dict[str, fields.Field[Any]]:
    about = '之后的走向要读这个变量。写成 FEEL 值：true、12、"agreed"、date("2026-12-01")；不填就不设。'
    return {
        f"{VALUE}{name}": fields.String(
            load_default="",
            validate=validate.Length(max=LONGEST_VALUE),
            metadata={"label": f"变量 {name}", "help": about},
        )
        for name in token.asked
    }


def _ends() -> dict[str, fields.Field[Any]]:
    return {
        "version": fields.Integer(required=True, metadata={"widget": "hidden"}),
        "reason": reason(),
    }


def values_in(sent: Mapping[str, Any]) -> dict[str, str]:
    """The variables that a form gives, by name."""
    return {name.removeprefix(VALUE): text for name, text in sent.items() if name.startswith(VALUE)}


def as_fields(errors: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Messages about ``values.x`` at the field of the form."""
    return {name.replace("values.", VALUE, 1): texts for name, texts in errors.items()}
