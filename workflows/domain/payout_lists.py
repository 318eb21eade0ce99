"""发放表: the list of one payment as a workbook for finance.

Imported where it is used: openpyxl takes a while.
"""

import datetime as dt
import io
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from workflows import clock
from workflows.domain.calculation import FEN_PER_YUAN
from workflows.domain.payouts import KINDS
from workflows.domain.plain_text import for_xml
from workflows.models import PayoutBatch

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD = ("序号", "姓名", "单位", "项目", "金额（元，税前）", "计税", "回单")
AMOUNT = HEAD.index("金额（元，税前）") + 1  # its column, from 1
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula
WIDEST = 60  # of a column, in characters
MONEY, DAY = "#,##0.00", "yyyy-mm-dd"
LINE = Side(style="thin")
BOLD = Font(bold=True)

Value = str | int | Decimal | dt.date


def write(batch: PayoutBatch) -> bytes:
    """The batch with its dates, one row for each person, and the total."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "发放表"
    _head(sheet, batch)
    first = sheet.max_row + 1
    _table_row(sheet, first, HEAD, bold=True)
    for number, row in enumerate(batch.rows, start=1):
        person = (row.user.name, row.user.unit.name, batch.case.project.no or "")
        values = (number, *person, _yuan(row.amount_fen), _tax(batch), _receipts(batch))
        _table_row(sheet, first + number, values)
    total = ("合计", "", "", "", _yuan(batch.amount_fen), "", "")
    _table_row(sheet, first + len(batch.rows) + 1, total, bold=True)
    _lay_out(sheet, first)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _head(sheet: Worksheet, batch: PayoutBatch) -> None:
    _put(sheet, 1, 1, "激励发放表").font = Font(bold=True, size=16)
    paid: Value = "未发放" if batch.paid_at is None else clock.local(batch.paid_at).date()
    facts: list[tuple[str, Value]] = [
        ("发放批次", batch.id),
        ("类别", KINDS[batch.kind]),
        ("榜单", batch.case.project.challenge.title),
        ("生成日期", clock.local(batch.made_at).date()),
        ("发放日期", paid),
    ]
    for place, (name, value) in enumerate(facts, start=2):
        _put(sheet, place, 1, name).font = BOLD
        _put(sheet, place, 2, value).alignment = Alignment(horizontal="left")


def _table_row(sheet: Worksheet, place: int, values: Iterable[Value], *, bold: bool = False) -> None:
    for column, value in enumerate(values, start=1):
        cell = _put(sheet, place, column, value)
        cell.border = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
        if bold:
            cell.font = BOLD


def _put(sheet: Worksheet, place: int, column: int, value: Value) -> Cell:
    """Numbers and days as such; text stays text, whatever it begins with, also when somebody edits the cell."""
    cell = cast("Cell", sheet.cell(place, column))  # nothing is merged here
    if isinstance(value, str):
        cell.value = for_xml(value)
        cell.data_type = "s"  # openpyxl 3.1 would store what begins with = as a formula
        cell.quotePrefix = value.startswith(FORMULA)
    else:
        cell.value = value
        cell.number_format = _format(value)
    return cell


def _format(value: int | Decimal | dt.date) -> str:
    if isinstance(value, dt.date):
        return DAY
    return MONEY if isinstance(value, Decimal) else "0"


def _lay_out(sheet: Worksheet, first: int) -> None:
    """Columns as wide as the table asks; the head of the table stays in sight and on every printed page."""
    for column in range(1, len(HEAD) + 1):
        widest = max(_width(sheet.cell(place, column).value) for place in range(first, sheet.max_row + 1))
        sheet.column_dimensions[get_column_letter(column)].width = min(max(widest, 8) + 2, WIDEST)
    sheet.freeze_panes = f"A{first + 1}"
    sheet.print_title_rows = f"{first}:{first}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", int(sheet.PAPERSIZE_A4)
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _width(value: object) -> int:
    """In characters of a narrow script; a Chinese one takes two."""
    text = f"{value:,.2f}" if isinstance(value, Decimal) else str(value)
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _yuan(fen: int) -> Decimal:
    return Decimal(fen) / FEN_PER_YUAN


def _tax(batch: PayoutBatch) -> str:
    return "工资薪金，已核对" if batch.tax_checked else "工资薪金，待核对"


def _receipts(batch: PayoutBatch) -> str:
    return f"已交 {len(batch.receipts)} 份" if batch.receipts else "未交"
