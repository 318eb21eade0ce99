import datetime as dt
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests import factories
from tests.web.browsing import Visitor, text_of
from workflows.db import Database
from workflows.domain import approvals
from workflows.models import Bid, BidState, Challenge, ChallengeState, User

Visit = Callable[[], Visitor]
ROW = {
    "members.0.user_id": "王建国 · 第一采气队 · wang",
    "members.0.role": "leader",
    "members.0.workload_pct": "30",
}


@pytest.fixture
def challenge_id(database: Database) -> int:
    with database.transaction() as session:
        home = factories.unit(session, name="第一采气队")
        factories.user(session, login="wang", name="王建国", of=home)
        factories.user(session, login="li", name="李四", of=home)
        factories.user(session, login="office", name="赵敏", roles=["office"])
        return factories.challenge(session, title="降低冻堵次数").id


@pytest.fixture
def wang(visit: Visit, challenge_id: int) -> Visitor:
    visitor = visit()
    visitor.sign_in("wang")
    return visitor


@pytest.fixture
def task(wang: Visitor, challenge_id: int) -> str:
    """The path of wang's first task after 我要揭榜."""
    return wang.post(f"/challenges/{challenge_id}/bids").location


def test_taking_up_a_challenge_leads_to_the_first_task(wang: Visitor, challenge_id: int) -> None:
    assert "我要揭榜" in wang.get(f"/challenges/{challenge_id}").text
    taken = wang.post(f"/challenges/{challenge_id}/bids")
    assert re.fullmatch(r"/work/\d+", taken.location)
    page = text_of(wang.get(taken.location).text)
    assert "组队" in page
    assert "团队成员 必填" in page
    assert "提交办理" in page
    again = wang.post(f"/challenges/{challenge_id}/bids")
    assert again.status_code == 409
    assert "您对这个榜单已有一份申报" in text_of(again.text)


def test_the_task_is_in_the_boxes_and_on_the_home_page_and_counted(wang: Visitor, task: str) -> None:
    for path in ("/", "/work"):
        page = wang.get(path).text
        assert f'href="{task}"' in page
        assert "待办 1" in text_of(page)
    assert "还没有办理过任务" in wang.get("/work?box=done").text
    assert "降低冻堵次数" in wang.get("/work?box=started").text


def test_a_row_is_added_and_dropped_and_nothing_is_lost(wang: Visitor, task: str) -> None:
    typed = {**ROW, "members.0.workload_pct": "77", "members.0.pioneer": "true"}
    added = wang.post(f"{task}/rows", {**typed, "_rows": "add:members"})
    assert added.status_code == 200
    assert 'name="members.1.user_id"' in added.text
    assert 'value="77"' in added.text
    assert re.search(r'name="members.0.pioneer"[^>]* checked', added.text)
    second = {
        "members.1.user_id": "李四 · 第一采气队 · li",
        "members.1.role": "core",
        "members.1.workload_pct": "20",
    }
    dropped = wang.post(f"{task}/rows", {**typed, **second, "_rows": "drop:members.0"})
    assert 'value="李四 · 第一采气队 · li" name="members.0.user_id"' in dropped.text
    assert '王建国 · 第一采气队 · wang" name=' not in dropped.text
    assert wang.get("/work?box=done").text.count(task) == 0


def test_a_wrong_form_comes_back_with_what_was_typed_and_a_message_at_each_field(
    wang: Visitor, task: str
) -> None:
    sent = {**ROW, "members.0.workload_pct": "130", "members.1.user_id": "谁", "members.1.role": "core"}
    again = wang.post(task, sent)
    assert again.status_code == 422
    assert 'value="130" name="members.0.workload_pct"' in again.text
    assert 'href="#f-members-0-workload_pct"' in again.text
    assert 'aria-describedby="f-members-0-workload_pct-error " aria-invalid="true"' in again.text
    assert 'value="谁" name="members.1.user_id"' in again.text
    assert "团队成员 第 2 行 人员" in text_of(again.text)
    assert wang.post(task, ROW).status_code == 302


def test_fields_that_the_form_does_not_have_are_refused(wang: Visitor, task: str, database: Database) -> None:
    refused = wang.post(task, {**ROW, "state": "won", "members.0.confirmed_at": "2026-01-01"})
    assert refused.status_code == 422
    assert "#f-state" in refused.text
    assert "#f-members-0-confirmed_at" in refused.text
    with database.read() as session:
        assert session.get_one(Bid, 1).state == "draft"


def test_a_task_is_done_once_and_the_next_one_opens(wang: Visitor, task: str) -> None:
    done = wang.post(task, ROW)
    assert re.fullmatch(r"/work/\d+", done.location)
    assert done.location != task
    following = text_of(wang.get(done.location).text)
    assert "编制揭榜书" in following
    assert "已办理" in following
    again = wang.post(task, ROW)
    assert again.status_code == 409
    assert "王建国" in text_of(again.text)
    assert task in wang.get("/work?box=done").text
    assert "提交办理" not in wang.get(task).text


