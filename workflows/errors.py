"""The four ways in which the service says no. Their text is for the user, in Chinese, and says what to do."""

from collections.abc import Mapping


class Refusal(Exception):
    """Base of the four kinds: caught in one place (webapp.errors) and shown as a page or problem+json."""

    status = 400
    title = "请求有误"


class NotFound(Refusal):
    """The object does not exist, or is not the caller's to see: both look alike."""

    status = 404
    title = "没有找到"


class Forbidden(Refusal):
    """The caller is known and may see the object, but may not do this."""

    status = 403
    title = "没有权限"


class Conflict(Refusal):
    """The object's present state does not allow this, or somebody else was first."""

    status = 409
    title = "当前状态不允许"


class Invalid(Refusal):
    """The input is malformed; ``fields`` maps a field (``members.0.user`` for a row's) to its messages."""

    status = 422
    title = "填写有误"

    def __init__(
        self, fields: Mapping[str, list[str]], message: str = "有内容填写不正确，请改正后再提交。"
    ) -> None:
        super().__init__(message)
        self.fields = dict(fields)
