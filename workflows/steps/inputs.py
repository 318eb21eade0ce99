"""What forms share: the form of a task, and fields within what the database can hold."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from marshmallow import Schema, ValidationError, fields, validate

from workflows.domain import accounts

NO_FILE = "没有这个附件，请重新上传。"
MOST_FILES = 20
LARGEST_ID = 2**31 - 1
LARGEST_FEN = 10**14  # a trillion 元
LARGEST_MEASURE = Decimal(10) ** 12
PLACES = 4

AnyField = TypeVar("AnyField", bound=fields.Field[Any])
NOT_LISTED = "请从列表中选择。"


def opens(section: str, field: AnyField) -> AnyField:
    """``field`` as the first of a ``section`` of its form, or as one that goes on with it."""
    field.metadata = {**field.metadata, "section": section}
    return field


def identity(label: str, widget: str, *, required: bool = True, help: str = "") -> fields.Integer:
    """The id of something chosen with ``widget`` (person, unit, indicator, hidden); None where it need not be."""
    wrong: dict[str, Any] = {"invalid": accounts.NOBODY if widget == "person" else NOT_LISTED}
    about = {"label": label, "widget": widget, "help": help}
    within = validate.Range(1, LARGEST_ID)
    if required:
        return fields.Integer(
            required=True, strict=True, validate=within, metadata=about, error_messages=wrong
        )
    return fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=within,
        metadata=about,
        error_messages=wrong,
    )


def money(label: str) -> fields.Integer:
    """An amount of 分, typed in 万元."""
    within = validate.Range(0, LARGEST_FEN)
    return fields.Integer(
        required=True,
        strict=True,
        validate=within,
        metadata={"label": label, "widget": "money"},
        error_messages={"invalid": "请填写不为负的金额，最多六位小数。"},
    )


class ExactDecimal(fields.Decimal):
    """A number with at most four decimals, or two: one with more is refused, not rounded over a threshold."""

    def __init__(self, *, places: int = PLACES, **rest: Any) -> None:
        super().__init__(places=places, **rest)
        self._most = places

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> Decimal:
        exact: Decimal = super()._deserialize(value, attr, data, **rest)
        if exact != fields.Decimal()._deserialize(value, attr, data, **rest):
            raise ValidationError("最多四位小数。" if self._most == PLACES else "最多两位小数。")
        return exact


def measured(label: str) -> fields.Decimal:
    """A measured or promised value with at most four decimals."""
    within = validate.Range(-LARGEST_MEASURE, LARGEST_MEASURE)
    return ExactDecimal(required=True, validate=within, metadata={"label": label})


def paragraph(
    label: str, *, required: bool = True, least: int = 1, longest: int = 4000, help: str = ""
) -> fields.String:
    """A text of several lines, not only of spaces when required."""
    metadata = {"label": label, "widget": "textarea", "help": help}
    if not required:
        return fields.String(load_default="", validate=validate.Length(max=longest), metadata=metadata)
    filled = [validate.Length(least, longest), validate.Regexp(r"(?s).*\S", error="请填写内容。")]
    return fields.String(required=True, validate=filled, metadata=metadata)


def line(label: str, *, least: int = 1, longest: int, help: str = "") -> fields.String:
    """A required text of one line, not only of spaces."""
    filled = [validate.Length(least, longest), validate.Regexp(r"(?s).*\S", error="请填写内容。")]
    return fields.String(required=True, validate=filled, metadata={"label": label, "help": help})


def opinion(
    label: str = "意见", *, required: bool = False, longest: int = 1000, help: str = ""
) -> fields.String:
    """What is said with an act: it stands in the timeline, for everybody who sees the process."""
    return paragraph(label, required=required, longest=longest, help=help)


def choice(label: str, choices: list[tuple[str, str]], help: str = "") -> fields.String:
    """One of ``choices`` (code, name), all of them in sight."""
    return fields.String(
        required=True,
        validate=validate.OneOf([code for code, _ in choices], labels=[name for _, name in choices]),
        metadata={"label": label, "widget": "radio", "choices": choices, "help": help},
    )


def yes_or_no(label: str, yes: str, no: str, help: str = "") -> fields.Boolean:
    """A decision in the words ``yes`` and ``no``."""
    choices = [("true", yes), ("false", no)]
    return fields.Boolean(
        required=True, metadata={"label": label, "widget": "radio", "choices": choices, "help": help}
    )


def files(label: str, *, required: bool = False, help: str = "", of: str = "") -> fields.List[int]:
    """Ids of uploaded files: minutes, evidence, reports; ``of`` "photos" lets a phone offer its camera."""
    more: dict[str, Any] = {"required": True} if required else {"load_default": list}
    one = fields.Integer(
        strict=True,
        validate=validate.Range(1, LARGEST_ID),
        error_messages={"invalid": NO_FILE},
    )
    number = validate.Length(
        1 if required else 0,
        MOST_FILES,
        error=f"请上传 1 至 {MOST_FILES} 个文件。" if required else f"最多上传 {MOST_FILES} 个文件。",
    )
    return fields.List(
        one, validate=number, metadata={"label": label, "widget": "file", "help": help, "of": of}, **more
    )


def row_count(least: int, most: int) -> validate.Length:
    """How many rows a table of a form takes."""
    return validate.Length(
        least, most, error=f"请填写 {least} 至 {most} 行。" if least else f"最多填写 {most} 行。"
    )


def file_ids(form: type[Schema], values: Mapping[str, Any], prefix: str = "") -> dict[str, list[int]]:
    """The ids of files in the loaded ``values`` of ``form``, by the field that holds them: ``rows.0.evidence``."""
    found: dict[str, list[int]] = {}
    for name, field in form._declared_fields.items():
        given = values.get(name)
        if not isinstance(field, fields.List) or not given:
            continue
        if field.metadata.get("widget") == "file":
            found[prefix + name] = given
        elif isinstance(field.inner, fields.Nested):
            for n, row in enumerate(given):
                found |= file_ids(type(field.inner.schema), row, f"{prefix}{name}.{n}.")
    return found


class TaskForm(Schema):
    """What every human step asks beside its own fields; a form whose opinion is required declares it anew."""

    opinion = opinion()
    attachments = files("附件")


class DelegateForm(TaskForm):
    """What somebody answers to whom a task was delegated; the decision stays with who delegated it."""

    opinion = opinion(required=True)


def points(label: str, help: str) -> fields.Decimal:
    """A score of 0..100; ``help`` says what it looks at."""
    return fields.Decimal(
        required=True,
        validate=[validate.Range(Decimal(0), Decimal(100)), _at_most_four_decimals],
        metadata={"label": label, "unit": "分", "help": help},
    )


def _at_most_four_decimals(value: Decimal) -> None:
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -PLACES:
        raise ValidationError("最多四位小数。")
