"""Giving out a file: always as a download, and kept by nobody on the way."""

import io

from flask import send_file
from werkzeug import Response


def send(content: bytes, *, media_type: str, name: str) -> Response:
    """``content`` under its name; one in Chinese goes as RFC 5987 has it."""
    answer = send_file(
        io.BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name, etag=False
    )
    answer.headers["Cache-Control"] = "no-store"  # it may be sealed the next moment
    return answer
