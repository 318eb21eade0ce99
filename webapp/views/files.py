"""Giving out a file under the name that it was given."""

from flask import Blueprint
from werkzeug import Response

from webapp import auth, db, downloads
from workflows import access
from workflows.domain import files
from workflows.models import StoredFile

pages = Blueprint("files", __name__)


@pages.get("/files/<int(min=1,max=2147483647):file_id>")
def download(file_id: int) -> Response:
    """The content under its name."""
    return send(access.file(db.session(), file_id, actor=auth.actor()))


def send(file: StoredFile) -> Response:
    """A file that the reader may have, as a download."""
    return downloads.send(files.content(file), media_type=file.media_type, name=file.name)