def test_a_task_of_another_is_not_found(visit: Visit, wang: Visitor, task: str) -> None:
    stranger = visit()
    stranger.sign_in("li")
    assert stranger.get(task).status_code == 404
    for path in (task, f"{task}/rows", f"{task}/claim", f"{task}/release"):
        assert stranger.post(path, ROW).status_code == 404


def test_who_reads_all_sees_a_task_without_its_form(visit: Visit, wang: Visitor, task: str) -> None:
    office = visit()
    office.sign_in("office")
    page = office.get(task)
    assert page.status_code == 200
    assert "这项任务由他人办理" in page.text
    assert "提交办理" not in page.text
    assert office.post(task, ROW).status_code == 403


def test_the_document_is_written_with_every_indicator_to_pledge(wang: Visitor, task: str) -> None:
    written = wang.post(task, ROW).location
    page = wang.get(written).text
    assert "冻堵次数 ≤ 10 次</option>" in page
    document = {
        "tech_route": "加热与保温",
        "milestones.0.name": "方案",
        "milestones.0.offset_days": "30",
        "milestones.0.deliverable": "方案报告",
        "milestones.0.pay_pct": "100",
        "budget_lines.0.item": "材料",
        "budget_lines.0.amount_fen": "12.5",
        "pledge.0.indicator_id": "1",
        "pledge.0.value": "8",
    }
    assert wang.post(written, {**document, "milestones.0.pay_pct": "90"}).status_code == 422
    assert wang.post(written, document).status_code == 302
    shown = text_of(wang.get("/bids/1").text)
    assert "技术路线 加热与保温" in shown
    assert "12.5 万元" in shown
    assert "≤ 10 8" in shown


def test_pages_of_boxes_keep_their_address(wang: Visitor, challenge_id: int, database: Database) -> None:
    with database.transaction() as session:
        others = [factories.challenge(session, title=f"榜单 {n}").id for n in range(21)]
    for other in others:
        wang.post(f"/challenges/{other}/bids")
    page = wang.get("/work?box=todo").text
    assert 'href="/work?box=todo&amp;page=2"' in page
    assert "第 1 页，共 2 页，21 条" in text_of(page)
    assert 'rel="prev"' in wang.get("/work?box=todo&page=2").text


@pytest.mark.parametrize(
    "address", ["/work?box=nonsense", "/work?page=-3", "/work?page=x", "/work?page=99999999999"]
)
def test_odd_addresses_show_the_list(wang: Visitor, address: str) -> None:
    assert wang.get(address).status_code == 200


POSTED = {
    "category": "生产所需",
    "title": "输差率下降",
    "background": "输差率偏高。",
    "cross_units": "2",
    "mode": "single",
    "sponsor_unit_id": "第一采气队",
    "party_lead_id": "王建国 · 第一采气队 · wang",
    "admin_lead_id": "李四 · 第一采气队 · li",
    "bid_to": "2099-01-30",
    "deadline": "2099-12-31",
    "budget_fen": "80",
    "indicators.0.name": "输差率",
    "indicators.0.measure": "%",
    "indicators.0.baseline": "3.2",
    "indicators.0.op": "≤",
    "indicators.0.target": "1.5",
    "indicators.0.verifier_unit_id": "第一采气队",
}


def test_a_challenge_is_posted_by_the_office_alone(visit: Visit, wang: Visitor) -> None:
    assert wang.post("/act/post_challenge", POSTED).status_code == 403
    office = visit()
    office.sign_in("office")
    assert 'href="/act/post_challenge"' in office.get("/challenges").text
    assert 'href="/act/post_challenge"' not in wang.get("/challenges").text
    assert office.post("/act/post_challenge", {**POSTED, "title": ""}).status_code == 422
    rows = office.post("/act/post_challenge/rows", {**POSTED, "_rows": "add:indicators"})
    assert 'name="indicators.1.name"' in rows.text
    assert 'value="输差率下降"' in rows.text
    posted = office.post("/act/post_challenge", POSTED)
    assert re.fullmatch(r"/challenges/\d+", posted.location)
    page = text_of(office.get(posted.location).text)
    assert "输差率下降" in page
    assert "80 万元" in page
    assert "3.2 → ≤ 1.5" in page
    assert "B · 厂级重点" in page


def test_a_task_is_claimed_and_released(wang: Visitor, task: str) -> None:
    assert wang.post(f"{task}/claim").location == task
    claimed = text_of(wang.get(task).text)
    assert "由 王建国 签收" in claimed
    assert "放回" in claimed
    assert wang.post(f"{task}/release").location == task
    assert "由 王建国 签收" not in text_of(wang.get(task).text)


