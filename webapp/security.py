"""What is let in and what is let out: text that no database can store is refused, and response headers tell the
browser that our pages may use nothing but our own files."""

import json
from typing import Any

from flask import Flask, request
from werkzeug import Response

from workflows.errors import Invalid

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data:",  # Tabler draws its check marks and arrows as data: pictures
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

DEEPEST_JSON = 20  # levels; our own schemas need five
TOO_COMPLEX = "内容的层次或数字的位数太多，无法处理。"


def set_up(app: Flask) -> None:
    https = app.config["HTTPS"]
    app.before_request(_refuse_unstorable_text)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        if https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if request.endpoint != "static":
            response.vary.update(["Cookie", "Authorization", "Accept-Language"])
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _refuse_unstorable_text() -> None:
    """PostgreSQL stores no NUL, and no text stores half a surrogate pair: both are only ever sent to break things."""
    texts = [request.path, *request.args.values()]
    if request.is_json:
        texts.append(json.dumps(_json_sent(), ensure_ascii=False).replace("\\u0000", "\0"))
    elif request.method == "POST":
        if None in (*request.form, *request.files):  # werkzeug 3.1 lets a part without a name through
            raise Invalid({}, "提交的内容不完整，请返回上一页重新提交。")
        texts += [text for pair in request.form.items(multi=True) for text in pair]
    if any("\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text) for text in texts):
        raise Invalid({}, "内容中有无法保存的字符，请删去后再提交。")


def _json_sent() -> Any:
    """The JSON body, None when it is malformed: that is for the endpoint to say.

    Raises Invalid for what Python reads only with limits, digits and nesting, long before they are met elsewhere.
    """
    try:
        body = json.loads(request.get_data(cache=True))
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    except (RecursionError, ValueError) as error:
        raise Invalid({}, TOO_COMPLEX) from error
    layer = [body]
    for _ in range(DEEPEST_JSON):
        layer = [inner for outer in layer for inner in _members(outer)]
        if not layer:
            return body
    raise Invalid({}, TOO_COMPLEX)


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
