"""Reading a workbook that anybody may have made: bounded before it is parsed, and text only."""

import datetime as dt
import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from workflows.domain.rosters.columns import MOST_ROWS, NO, SHEETS, YES, Book, CellError, Column, Row
from workflows.errors import Invalid

LARGEST = 10 * 1024 * 1024  # bytes as sent
LARGEST_UNPACKED = 60 * 1024 * 1024  # bytes of all its parts
MOST_PARTS = 200
MOST_COLUMNS = 30
CHUNK = 1024 * 1024
FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")
UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")  # in which the look for FORBIDDEN finds nothing


def read(content: bytes) -> tuple[Book, list[CellError]]:
    """The rows of ``content``, and what is wrong with single cells.

    Raises Invalid({"file": ...}) for what is no such workbook, too large, or made to break things.
    """
    _check_packed(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        try:
            return _sheets(book)
        finally:
            book.close()
    except Invalid:
        raise
    except Exception as error:  # openpyxl 3.1 raises anything on a damaged file
        raise refused("这个工作簿已损坏，无法读取，请用 Excel 或 WPS 另存为 xlsx 后再上传。") from error


def refused(text: str) -> Invalid:
    return Invalid({"file": [text]}, text)


def _check_packed(content: bytes) -> None:
    """Unpack every part once, a piece at a time: what a zip says of its sizes need not be true."""
    if len(content) > LARGEST:
        raise refused(f"文件超过 {LARGEST // CHUNK} MB，请分成几份导入。")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if "xl/workbook.xml" not in packed.namelist():
                raise refused("这不是 xlsx 工作簿，请下载模板填写。")
            if len(parts) > MOST_PARTS or any(one.filename.endswith("vbaProject.bin") for one in parts):
                raise refused("工作簿中有宏或过多的部件，请把内容粘贴到模板中再上传。")
            left = LARGEST_UNPACKED
            for part in parts:
                left -= _checked_size(packed, part, left)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise refused("这不是 xlsx 工作簿，或设有密码，请下载模板填写。") from error


def _checked_size(packed: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> int:
    size, tail = 0, b""
    with packed.open(part) as stream:
        while piece := stream.read(CHUNK):
            if size == 0 and piece.startswith(UTF16):
                raise refused("工作簿的编码不受支持，请用 Excel 或 WPS 另存为 xlsx 后再上传。")
            size += len(piece)
            if size > most:
                raise refused(f"工作簿解压后超过 {LARGEST_UNPACKED // CHUNK} MB，请分成几份导入。")
            if any(one in tail + piece for one in FORBIDDEN):
                raise refused("工作簿中有不安全的内容，请把内容粘贴到模板中再上传。")
            tail = piece[-10:]
    return size


def _sheets(book: Any) -> tuple[Book, list[CellError]]:
    found = Book({name: [] for name in SHEETS})
    errors: list[CellError] = []
    if not set(SHEETS) & set(book.sheetnames):
        raise refused(f"工作簿中没有这些工作表：{'、'.join(SHEETS)}。请下载模板填写。")
    for name in SHEETS:
        if name in book.sheetnames:
            errors += _sheet(book[name], name, found)
    return found, errors


def _sheet(sheet: Any, name: str, found: Book) -> Iterator[CellError]:
    rows = sheet.iter_rows(max_col=MOST_COLUMNS, max_row=MOST_ROWS + 2)
    columns = _columns(name, next(rows, ()), found)
    for number, cells in enumerate(rows, start=2):
        texts: dict[str, str] = {}
        for column, cell in zip(columns, cells, strict=False):
            if column is None or cell.value is None:
                continue
            text, wrong = _text(cell.value, cell.data_type, column)
            if wrong:
                yield CellError(name, number, found.letters[name, column.key], wrong)
            if text:
                texts[column.key] = text
        if texts and number > MOST_ROWS + 1:
            raise refused(f"“{name}”超过 {MOST_ROWS} 行，请分成几份导入。")
        if texts:
            found.rows[name].append(Row(number, texts))


def _columns(name: str, head: Sequence[Any], found: Book) -> list[Column | None]:
    """The columns by place, from the titles in the first row; their order is free, others are passed over."""
    by_title = {column.title: column for column in SHEETS[name]}
    titles = [str(cell.value or "").strip().rstrip("*＊").strip() for cell in head]
    columns = [by_title.get(title) for title in titles]
    for place, column in enumerate(columns, start=1):
        if column is not None:
            found.letters[name, column.key] = get_column_letter(place)
    missing = [one.title for one in SHEETS[name] if one.required and one not in columns]
    if missing:
        raise refused(f"“{name}”的第一行缺少列：{'、'.join(missing)}。请下载模板填写。")
    return columns


def _text(value: object, kind: str, column: Column) -> tuple[str, str]:
    """What a cell says as text, and what is wrong with it."""
    if kind == "f":
        return "", "这里是公式，请粘贴为数值。"
    if kind == "e" or isinstance(value, dt.date | dt.time | dt.timedelta):
        return "", "这里应为文字，请把单元格格式改为文本后重新填写。"
    if isinstance(value, bool):
        return (YES if value else NO), ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in text) or "_x0000_" in text:
        return "", "有无法保存的字符，请删去。"
    if len(text) > column.longest:
        return text[: column.longest], f"不能超过 {column.longest} 个字。"
    return text, ""
