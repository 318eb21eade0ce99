"""Files (附件): taken in, attached to what they belong to, and given out."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, exists, inspect, select, update
from sqlalchemy.orm import Session

from workflows import clock, storage
from workflows.db import Base
from workflows.domain import file_types
from workflows.errors import Invalid
from workflows.models import FileLink, StoredFile, User

LONGEST_NAME = 200  # characters
MEGABYTE = 1024 * 1024


def take_in(
    session: Session, content: bytes, *, name: str, actor: User, largest_bytes: int = 20 * MEGABYTE
) -> StoredFile:
    """Keep a file for ``actor``; until it is attached to something nobody else may read it.

    Raises Invalid({"file": ...}) if it is too large or not of an accepted kind (file_types).
    """
    called = _called(name)
    if len(content) > largest_bytes:
        text = f"“{called}”超过 {largest_bytes // MEGABYTE} MB，请压缩或拆分后再上传。"
        raise Invalid({"file": [text]}, text)
    media_type = file_types.media_type_of(called, content)
    kept = storage.keep(content)
    file = StoredFile(digest=kept.digest, wrapped=kept.wrapped, name=called, media_type=media_type)
    file.size, file.uploaded_by, file.uploaded_at = len(content), actor, clock.now()
    session.add(file)
    session.flush()
    return file


def content(file: StoredFile) -> bytes:
    """What was uploaded. Raises FileLost, SealBroken; who may read it is for workflows.access to say."""
    return storage.read(storage.Kept(file.digest, file.wrapped))


def found(session: Session, ids: Collection[int]) -> dict[int, StoredFile]:
    """Those of ``ids`` that exist."""
    if not ids:
        return {}
    return {file.id: file for file in session.scalars(select(StoredFile).where(StoredFile.id.in_(ids)))}


def hand_in(session: Session, ids: Collection[int]) -> set[int]:
    """Keep files that come with a form from being forgotten; those of ``ids`` that are still there."""
    wanted = select(StoredFile.id).where(StoredFile.id.in_(ids)).order_by(StoredFile.id)
    present = set(session.scalars(wanted.with_for_update()))
    fresh = update(StoredFile).where(StoredFile.id.in_(present), StoredFile.handed_in_at.is_(None))
    session.execute(fresh.values(handed_in_at=clock.now()), execution_options={"synchronize_session": False})
    return present


def forget_unused(session: Session, *, before: dt.datetime, most: int) -> int:
    """Delete files uploaded before that instant and never handed in, with their contents; how many.

    The rows go first, so that what something points at is found before its content is gone; if the transaction
    fails after that, the rows are found again.
    """
    old = (StoredFile.uploaded_at < before, StoredFile.handed_in_at.is_(None))
    query = select(StoredFile.id, StoredFile.digest).where(
        *old, *(~exists().where(one) for one in _pointing())
    )
    oldest = query.order_by(StoredFile.id).limit(most).with_for_update(skip_locked=True)
    rows = session.execute(oldest).all()
    unused, digests = [row.id for row in rows], {row.digest for row in rows}
    session.execute(
        delete(StoredFile).where(StoredFile.id.in_(unused)), execution_options={"synchronize_session": False}
    )
    kept = set(session.scalars(select(StoredFile.digest).where(StoredFile.digest.in_(digests))))
    for digest in digests - kept:
        storage.forget(digest)
    return len(unused)


def _pointing() -> list[Any]:
    """For every column that points at a file the condition that it does."""
    column: Any = inspect(StoredFile).local_table.c.id
    tables = Base.metadata.tables.values()
    return [one == column for table in tables for one in table.columns if one.references(column)]


def attach(session: Session, ids: Collection[int], *, process_id: int, item_id: int | None) -> None:
    """Attach files to a work item of a process, or to its start (``item_id`` None); again does nothing."""
    present = select(FileLink.file_id).where(
        FileLink.process_id == process_id,
        FileLink.item_id.is_(None) if item_id is None else FileLink.item_id == item_id,
    )
    known = set(session.scalars(present)) if ids else set()
    session.add_all(
        FileLink(file_id=one, process_id=process_id, item_id=item_id)
        for one in dict.fromkeys(ids)
        if one not in known
    )


def links(session: Session, file_ids: Collection[int]) -> Sequence[FileLink]:
    """What the files are attached to, in order."""
    return session.scalars(select(FileLink).where(FileLink.file_id.in_(file_ids)).order_by(FileLink.id)).all()


def of_process(session: Session, process_id: int) -> Sequence[FileLink]:
    """The files handed in so far in a process, in order."""
    mine: Any = select(FileLink).where(FileLink.process_id == process_id).order_by(FileLink.id)
    return session.scalars(mine).all()


def of_processes(session: Session, process_ids: Any) -> Sequence[FileLink]:
    """The files handed in with any of ``process_ids`` (SQL), each with its file."""
    return session.scalars(select(FileLink).where(FileLink.process_id.in_(process_ids))).all()


def _called(name: str) -> str:
    """``name`` without folders and control characters, the ending kept when it has to be cut."""
    last = name.replace("\\", "/").rpartition("/")[2]
    clean = "".join(letter for letter in last if letter.isprintable()).strip() or "未命名"
    stem, dot, ending = clean.rpartition(".")
    if len(clean) <= LONGEST_NAME or not dot or len(ending) > 10:
        return clean[:LONGEST_NAME]
    return stem[: LONGEST_NAME - len(ending) - 1] + dot + ending
