"""The forms of questions on a challenge (答疑)."""

from marshmallow import Schema, fields, validate

NOT_BLANK = validate.Regexp(r"(?s).*\S", error="请填写内容。")


class AskForm(Schema):
    """提问."""

    text = fields.String(
        required=True, validate=[validate.Length(2, 1000), NOT_BLANK], metadata={"label": "问题"}
    )


class AnswerForm(Schema):
    """答复."""

    answer = fields.String(
        required=True, validate=[validate.Length(2, 2000), NOT_BLANK], metadata={"label": "答复"}
    )
