"""The list of a payment as a workbook, and the paper of a pledge: what stands in them, and what they never hold."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable

import pytest
from docx import Document
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import payout_lists, pledge_papers, pledges
from workflows.models import (
    PayoutBatch,
    PayoutRow,
    Pledge,
    PledgeSignature,
    Project,
    ProjectState,
    RewardCase,
)

HEAD = ("序号", "姓名", "单位", "项目", "金额（元，税前）", "计税", "回单")


@pytest.fixture
def project(session: Session, clock_at: Callable[[dt.datetime], None]) -> Project:
    """A project of 蒋攻坚 and 李核心, both of 采气一区."""
    home = factories.unit(session, name="采气一区")
    leader, member = (factories.user(session, name=name, of=home) for name in ("蒋攻坚", "李核心"))
    made = factories.project(session, leader=leader, members=[member], state=ProjectState.PLEDGING)
    made.no = "JLZ-2026-001"
    return made


@pytest.fixture
def batch(session: Session, project: Project) -> PayoutBatch:
    """8,050 元 for the leader and 14,950 元 for the member, not paid yet."""
    case = RewardCase(project=project, opened_at=clock.now())
    made = PayoutBatch(kind="acceptance", amount_fen=2_300_000, made_at=clock.now(), case=case, receipts=[])
    people = [one.user_id for one in project.members]
    made.rows = [
        PayoutRow(user_id=one, amount_fen=fen) for one, fen in zip(people, (805_000, 1_495_000), strict=True)
    ]
    session.add(made)
    session.flush()
    return made


def sheet_of(batch: PayoutBatch) -> Worksheet:
    return load_workbook(io.BytesIO(payout_lists.write(batch))).worksheets[0]


def test_the_list_has_a_row_for_each_person_and_the_total(batch: PayoutBatch) -> None:
    sheet = sheet_of(batch)
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[:2] for row in rows[:6]] == [
        ("激励发放表", None),
        ("发放批次", batch.id),
        ("类别", "验收兑现"),
        ("榜单", "降低冬季冻堵次数"),
        ("生成日期", dt.datetime(2026, 11, 23)),
        ("发放日期", "未发放"),
    ]
    tax = ("工资薪金，待核对", "未交")
    assert rows[6:] == [
        HEAD,
        (1, "蒋攻坚", "采气一区", "JLZ-2026-001", 8050, *tax),
        (2, "李核心", "采气一区", "JLZ-2026-001", 14950, *tax),
        ("合计", None, None, None, 23000, None, None),
    ]
    assert [sheet.cell(place, 5).number_format for place in (8, 9, 10)] == ["#,##0.00"] * 3


def test_the_list_tells_what_was_checked_and_paid(batch: PayoutBatch) -> None:
    batch.tax_checked, batch.receipts, batch.paid_at = True, [4, 5], clock.now()
    sheet = sheet_of(batch)
    assert sheet["B6"].value == dt.datetime(2026, 11, 23)
    assert [cell.value for cell in sheet[8]][5:] == ["工资薪金，已核对", "已交 2 份"]


@pytest.mark.parametrize("name", ["=1+1", "+A1", "-2", "@SUM(A1)", '=HYPERLINK("http://evil.example")'])
def test_no_text_in_the_list_is_a_formula(batch: PayoutBatch, name: str) -> None:
    project = batch.case.project
    project.leader.name = project.challenge.title = project.leader.unit.name = name
    sheet = sheet_of(batch)
    cells = [sheet["B4"], sheet["B8"], sheet["C8"]]
    assert [(one.value, one.data_type, one.quotePrefix) for one in cells] == [(name, "s", True)] * 3


def test_the_list_takes_text_that_no_workbook_can_hold(batch: PayoutBatch) -> None:
    batch.case.project.leader.name = "蒋\x01攻\x0b坚\ufffe"
    assert sheet_of(batch)["B8"].value == "蒋攻坚"


@pytest.fixture
def pledge(session: Session, project: Project) -> Pledge:
    """Signed by its leader in the version that holds, and earlier in another."""
    made = pledges.draft(session, project)
    made.no, made.version, made.sealed_at = "JLZ-2026-001", 2, clock.now()
    made.deposit_fen = 1_500_000
    for version in (1, 2):
        signature = PledgeSignature(version=version, capacity=pledges.LEADER, agree=True, opinion="")
        signature.user, signature.signed_at = project.leader, clock.now()
        made.signatures.append(signature)
    session.flush()
    return made


def test_the_paper_of_a_pledge_names_terms_indicators_team_and_signatures(pledge: Pledge) -> None:
    paper = Document(io.BytesIO(pledge_papers.write(pledge)))
    facts, indicators, team, powers, signatures = (
        [[cell.text for cell in row.cells] for row in table.rows] for table in paper.tables
    )
    challenge = pledge.project.challenge
    assert facts == [
        ["榜单", f"{challenge.no} 降低冬季冻堵次数"],
        ["挂帅人", "蒋攻坚（采气一区）"],
        ["完成期限", f"{pledge.project.deadline:%Y-%m-%d}"],
        ["经费预算", "120 万元"],
        ["风险抵押金", "1.5 万元"],
    ]
    (one,) = challenge.indicators
    asked = [f"{one.baseline:g}", f"{one.op} {one.target:g}", f"{one.target:g}", one.verifier]
    assert indicators[1:] == [[one.name, one.measure, *asked]]
    assert team[1:] == [["挂帅人", "蒋攻坚", "采气一区"], ["骨干", "李核心", "采气一区"]]
    assert [row[1] for row in powers] == [pledges.TECH, pledges.FUNDS, pledges.PEOPLE]
    assert signatures[1:] == [["挂帅人", "蒋攻坚", "采气一区", "2026-11-23 09:00"]]
    texts = [one.text for one in paper.paragraphs]
    assert texts[:2] == ["军令状", "编号：JLZ-2026-001"]
    assert texts[-4:] == ["无", "五、责任", pledges.PENALTIES, "六、签署"]


def test_the_same_pledge_gives_the_same_bytes(pledge: Pledge) -> None:
    paper = pledge_papers.write(pledge)
    assert pledge_papers.write(pledge) == paper
    with zipfile.ZipFile(io.BytesIO(paper)) as archive:
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    about = Document(io.BytesIO(paper)).core_properties
    assert (about.created, about.modified, about.author) == (pledge.sealed_at, pledge.sealed_at, "揭榜台")


def test_the_paper_takes_text_that_no_document_can_hold(pledge: Pledge) -> None:
    pledge.penalties, pledge.tech_power = "第一条\x01\n第二条\x1f", "自主\x02决定"
    paper = Document(io.BytesIO(pledge_papers.write(pledge)))
    assert paper.paragraphs[-2].text == "第一条\n第二条"
    assert paper.tables[3].rows[0].cells[1].text == "自主决定"
