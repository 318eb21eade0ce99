"""The paper of a pledge as a .docx: the same pledge always gives the same bytes, so that its hash can be checked.

Imported where it is used: python-docx takes a while.
"""

import io
import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import cast

from docx import Document
from docx.document import Document as Paper
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell

from workflows import clock
from workflows.domain.plain_text import for_xml
from workflows.domain.terms import TEAM_ROLES
from workflows.models import Pledge

FEN_PER_WAN = 1_000_000
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the time of every part of the zip
MADE_BY = "揭榜台"
BODY_FONT, HEAD_FONT = "宋体", "黑体"
MARGIN = Cm(2.5)
A4 = Cm(21), Cm(29.7)
NAME_WIDTH, VALUE_WIDTH = Cm(3.5), Cm(12.5)  # of what stands side by side


def write(pledge: Pledge) -> bytes:
    """The paper with its number, terms, indicators, team and signatures."""
    paper = _blank(pledge)
    _head(paper, pledge)
    _indicators(paper, pledge)
    _team(paper, pledge)
    _terms(paper, pledge)
    _signatures(paper, pledge)
    return _packed(paper)


def _blank(pledge: Pledge) -> Paper:
    """An empty A4 page in Chinese fonts, its properties without names and times of the machine."""
    paper = Document()
    about = paper.core_properties
    about.title, about.author, about.last_modified_by = f"军令状 {pledge.no or ''}".strip(), MADE_BY, MADE_BY
    about.comments, about.language = "", "zh-CN"
    if pledge.sealed_at is not None:
        about.created = about.modified = pledge.sealed_at.replace(tzinfo=None)
    page = paper.sections[0]
    page.page_width, page.page_height = A4
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = MARGIN
    _use(paper, "Normal", font=BODY_FONT, size=11)
    _use(paper, "Title", font=HEAD_FONT, size=26)
    _use(paper, "Heading 1", font=HEAD_FONT, size=14)
    return paper


def _use(paper: Paper, name: str, *, font: str, size: int) -> None:
    style = cast("ParagraphStyle", paper.styles[name])
    style.font.name, style.font.size, style.font.color.rgb = font, Pt(size), RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)  # a theme's font would win over the named one
    fonts.set(qn("w:eastAsia"), font)
    for border in style.element.xpath("w:pPr/w:pBdr"):  # the blue line below python-docx's titles
        border.getparent().remove(border)


def _head(paper: Paper, pledge: Pledge) -> None:
    project, challenge = pledge.project, pledge.project.challenge
    title = paper.add_paragraph("军令状", style="Title")
    number = paper.add_paragraph(f"编号：{pledge.no or '—'}")
    title.alignment = number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _facts(
        paper,
        [
            ("榜单", f"{challenge.no or ''} {challenge.title}".strip()),
            ("挂帅人", f"{project.leader.name}（{project.unit.name}）"),
            ("完成期限", f"{project.deadline:%Y-%m-%d}"),
            ("经费预算", f"{_wan(project.budget_fen)} 万元"),
            ("风险抵押金", f"{_wan(pledge.deposit_fen)} 万元"),
        ],
    )


def _indicators(paper: Paper, pledge: Pledge) -> None:
    pledged = {one.indicator_id: one.value for one in pledge.project.bid.pledges}
    paper.add_heading("一、指标")
    rows = [
        (
            one.name,
            one.measure,
            _plain(one.baseline),
            f"{one.op} {_plain(one.target)}",
            _plain(pledged.get(one.id, one.target)),
            one.verifier,
        )
        for one in pledge.project.challenge.indicators
    ]
    _table(paper, ("指标", "单位", "基线", "目标", "承诺", "核验单位"), rows)


def _team(paper: Paper, pledge: Pledge) -> None:
    paper.add_heading("二、团队")
    rows = [(TEAM_ROLES[one.role], one.user.name, one.user.unit.name) for one in pledge.project.members]
    _table(paper, ("角色", "姓名", "单位"), rows)


def _terms(paper: Paper, pledge: Pledge) -> None:
    paper.add_heading("三、授权")
    _facts(
        paper,
        [
            ("技术路线决定权", pledge.tech_power),
            ("经费支配权", pledge.funds_power),
            ("人员调配权", pledge.people_power),
        ],
    )
    for heading, text in (("四、支持与保障", pledge.support_list or "无"), ("五、责任", pledge.penalties)):
        paper.add_heading(heading)
        paper.add_paragraph(for_xml(text))


def _signatures(paper: Paper, pledge: Pledge) -> None:
    paper.add_heading("六、签署")
    rows = [
        (one.capacity, one.user.name, one.user.unit.name, f"{clock.local(one.signed_at):%Y-%m-%d %H:%M}")
        for one in pledge.signatures
        if one.version == pledge.version and one.agree
    ]
    _table(paper, ("身份", "签署人", "单位", "签署时间"), rows)


def _facts(paper: Paper, rows: Iterable[tuple[str, str]]) -> None:
    """A table of names and what belongs to them."""
    table = paper.add_table(rows=0, cols=2, style="Table Grid")
    table.autofit = False
    table.columns[0].width, table.columns[1].width = NAME_WIDTH, VALUE_WIDTH
    for name, value in rows:
        cells = table.add_row().cells
        _fill(cells[0], name, bold=True)
        _fill(cells[1], value)


def _table(paper: Paper, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = paper.add_table(rows=1, cols=len(head), style="Table Grid")
    for cell, text in zip(table.rows[0].cells, head, strict=True):
        _fill(cell, text, bold=True)
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            _fill(cell, text)


def _fill(cell: _Cell, text: str, *, bold: bool = False) -> None:
    line = cell.paragraphs[0]
    line.add_run(for_xml(text)).bold = bold or None
    line.paragraph_format.keep_with_next = bold or None  # the head of a table stays with its first row
    line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(3)


def _packed(paper: Paper) -> bytes:
    """The file, its parts as python-docx orders them but without the time of writing."""
    written, packed = io.BytesIO(), io.BytesIO()
    paper.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, LONG_AGO), source.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _wan(fen: int) -> str:
    """分 as 万元."""
    return _plain(f"{Decimal(fen) / FEN_PER_WAN:.6f}")


def _plain(value: object) -> str:
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
