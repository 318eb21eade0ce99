"""The paper of a pledge as a .docx: the same pledge always gives the same bytes, so that its hash can be checked."""

import io
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from xml.sax.saxutils import escape

from workflows import clock
from workflows.domain.terms import TEAM_ROLES
from workflows.models import Pledge

SCHEMAS = "http://schemas.openxmlformats.org"
TYPES = (
    f'<Types xmlns="{SCHEMAS}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
RELATIONS = (
    f'<Relationships xmlns="{SCHEMAS}/package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{SCHEMAS}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
FEN_PER_WAN = 1_000_000
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the time of every part of the zip


def write(pledge: Pledge) -> bytes:
    """The paper with its number, terms, indicators, team and signatures."""
    title, *lines = text(pledge)
    body = _paragraph(title, size=36, centred=True) + "".join(_paragraph(line) for line in lines)
    document = (
        f'<w:document xmlns:w="{SCHEMAS}/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in (
            ("[Content_Types].xml", TYPES),
            ("_rels/.rels", RELATIONS),
            ("word/document.xml", document),
        ):
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), HEAD + part)
    return packed.getvalue()


def text(pledge: Pledge) -> Sequence[str]:
    """The paper line by line, the title first."""
    project, challenge = pledge.project, pledge.project.challenge
    pledged = {one.indicator_id: one.value for one in project.bid.pledges}
    indicators = [
        f"{one.name}：基线 {_plain(one.baseline)}，目标 {one.op} {_plain(one.target)}，"
        f"承诺 {_plain(pledged.get(one.id, one.target))} {one.measure}，由{one.verifier}核验"
        for one in challenge.indicators
    ]
    team = [f"{TEAM_ROLES[one.role]} {one.user.name}（{one.user.unit.name}）" for one in project.members]
    return [
        f"军令状 {pledge.no or ''}".strip(),
        f"榜单：{challenge.no or ''} {challenge.title}",
        f"挂帅人：{project.leader.name}（{project.unit.name}）；完成期限：{project.deadline:%Y-%m-%d}；"
        f"经费预算：{_wan(project.budget_fen)} 万元",
        "一、指标",
        *indicators,
        "二、团队",
        *team,
        "三、授权",
        f"技术路线决定权：{pledge.tech_power}",
        f"经费支配权：{pledge.funds_power}",
        f"人员调配权：{pledge.people_power}",
        "四、支持与保障",
        pledge.support_list or "无",
        "五、责任",
        pledge.penalties,
        f"风险抵押金：{_wan(pledge.deposit_fen)} 万元",
        "六、签署",
        *_signatures(pledge),
    ]


def _wan(fen: int) -> str:
    """分 as 万元."""
    return _plain(f"{Decimal(fen) / FEN_PER_WAN:.6f}")


def _signatures(pledge: Pledge) -> list[str]:
    signed = [one for one in pledge.signatures if one.version == pledge.version and one.agree]
    return [f"{one.capacity}：{one.user.name}　{clock.local(one.signed_at):%Y-%m-%d %H:%M}" for one in signed]


def _plain(value: object) -> str:
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _paragraph(line: str, *, size: int = 24, centred: bool = False) -> str:
    layout = '<w:pPr><w:jc w:val="center"/></w:pPr>' if centred else ""
    runs = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(one)}</w:t>' for one in line.split("\n"))
    return f'<w:p>{layout}<w:r><w:rPr><w:sz w:val="{size}"/></w:rPr>{runs}</w:r></w:p>'
