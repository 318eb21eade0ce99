"""The workbook to fill in, the same with what there is, the same with its errors marked; and the list of passwords."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy.orm import Session

from workflows.domain import administration
from workflows.domain.plain_text import for_xml
from workflows.domain.rosters import plans
from workflows.domain.rosters.columns import (
    HOLDINGS,
    MOST_ROWS,
    NO,
    PEOPLE,
    POSTS,
    ROLES,
    SHEETS,
    UNITS,
    YES,
    Book,
    CellError,
    Column,
    Row,
    letter,
)
from workflows.models import PostHolding, User

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HELP, OPTIONS, ERRORS = "说明", "选项", "错误"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula
HEAD = PatternFill("solid", fgColor="F3DEDC")
WRONG = PatternFill("solid", fgColor="FFC7CE")
BOLD = Font(bold=True)
LINES = (
    "1. 每个工作表的第一行是列名，请勿修改；带 * 的列必填。其余工作表可以留空。",
    "2. 编码或登录名已存在的即为更新，不存在的即为新增；导入不删除任何内容。留空的单元格不改变已有的值。",
    "3. 全部正确才会导入；有错误时一条也不导入，并逐格指出。",
    "4. 请勿使用公式；从别处复制时请“粘贴为数值”。",
    "5. 新人员导入后没有密码，请在导入页面下载一次性密码，首次登录须修改。",
    "6. 角色留空单位编码即为全厂的角色；党政两侧的书记与行政负责人请各填一行。",
)


def template() -> bytes:
    """The workbook to fill in, with drop-downs and instructions."""
    return _saved(_book({name: [] for name in SHEETS}))


def present(session: Session) -> bytes:
    """The same, filled with all that there is, to change and send back."""
    known = plans.known(session)
    code_of = {one.id: code for code, one in known.units.items()}
    post_of = {one.id: code for code, one in known.posts.items()}
    staying = [
        one for one in known.people.values() if one.unit_id in code_of
    ]  # others left a closed unit behind
    people = sorted(staying, key=lambda one: one.login)
    login_of = {one.id: one.login for one in people}
    holdings = session.query(PostHolding).order_by(PostHolding.user_id, PostHolding.post_id)
    rows: dict[str, list[Sequence[str]]] = {
        UNITS: [(one.code, one.name, code_of.get(one.parent_id or 0, "")) for one in known.units.values()],
        POSTS: [
            (one.code, one.name, code_of[one.unit_id], one.business_duty, one.party_duty)
            for one in known.posts.values()
        ],
        PEOPLE: [_person(one, code_of) for one in people],
        ROLES: [
            (user.login, administration.GIVEN[one.role], code_of.get(one.unit_id or 0, ""))
            for user in people
            for one in user.grants
            if one.role in administration.GIVEN
        ],
        HOLDINGS: [
            (login_of[one.user_id], post_of[one.post_id])
            for one in holdings
            if one.user_id in login_of and one.post_id in post_of
        ],
    }
    return _saved(_book(rows))


def _person(user: User, code_of: Mapping[int, str]) -> Sequence[str]:
    flags = (YES if user.on_duty else NO, YES if user.is_manager else NO)
    return (user.login, user.name, code_of[user.unit_id], user.email, *flags)


def annotated(sent: Book, errors: Sequence[CellError]) -> bytes:
    """What was sent, each row where it was, with every wrong cell marked and all errors in a sheet of their own."""
    book = _book({name: [] for name in SHEETS})
    for name, columns in SHEETS.items():
        for row in sent.rows[name]:
            _put_row(book[name], row, columns)
    listed = book.create_sheet(ERRORS, 0)
    _put_rows(listed, 1, [("工作表", "行", "列", "错误")])
    _put_rows(listed, 2, [(one.sheet, str(one.row), one.column, one.text) for one in errors])
    listed.column_dimensions["D"].width = 70
    for error in errors:
        column = _place(sent, error)
        cell = cast("Cell", book[error.sheet].cell(error.row, column))
        cell.fill, cell.comment = WRONG, Comment(for_xml(error.text), "揭榜台")
    book.active = 0
    return _saved(book)


def _place(sent: Book, error: CellError) -> int:
    """Where the column of an error stands here: in the order of the template, whatever it was in what was sent."""
    for (sheet, key), at in sent.letters.items():
        if (sheet, at) == (error.sheet, error.column):
            return column_index_from_string(letter(sheet, key))
    return 1


def passwords(given: Iterable[tuple[User, str]]) -> bytes:
    """One-time passwords to hand out."""
    book = Workbook()
    sheet = cast("Worksheet", book.active)
    sheet.title = "一次性密码"
    rows = [(user.unit.name, user.name, user.login, password) for user, password in given]
    _put_rows(sheet, 1, [("单位", "姓名", "登录名", "一次性密码（首次登录须修改）"), *rows])
    for place, width in zip("ABCD", (24, 14, 24, 30), strict=True):
        sheet.column_dimensions[place].width = width
    sheet.freeze_panes = "A2"
    return _saved(book)


def _book(rows: Mapping[str, Sequence[Sequence[str]]]) -> Workbook:
    book = Workbook()
    _explain(cast("Worksheet", book.active))
    for name, columns in SHEETS.items():
        sheet = book.create_sheet(name)
        for place, column in enumerate(columns, start=1):
            cell = _put(sheet, 1, place, column.title + ("*" if column.required else ""))
            cell.font, cell.fill, cell.comment = BOLD, HEAD, Comment(column.help, "揭榜台")
            sheet.column_dimensions[get_column_letter(place)].width = min(12 + column.longest // 4, 40)
            sheet.column_dimensions[get_column_letter(place)].number_format = "@"
            _offer(sheet, place, column)
        sheet.freeze_panes = "A2"
        _put_rows(sheet, 2, rows[name])
    options = book.create_sheet(OPTIONS)
    _put_rows(options, 1, [(title,) for title in administration.GIVEN.values()])
    options.sheet_state = "hidden"
    return book


def _explain(sheet: Worksheet) -> None:
    sheet.title = HELP
    _put(sheet, 1, 1, "人员工作簿填写说明").font = Font(bold=True, size=14)
    _put_rows(sheet, 2, [(line,) for line in LINES])
    table = [
        (name, column.title, "必填" if column.required else "", column.help)
        for name, columns in SHEETS.items()
        for column in columns
    ]
    first = len(LINES) + 3
    _put_rows(sheet, first, [("工作表", "列", "必填", "怎样填"), *table])
    for cell in sheet[first]:
        cell.font, cell.fill = BOLD, HEAD
    for place, width in zip("ABCD", (14, 14, 8, 60), strict=True):
        sheet.column_dimensions[place].width = width
    for row in range(2, first):
        sheet.cell(row, 1).alignment = Alignment(wrap_text=False)


def _offer(sheet: Worksheet, place: int, column: Column) -> None:
    """The drop-down of a column. Those of codes suggest, and let what the system has already be typed."""
    if not column.choice:
        return
    if column.choice == "yes_no":
        formula = f'"{YES},{NO}"'
    elif column.choice == "role":
        formula = f"={OPTIONS}!$A$1:$A${len(administration.GIVEN)}"
    else:
        formula = f"={column.choice}!$A$2:$A${MOST_ROWS + 1}"
    offered = DataValidation(type="list", formula1=formula, allow_blank=True)
    offered.showErrorMessage = column.choice in ("yes_no", "role")
    at = get_column_letter(place)
    offered.add(f"{at}2:{at}{MOST_ROWS + 1}")
    sheet.add_data_validation(offered)


def _put_row(sheet: Worksheet, row: Row, columns: Sequence[Column]) -> None:
    for place, column in enumerate(columns, start=1):
        if column.key in row.cells:
            _put(sheet, row.number, place, row.cells[column.key])


def _put_rows(sheet: Worksheet, first: int, rows: Iterable[Sequence[str]]) -> None:
    for number, row in enumerate(rows, start=first):
        for place, text in enumerate(row, start=1):
            if text:
                _put(sheet, number, place, text)


def _put(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    """Text stays text, whatever it begins with, also when somebody edits the cell."""
    cell = cast("Cell", sheet.cell(row, column))
    cell.value = for_xml(text)
    cell.data_type = "s"  # openpyxl 3.1 would store what begins with = as a formula
    cell.quotePrefix = text.startswith(FORMULA)
    return cell


def _saved(book: Workbook) -> bytes:
    stream: Any = io.BytesIO()
    book.save(stream)
    content: bytes = stream.getvalue()
    return content
