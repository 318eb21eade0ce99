"""The files of a form that was sent from a page. They outlast a refused form: nobody chooses a file twice."""

from flask import current_app, g, request
from sqlalchemy import inspect

from webapp import auth, db
from workflows.domain import files
from workflows.errors import Invalid
from workflows.models import StoredFile


def taken_in(name: str) -> list[int]:
    """The ids of the files sent under ``name``; called again after a rollback it stores them anew.

    What is refused is left away, and told by ``check``.
    """
    kept: dict[str, list[StoredFile]] = g.setdefault("uploads", {})
    if name not in kept:
        kept[name] = [file for file in map(_take_in, _sent(name)) if file is not None]
    for file in kept[name]:
        if inspect(file).transient:
            file.id, file.uploaded_by = None, auth.actor()  # type: ignore[assignment]  # a new row gets a new one
            db.session().add(file)
    db.session().flush()
    return [file.id for file in kept[name]]


def check() -> None:
    """Raises Invalid for the files that were refused, each under the field that it was sent for."""
    refused: dict[str, list[str]] = g.get("refused_uploads", {})
    if refused:
        raise Invalid(refused)


def keep() -> None:
    """Commit the files of a form that was refused, or only rearranged: the last line of such a view."""
    if any(g.get("uploads", {}).values()):
        db.session().commit()


def _sent(name: str) -> list[tuple[str, str, bytes]]:
    """Field, file name and content of each file sent under ``name``."""
    return [(name, file.filename, file.read()) for file in request.files.getlist(name) if file.filename]


def _take_in(sent: tuple[str, str, bytes]) -> StoredFile | None:
    field, name, content = sent
    largest = current_app.config["MAX_FILE_MB"] * files.MEGABYTE
    try:
        return files.take_in(db.session(), content, name=name, actor=auth.actor(), largest_bytes=largest)
    except Invalid as refused:
        messages = g.setdefault("refused_uploads", {}).setdefault(field, [])
        messages.append(str(refused))
        return None
