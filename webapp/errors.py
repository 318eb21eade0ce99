"""What goes wrong becomes one shape: a page for people, problem+json (RFC 9457) for programs."""

import errno
from collections.abc import Mapping
from typing import Any

from flask import Flask, json, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug import Response
from werkzeug.exceptions import HTTPException, SecurityError

from webapp import auth, db, drafts, i18n, logs
from workflows import watch, work
from workflows.errors import Invalid, Refusal

RETRY_SECONDS = "2"
KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")  # flask-smorest 0.47 would drop them
TOO_LARGE = 413
WORTH_COPYING = 10  # characters
TEXTS = {
    400: ("请求有误", "请求的内容无法识别，请返回后重试。"),
    401: ("需要登录", "请先登录。"),
    403: ("没有权限", "您不能执行这项操作。"),
    404: ("没有找到", "没有这个页面，或者您无权查看。"),
    405: ("方法不允许", "这个地址不接受此类请求。"),
    413: ("内容过大", "提交的内容超过了允许的大小，请精简后再提交。"),
    415: ("格式不支持", "请以 JSON 格式提交。"),
    422: ("填写有误", "有内容填写不正确，请改正后再提交。"),
    429: ("尝试过于频繁", "尝试次数过多，请稍后再试。"),
    500: ("系统出错", "系统出现意外错误，本次操作没有生效。请稍后重试；若仍出错，请把请求编号告诉管理员。"),
    503: ("暂时不可用", "数据库暂时不可用，本次操作没有生效，请几秒后重试。"),
    507: ("存储空间不足", "服务器存储空间不足，本次操作没有生效，请联系管理员。"),
}


def set_up(app: Flask) -> None:
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(OperationalError, database_error)
    app.register_error_handler(PoolTimeout, database_error)
    app.register_error_handler(OSError, storage_error)
    app.register_error_handler(work.StepFailed, step_failed)
    app.register_error_handler(work.UnknownState, unreadable)
    app.register_error_handler(Exception, unexpected)


def refused(error: Refusal) -> Response:
    fields = error.fields if isinstance(error, Invalid) else {}
    return answer(error.status, error.title, str(error), fields=fields)


def http_error(error: HTTPException) -> Response:
    if error.response is not None:  # e.g. a redirect
        return make_response(error.get_response())
    if isinstance(error, SecurityError):  # a host that is not ours: no page of ours can be addressed
        return Response("400: host not served here\n", 400, mimetype="text/plain")
    code = error.code or 500
    title, text = TEXTS.get(code, TEXTS[400 if code < 500 else 500])
    if isinstance(error, CSRFError):
        text = "页面已过期，请刷新页面后重新提交。"
    found: dict[str, Any] = getattr(error, "data", None) or {}  # left by webargs
    fields = flattened(found.get("messages", {}), skip=("json", "query", "headers"))
    response = answer(code, title, text, fields=fields)
    for name, value in error.get_headers():
        if name in KEPT_HEADERS:
            response.headers[name] = value
    return response


def database_error(error: Exception) -> Response:
    cause = getattr(error, "orig", None)
    if "disk is full" in str(cause) or getattr(cause, "sqlstate", None) == "53100":
        return _logged(507, "disk full")
    response = _logged(503, "database unavailable")
    response.headers["Retry-After"] = RETRY_SECONDS
    return response


def storage_error(error: OSError) -> Response:
    return _logged(507, "disk full") if error.errno == errno.ENOSPC else unexpected(error)


def step_failed(error: work.StepFailed) -> Response:
    logs.logger.exception("automatic step failed")
    db.session().rollback()  # it holds what the report is about to write
    watch.report(db.database(), error)
    return answer(500, "自动步骤失败", "自动步骤失败，本次操作没有生效。请把请求编号告诉管理员。")


def unreadable(error: work.UnknownState) -> Response:
    logs.logger.exception("process state unreadable")
    db.session().rollback()  # it holds what the report is about to write
    watch.report_unreadable(db.database(), error)
    return answer(
        500,
        "流程暂时无法办理",
        "这个流程的保存状态无法读取，本次操作没有生效，数据没有改变。故障已报给管理员；请把请求编号告诉管理员，待排除后再办。",
    )


def unexpected(error: Exception) -> Response:
    return _logged(500, "unexpected error")


def answer(status: int, title: str, text: str, *, fields: Mapping[str, list[str]] | None = None) -> Response:
    """The page or problem for a refusal; ``fields`` maps input names to messages."""
    title, text = i18n.text(title), i18n.text(text)
    if wants_json():
        return _problem(status, title, text, fields or {})
    about = {"status": status, "title": title, "text": text, "request_id": logs.request_id()}
    page = render_template("error.html", **about, typed=_typed(status))
    return make_response(page, status)


def _typed(status: int) -> list[str]:
    """The longer texts of a form that came to nothing, for people to copy; of what cannot be read none."""
    if request.method != "POST" or status == TOO_LARGE or drafts.FIELD not in request.form:
        return []
    return [text for _, text in drafts.typed() if len(text) >= WORTH_COPYING]


def wants_json() -> bool:
    accepted = request.accept_mimetypes
    return auth.is_api() or accepted.best_match(["text/html", "application/json"]) == "application/json"


def flattened(messages: Any, *, skip: tuple[str, ...] = (), path: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages as {"members.0.user_id": [...]}, without the outer keys in ``skip``."""
    if not isinstance(messages, Mapping):
        return {path: [str(message) for message in (messages if isinstance(messages, list) else [messages])]}
    flat: dict[str, list[str]] = {}
    for key, inner in messages.items():
        at = path if not path and key in skip else f"{path}.{key}".lstrip(".")
        flat.update(flattened(inner, path=at))
    return flat


def _logged(status: int, event: str) -> Response:
    logs.logger.exception(event)
    return answer(status, *TEXTS[status])


def _problem(status: int, title: str, text: str, fields: Mapping[str, list[str]]) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": text,
        "request_id": logs.request_id(),
    }
    if fields:
        body["errors"] = {
            name: [i18n.text(message) for message in messages] for name, messages in fields.items()
        }
    response = make_response(json.dumps(body, ensure_ascii=False), status)
    response.mimetype = "application/problem+json"
    return response
