"""What is let in and what is let out: text that no database can store is refused, and response headers tell the
browser that our pages may use nothing but our own files."""

import json

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
        texts.append(json.dumps(request.get_json(silent=True), ensure_ascii=False).replace("\\u0000", "\0"))
    elif request.method == "POST":
        texts += request.form.values()
    if any("\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text) for text in texts):
        raise Invalid({}, "内容中有无法保存的字符，请删去后再提交。")