def test_a_sealed_bid_is_withdrawn_by_its_leader_alone(
    wang: Visitor, visit: Visit, challenge_id: int, database: Database
) -> None:
    with database.transaction() as session:
        leader = session.scalars(select(User).where(User.login == "wang")).one()
        challenge = session.get_one(Challenge, challenge_id)
        bid_id = factories.bid(session, on=challenge, leader=leader, state=BidState.SEALED).id
    office = visit()
    office.sign_in("office")
    assert "撤回申报" not in office.get(f"/bids/{bid_id}").text
    assert office.post(f"/bids/{bid_id}/withdrawal").status_code == 403
    assert "撤回申报" in wang.get(f"/bids/{bid_id}").text
    assert wang.post(f"/bids/{bid_id}/withdrawal").location == f"/bids/{bid_id}"
    assert "申报已撤回，截止前可以重新揭榜。" in wang.get(f"/bids/{bid_id}").text
    assert wang.post(f"/bids/{bid_id}/withdrawal").status_code == 409
    with database.read() as session:
        assert session.get_one(Bid, bid_id).state == BidState.WITHDRAWN


def test_the_office_amends_a_list_and_says_why(
    visit: Visit, wang: Visitor, challenge_id: int, database: Database
) -> None:
    office, page = visit(), f"/challenges/{challenge_id}"
    office.sign_in("office")
    with database.read() as session:
        later = session.get_one(Challenge, challenge_id).deadline - dt.timedelta(days=9)
    act = f"/act/amend_challenge?challenge_id={challenge_id}"
    assert act in office.get(page).text
    assert act not in wang.get(page).text
    sent = {"challenge_id": str(challenge_id), "notice": "增加一口试验井", "bid_to": later.isoformat()}
    refused = office.post("/act/amend_challenge", sent)
    assert refused.status_code == 422
    assert 'href="#f-reason"' in refused.text
    assert (
        office.post("/act/amend_challenge", {**sent, "reason": "申报不足", "bid_to": "soon"}).status_code
        == 422
    )
    assert wang.post("/act/amend_challenge", {**sent, "reason": "申报不足"}).status_code == 403
    assert office.post("/act/amend_challenge", {**sent, "reason": "申报不足"}).location == page
    shown = text_of(wang.get(page).text)
    assert f"揭榜截止 {later.year}年{later.month}月{later.day}日 24:00" in shown
    assert "增加一口试验井（理由：申报不足）" in shown


def test_an_approval_is_shown_stage_by_stage(visit: Visit, database: Database) -> None:
    with database.transaction() as session:
        challenge = factories.challenge(session, state=ChallengeState.APPROVING)
        head = factories.user(session, login="head", roles=["admin_head@"])
        facts = {"amount_fen": 4_000_000, "level": "C", "unit_id": head.unit_id, "project_id": None}
        approval = approvals.begin(
            session,
            kind="publish",
            subject=f"challenge:{challenge.id}",
            challenge_id=challenge.id,
            **facts,  # type: ignore[arg-type]
        )
        approvals.set_route(session, approval, route=["sponsor_head", "unit_dual"])
        approvals.next_stage(session, approval)
        signed = {"decision": "agreed", "opinion": "人员有保障"}
        approvals.sign(session, approval, role="admin_head", values=signed, actor=head)
        path = f"/approvals/{approval.id}"
        factories.user(session, login="nobody")
    reader, other = visit(), visit()
    reader.sign_in("head")
    shown = text_of(reader.get(path).text)
    assert ("发榜单位负责人审核" in shown, "人员有保障" in shown, "单位党政联签" in shown) == (
        True,
        True,
        True,
    )
    other.sign_in("nobody")
    assert other.get(path).status_code == 404


def test_notices_are_read_and_lead_to_what_they_tell_of(visit: Visit, database: Database) -> None:
    with database.transaction() as session:
        reader = factories.user(session, login="reader")
        mine = factories.notice(session, to=reader, text="榜单已发布", link="/challenges?q=1").id
        theirs = factories.notice(session, to=factories.user(session)).id
    visitor = visit()
    visitor.sign_in("reader")
    assert "未读 1" in text_of(visitor.get("/notices").text)
    assert visitor.post(f"/notices/{mine}/read").location == "/challenges?q=1"
    assert visitor.post(f"/notices/{theirs}/read").status_code == 404
    assert "未读" not in text_of(visitor.get("/badges").text)
    assert visitor.post("/notices/read").location == "/notices"


def test_tokens_are_made_shown_once_and_revoked(wang: Visitor) -> None:
    made = wang.post("/account/tokens", {"name": "脚本", "days": "30"})
    (token,) = re.findall(r"jb_[\w-]+", made.text)
    bearer = {"Authorization": f"Bearer {token}"}
    assert wang.client.get("/api/v1/me", headers=bearer).status_code == 200
    page = wang.get("/account").text
    assert "脚本" in page
    assert token not in page
    assert wang.post("/account/tokens", {"name": " ", "days": "30"}).status_code == 422
    (path,) = re.findall(r'action="(/account/tokens/\d+/revocation)"', page)
    assert wang.post(path).location == "/account"
    assert wang.client.get("/api/v1/me", headers=bearer).status_code == 401
