"""What nobody types but somebody sends: every one is refused or ignored, none is a server error."""

import json
import uuid
from collections.abc import Callable

import pytest

from tests import factories
from tests.web.browsing import Visitor, text_of
from workflows.db import Database
from workflows.domain import accounts

Visit = Callable[[], Visitor]
POSTED = {
    "category": "生产所需",
    "title": "输差率下降",
    "background": "输差率偏高。",
    "cross_units": "2",
    "mode": "single",
    "sponsor_unit_id": "企管科技部",
    "party_lead_id": "甲 · 企管科技部 · one",
    "admin_lead_id": "乙 · 企管科技部 · two",
    "bid_to": "2099-01-30",
    "deadline": "2099-12-31",
    "budget_fen": "80",
    "indicators.0.name": "输差率",
    "indicators.0.measure": "%",
    "indicators.0.baseline": "3.2",
    "indicators.0.op": "≤",
    "indicators.0.target": "1.5",
    "indicators.0.verifier_unit_id": "企管科技部",
}


@pytest.fixture
def token(database: Database) -> str:
    with database.transaction() as session:
        home = factories.unit(session, name="企管科技部")
        user = factories.user(session, login="office", of=home, roles=["office"])
        for login, name in (("one", "甲"), ("two", "乙")):
            factories.user(session, login=login, name=name, of=home)
        return accounts.issue_token(session, user, name="t", days=1)


@pytest.fixture
def office(visit: Visit, token: str) -> Visitor:
    visitor = visit()
    visitor.sign_in("office")
    return visitor


def test_text_where_rows_belong_is_refused_and_the_rows_are_drawn_again(office: Visitor) -> None:
    sent = {name: value for name, value in POSTED.items() if not name.startswith("indicators")}
    refused = office.post("/act/post_challenge", {**sent, "indicators": "abc"})
    assert refused.status_code == 422
    assert 'name="indicators.0.name"' in refused.text
    assert 'value="输差率下降"' in refused.text


@pytest.mark.parametrize(
    "command",
    ["add:budget_fen", "add:safety_critical", "drop:safety_critical.0", "drop:indicators.²"]
    + [f"drop:indicators.{'9' * 5000}", "add:title", "add:", "x", ""],
)
def test_a_row_button_that_the_page_does_not_have_changes_nothing(office: Visitor, command: str) -> None:
    again = office.post("/act/post_challenge/rows", {**POSTED, "safety_critical": "true", "_rows": command})
    assert again.status_code == 200
    assert again.text.count('value="输差率"') == 1
    assert 'value="输差率下降"' in again.text
    assert 'name="indicators.1.name"' not in again.text


def test_a_row_is_dropped_by_where_it_stands_though_one_above_it_is_blank(office: Visitor) -> None:
    sent = {**POSTED, "indicators.1.name": "", "indicators.2.name": "冻堵次数"}
    kept = office.post("/act/post_challenge/rows", {**sent, "_rows": "drop:indicators.1"}).text
    assert ('value="输差率"' in kept, 'value="冻堵次数"' in kept) == (True, True)
    more = office.post(
        "/act/post_challenge/rows", {**POSTED, "indicators.1.name": "", "_rows": "add:indicators"}
    )
    assert 'name="indicators.2.name"' in more.text


@pytest.mark.parametrize(
    "body",
    ["[" * 10_000 + "]" * 10_000, '{"values":' + '{"a":' * 10_000 + "1" + "}" * 10_001]
    + ['{"values":' + "[" * 30 + "]" * 30 + "}", '{"values":{"a":' + "9" * 20_000 + "}}"],
    ids=["nested", "nested objects", "too deep for us", "digits"],
)
@pytest.mark.parametrize("path", ["/api/v1/acts/post_challenge", "/api/v1/tokens"])
def test_json_beyond_measure_is_422(visit: Visit, token: str, path: str, body: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid.uuid4().hex}
    refused = visit().client.post(path, data=body, content_type="application/json", headers=headers)
    assert refused.status_code == 422
    assert json.loads(refused.text)["detail"] == "内容的层次或数字的位数太多，无法处理。"


