"""Papers: the poster of a notice, the receipt of a sealed bid, the sheet of an approval, as PDF or, without Pango, as a page to print."""

import contextlib
import datetime as dt
import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
import segno
from flask import Flask

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program
from workflows import clock
from workflows.db import Database
from workflows.domain import accounts, approval_papers, publicities
from workflows.models import Approval, ApprovalStage, BidState, Publicity, Signature

Visit = Callable[[], Visitor]
ADVICE = "服务器缺少 Pango，不能生成 PDF"
A4_UPRIGHT = (595, 842)  # points
HASH = "ab" * 32
RANKED = {"rank": 1, "leader": "蒋<攻坚>", "unit": "采气一区", "mean": "88.5"}


@pytest.fixture
def without_pango(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which importing WeasyPrint ends as it does where Pango is missing."""
    for name in [one for one in sys.modules if one.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "weasyprint.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")\n")
    monkeypatch.syspath_prepend(packages)


@pytest.fixture
def notice_id(database: Database, clock_at: Callable[[dt.datetime], None]) -> int:
    with database.transaction() as session:
        factories.user(session, login="worker", name="工人")
        listed = factories.challenge(session)
        listed.no = "TRQ-2026-S01"
        content = {"no": listed.no, "bids": [RANKED]}
        notice = Publicity(
            subject="challenge:1", challenge_id=listed.id, title="降低冻堵（定帅）", workdays=5
        )
        notice.snapshot, notice.hash, notice.parties = content, publicities.digest(content), []
        notice.opened_at, notice.ends_at = clock.now(), clock.now() + dt.timedelta(days=7)
        session.add(notice)
        session.flush()
        return notice.id


@pytest.fixture
def bid_id(database: Database, clock_at: Callable[[dt.datetime], None]) -> int:
    """A sealed bid of "leader"; "rival" leads another team and has a draft, the bid after it."""
    with database.transaction() as session:
        home = factories.unit(session, name="采气一区")
        people = {login: factories.user(session, login=login, name=login) for login in ("leader", "rival")}
        listed = factories.challenge(session)
        listed.no = "TRQ-2026-S01"
        bid = factories.bid(session, on=listed, leader=people["leader"], state=BidState.SEALED)
        bid.unit, bid.sealed_at, bid.sealed_hash, bid.tech_route = home, clock.now(), HASH, "秘密路线"
        factories.bid(session, on=listed, leader=people["rival"])
        session.flush()
        return bid.id


def signed_in(visit: Visit, login: str) -> Visitor:
    visitor = visit()
    visitor.sign_in(login)
    return visitor


def program(app: Flask, database: Database, login: str) -> Program:
    with database.transaction() as session:
        user = next(one for one in accounts.people(session) if one.login == login)
        return Program(app, accounts.issue_token(session, user, name="test", days=1))


def drawn(address: str) -> str:
    return segno.make_qr(address, error="m").svg_inline(omitsize=True, border=2, svgclass="qr")


def unpacked(pdf: bytes) -> bytes:
    """What the compressed streams of a PDF hold."""
    assert pdf.startswith(b"%PDF-")
    found = []
    for stream in re.findall(rb"(?s)stream\r?\n(.*?)\r?\nendstream", pdf):
        with contextlib.suppress(zlib.error):  # some hold fonts, packed otherwise
            found.append(zlib.decompress(stream))
    return b"\n".join(found)


@pytest.mark.usefixtures("pango")
def test_papers_are_a4_upright_and_carry_their_fonts(
    visit: Visit, app: Flask, database: Database, notice_id: int
) -> None:
    page = signed_in(visit, "worker").get(f"/publicities/{notice_id}/poster")
    over_api = program(app, database, "worker").get(f"/publicities/{notice_id}/poster")
    for answer in (page, over_api):
        assert (answer.status_code, answer.content_type) == (200, "application/pdf")
        assert unquote(answer.headers["Content-Disposition"]).endswith(f"公示-{notice_id}.pdf")
        assert answer.headers["Cache-Control"] == "no-store"
        inside = unpacked(answer.get_data())
        boxes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", inside)
        assert [(round(float(wide)), round(float(high))) for wide, high in boxes] == [A4_UPRIGHT]
        assert re.search(rb"/FontFile\d?", inside)


@pytest.mark.usefixtures("without_pango")
def test_a_poster_tells_what_is_announced_until_when_and_how_to_object(visit: Visit, notice_id: int) -> None:
    answer = signed_in(visit, "worker").get(f"/publicities/{notice_id}/poster")
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    text = text_of(answer.text)
    address = f"http://localhost/publicities/{notice_id}"
    hashed = publicities.digest({"no": "TRQ-2026-S01", "bids": [RANKED]})
    for told in (
        ADVICE,
        "公示 降低冻堵（定帅） 榜单 TRQ-2026-S01 降低冬季冻堵次数",
        "公示期 2026年11月23日 09:00 – 2026年11月30日 09:00（5 个工作日）",
        "1 蒋&lt;攻坚&gt; 采气一区 88.5",
        "如何提出异议",
        f"校验码 SHA-256： {hashed} 扫码核对： {address}",
    ):
        assert told in text
    assert drawn(address) in answer.text


@pytest.mark.usefixtures("without_pango")
def test_a_poster_of_a_notice_that_has_ended_tells_its_result(
    visit: Visit, database: Database, notice_id: int
) -> None:
    with database.transaction() as session:
        notice = session.get_one(Publicity, notice_id)
        notice.closed_at, notice.result = clock.now(), "clear"
    text = text_of(signed_in(visit, "worker").get(f"/publicities/{notice_id}/poster").text)
    assert "结果 无异议" in text
    assert "如何提出异议" not in text


@pytest.mark.usefixtures("without_pango")
def test_a_receipt_tells_that_a_bid_was_sealed_and_nothing_of_what_it_says(
    visit: Visit, app: Flask, database: Database, bid_id: int
) -> None:
    address = f"http://localhost/bids/{bid_id}"
    expected = (
        f"密封回执 申报编号 {bid_id} 榜单 TRQ-2026-S01 降低冬季冻堵次数 挂帅人 leader 单位 采气一区 "
        "递交时间 2026年11月23日 09:00 状态 已密封 "
        "揭榜书已加密密封并登记校验码。开榜时系统重新计算校验码，与本回执不符的不能开榜。 "
        f"校验码 SHA-256： {HASH} 扫码核对： {address}"
    )
    page = signed_in(visit, "leader").get(f"/bids/{bid_id}/receipt")
    over_api = program(app, database, "leader").get(f"/bids/{bid_id}/receipt")
    for answer in (page, over_api):
        assert text_of(answer.text).partition("PDF。 ")[2] == expected
        assert drawn(address) in answer.text


def test_a_receipt_is_for_those_who_see_the_bid_once_it_is_sealed(
    visit: Visit, app: Flask, database: Database, bid_id: int
) -> None:
    assert signed_in(visit, "rival").get(f"/bids/{bid_id}/receipt").status_code == 404
    assert program(app, database, "rival").get(f"/bids/{bid_id}/receipt").status_code == 404
    own = signed_in(visit, "rival").get(f"/bids/{bid_id + 1}/receipt")
    assert own.status_code == 404
    assert "这份申报还没有密封递交，没有回执。" in own.text


def test_the_application_starts_without_the_libraries_of_papers() -> None:
    script = "import sys, webapp; print(sys.modules.keys() & {'docx', 'openpyxl', 'segno', 'weasyprint'})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.fixture
def approval_id(database: Database, clock_at: Callable[[dt.datetime], None]) -> int:
    """Agreed by "head" of 采气一区; "stranger" has no part in it."""
    with database.transaction() as session:
        home = factories.unit(session, name="采气一区")
        head = factories.user(session, login="head", name="王井田", of=home)
        factories.user(session, login="stranger")
        approval = Approval(kind="publish", subject="challenge:1", amount_fen=5_000_000, level="B")
        approval.challenge, approval.opened_at = factories.challenge(session), clock.now()
        approval.challenge.no = "TRQ-2026-S01"
        stage = ApprovalStage(seq=1, code="vice_head", opened_at=clock.now())
        signature = Signature(role="vice_head", user=head, decision="agreed", opinion="同意发榜")
        signature.signed_at = clock.now()
        stage.signatures, approval.stages = [signature], [stage]
        session.add(approval)
        session.flush()
        return approval.id


@pytest.mark.usefixtures("without_pango")
def test_the_sheet_of_an_approval_has_the_opinions_and_the_code_of_its_page(
    visit: Visit, app: Flask, database: Database, approval_id: int
) -> None:
    visitor = signed_in(visit, "head")
    found = re.search(r'<code class="hash">(\w{64})</code>', visitor.get(f"/approvals/{approval_id}").text)
    assert found is not None
    address = f"http://localhost/approvals/{approval_id}"
    expected = (
        f"审批单 发榜审批 审批编号 {approval_id} 榜单 TRQ-2026-S01 降低冬季冻堵次数 报批时间 2026年11月23日 09:00 "
        "结果 审批中 金额 5 万元 级别 B · 厂级重点 会签 环节 签署人 决定 意见 时间 "
        "分管领导审核 分管领导 王井田 采气一区 ✓ 同意 同意发榜 2026年11月23日 09:00 "
        f"校验码 SHA-256： {found[1]} 扫码核对： {address}"
    )
    page = visitor.get(f"/approvals/{approval_id}/sheet")
    over_api = program(app, database, "head").get(f"/approvals/{approval_id}/sheet")
    for answer in (page, over_api):
        assert text_of(answer.text).partition("PDF。 ")[2] == expected


def test_the_code_of_an_approval_follows_what_was_signed(database: Database, approval_id: int) -> None:
    with database.transaction() as session:
        approval = session.get_one(Approval, approval_id)
        before = approval_papers.digest(approval)
        approval.stages[0].signatures[0].opinion = "不同意"
        assert approval_papers.digest(approval) != before


def test_the_sheet_of_an_approval_is_for_those_who_see_it(
    visit: Visit, app: Flask, database: Database, approval_id: int
) -> None:
    assert signed_in(visit, "stranger").get(f"/approvals/{approval_id}/sheet").status_code == 404
    assert program(app, database, "stranger").get(f"/approvals/{approval_id}/sheet").status_code == 404
