"""导入人员: the workbook to fill in, taking it in, and the one-time passwords of who came with it."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, make_response, render_template, request
from werkzeug import Response

from webapp import auth, db, downloads, idempotency
from workflows import clock
from workflows.domain import files, permissions
from workflows.errors import Invalid, NotFound

pages = Blueprint("rosters", __name__)

MOST_SHOWN = 200  # errors on the page; all of them are in the annotated workbook


@pages.get("/people/import")
def show() -> Response:
    return _page(status=200)


@pages.get("/people/import/template.xlsx")
def template() -> Response:
    from workflows.domain.rosters import writing  # openpyxl takes a while to import

    _check_offered()
    return downloads.send(writing.template(), media_type=writing.MEDIA_TYPE, name="人员导入模板.xlsx")


@pages.get("/people/import/present.xlsx")
def present() -> Response:
    from workflows.domain.rosters import writing  # openpyxl takes a while to import

    _check_offered()
    name = f"人员与任职-{clock.today():%Y%m%d}.xlsx"
    return downloads.send(writing.present(db.session()), media_type=writing.MEDIA_TYPE, name=name)


@pages.post("/people/import")
@idempotency.once
def take_in() -> Response:
    """Take the workbook in whole, or show every error and give it back with them marked."""
    from workflows.domain.rosters import taking  # openpyxl takes a while to import

    sent = request.files.get("file")
    content = sent.read() if sent else b""
    try:
        if not content:
            raise Invalid({"file": ["请选择要导入的工作簿。"]})
        taken = taking.take_in(db.session(), content, actor=auth.actor())
    except taking.Refused as refused:
        db.session().rollback()
        page = _refused(refused.book, refused.errors, status=refused.status)
        db.session().commit()  # the annotated workbook
        return page
    except Invalid as refused:
        db.session().rollback()
        return _page(status=refused.status, errors=refused.fields)
    return _page(status=200, taken=taken)


@pages.post("/people/import/passwords")
def passwords() -> Response:
    """A one-time password for everybody who has none yet: in this answer, and nowhere else."""
    from workflows.domain.rosters import taking, writing  # openpyxl takes a while to import

    given = taking.give_passwords(db.session(), actor=auth.actor())
    if not given:
        raise NotFound("没有等待初始密码的人员：每人的初始密码只能下载一次。")
    name = f"一次性密码-{clock.now():%Y%m%d%H%M}.xlsx"
    answer = downloads.send(writing.passwords(given), media_type=writing.MEDIA_TYPE, name=name)
    db.session().commit()  # not idempotency.once, which would keep the answer and the passwords in it
    return answer


def _refused(book: Any, errors: Sequence[Any], *, status: int) -> Response:
    from workflows.domain.rosters import writing  # openpyxl takes a while to import

    marked = files.take_in(
        db.session(), writing.annotated(book, errors), name="人员导入-错误标注.xlsx", actor=auth.actor()
    )
    return _page(status=status, wrong=errors, marked=marked.id)


def _page(
    *,
    status: int,
    errors: dict[str, list[str]] | None = None,
    wrong: Sequence[Any] = (),
    marked: int | None = None,
    taken: Any = None,
) -> Response:
    from workflows.domain.rosters import taking  # openpyxl takes a while to import

    _check_offered()
    page = render_template(
        "people/import.html",
        errors=errors or {},
        wrong=wrong[:MOST_SHOWN],
        wrong_total=len(wrong),
        marked=marked,
        taken=taken,
        waiting=len(taking.without_password(db.session())),
    )
    return make_response(page, status)


def _check_offered() -> None:
    if not permissions.may_administer(db.session(), auth.actor()):
        raise NotFound("没有这个页面，或者您无权查看。")