def test_a_name_that_no_database_stores_is_refused_also_in_a_second_value(office: Visitor) -> None:
    assert office.post("/act/post_challenge", {**POSTED, "title": ["好", "a\0b"]}).status_code == 422
    assert office.post("/act/post_challenge", {**POSTED, "a\0b": "好"}).status_code == 422


@pytest.mark.parametrize("name", [" ", "名" * 61])
def test_a_token_has_a_name_that_fits(office: Visitor, name: str) -> None:
    refused = office.post("/account/tokens", {"name": name, "days": "30"})
    assert refused.status_code == 422
    assert "请填写令牌名称，不超过 60 个字。" in text_of(refused.text)


@pytest.mark.parametrize("last_day", ["9999-12-31", "2100-01-01"])
def test_the_bidding_ends_before_the_delivery_is_due(office: Visitor, last_day: str) -> None:
    refused = office.post("/act/post_challenge", {**POSTED, "bid_to": last_day})
    assert refused.status_code == 422
    assert "必须早于完成期限。" in text_of(refused.text)


def test_a_delivery_in_another_age_is_a_slip_of_the_keyboard(office: Visitor) -> None:
    refused = office.post("/act/post_challenge", {**POSTED, "deadline": "9999-12-31"})
    assert refused.status_code == 422
    assert "完成期限太远，请核对年份。" in text_of(refused.text)


def test_a_list_is_not_amended_once_its_bidding_is_over(office: Visitor, database: Database) -> None:
    with database.transaction() as session:
        challenge_id = factories.challenge(session, days_open=-1).id
    sent = {"challenge_id": str(challenge_id), "notice": "更正", "reason": "申报不足"}
    refused = office.post("/act/amend_challenge", sent)
    assert refused.status_code == 409
    assert "揭榜已经截止，不能再变更。" in text_of(refused.text)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("party_lead_id", "没有这人", "没有找到此人，或有几人同名。请填写登录名，或从列表中选择。"),
        ("budget_fen", "-5", "请填写不为负的金额，最多六位小数。"),
        ("budget_fen", "NaN", "请填写不为负的金额，最多六位小数。"),
        ("indicators.0.weight", "-1", "应大于 0，且不大于 1000。"),
        ("indicators.0.baseline", "1e400", "请填写数字。"),
    ],
)
def test_what_is_wrong_is_said_in_words_that_fit_the_field(
    office: Visitor, field: str, value: str, said: str
) -> None:
    refused = office.post("/act/post_challenge", {**POSTED, field: value})
    assert refused.status_code == 422
    assert said in text_of(refused.text)


def test_a_process_begun_by_a_button_has_no_page_of_its_own(office: Visitor) -> None:
    assert office.get("/start/bid").status_code == 404


def test_the_browser_leaves_the_judgement_to_us_in_the_language_of_the_page(
    office: Visitor, database: Database
) -> None:
    with database.transaction() as session:
        challenge_id = factories.challenge(session).id
    task = office.post(f"/challenges/{challenge_id}/bids").location
    for path in ("/act/post_challenge", task):
        assert "data-focus-first novalidate>" in office.get(path).text


@pytest.mark.parametrize("rest", ["", '; filename="a.pdf"'])
def test_a_part_without_a_name_is_refused(visit: Visit, token: str, rest: str) -> None:
    body = f"--x\r\nContent-Disposition: form-data{rest}\r\n\r\ntext\r\n--x--\r\n"
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "part-without-name"}
    kind = "multipart/form-data; boundary=x"
    answer = visit().client.post("/api/v1/files", data=body, content_type=kind, headers=headers)
    assert (answer.status_code, answer.get_json()["detail"]) == (
        422,
        "提交的内容不完整，请返回上一页重新提交。",
    )


def test_an_address_with_names_that_our_links_know_is_paged_like_any_other(
    database: Database, visit: Callable[[], Visitor]
) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang")
        for _ in range(21):
            factories.challenge(session)
    visitor = visit()
    visitor.sign_in("wang")
    page = visitor.get("/challenges?q=&endpoint=x&_external=1&_scheme=ftp")
    assert page.status_code == 200
    assert 'href="/challenges?q=&amp;page=2"' in page.text
