"""Giving out a file: always as a download, under the name that it was given."""

import io

from flask import Blueprint, send_file
from werkzeug import Response

from webapp import auth, db
from workflows import access
from workflows.domain import files
from workflows.models import StoredFile

pages = Blueprint("files", __name__)


@pages.get("/files/<int(min=1,max=2147483647):file_id>")
def download(file_id: int) -> Response:
    """The content; its name in Chinese goes with it as RFC 5987 has it."""
    return send(access.file(db.session(), file_id, actor=auth.actor()))


def send(file: StoredFile) -> Response:
    """A file that the reader may have, as a download."""
    content = io.BytesIO(files.content(file))
    answer = send_file(
        content, mimetype=file.media_type, as_attachment=True, download_name=file.name, etag=False
    )
    answer.headers["Cache-Control"] = "no-store"  # it may be sealed the next moment
    return answer
