"""任务中心: what the boxes show, what narrows them, and agreeing to several tasks at once."""

import re
from collections.abc import Callable

from sqlalchemy import select, update

from tests import factories
from tests.processes import cast as casting
from tests.web.browsing import Enter, Visitor, text_of
from tests.web.test_api import Program, program
from tests.web.test_query_counts import counted
from workflows import clock
from workflows.db import Database
from workflows.engine.tables import DONE, OPEN, HistoryEntry, Process, WorkItem
from workflows.models import User

Visit = Callable[[], Visitor]
__all__ = ["program"]
KIND = {"process": "publish", "step": "approval.sign"}
BATCH = "/work?process=publish&step=approval.sign"


def submit(database: Database, cast: casting.Cast, number: int) -> None:
    for n in range(number):
        casting.submit(database, cast, title=f"榜单{n + 1}号的题目")


def open_of(database: Database, role: str) -> list[int]:
    with database.read() as session:
        mine = select(WorkItem.id).where(WorkItem.audience == f"role:{role}", WorkItem.status == OPEN)
        return list(session.scalars(mine.order_by(WorkItem.id)))


def test_a_row_says_what_who_when_and_how_long(database: Database, cast: casting.Cast, enter: Enter) -> None:
    challenge = casting.post(database, cast)
    process = casting.begin_bid(database, challenge, leader=cast.leader)
    casting.write(database, cast, challenge, process)
    page = text_of(enter(cast.party_secretary).get("/work").text)
    assert "编号 标题 环节 发起人 到达时间 剩余工作日 状态" in page
    with database.read() as session:
        leader = session.get_one(User, cast.leader).name
    assert f"所在单位党政意见 {leader}" in page
    assert "待签收" in page
    assert re.search(r"剩 \d+ 个工作日|今天到期", page)


def test_filters_stand_in_the_address(database: Database, cast: casting.Cast, enter: Enter) -> None:
    submit(database, cast, 6)
    casting.seal_bid(database, cast, casting.post(database, cast))
    with database.transaction() as session:
        first = open_of(database, "hse")[0]
        session.execute(update(WorkItem).where(WorkItem.id == first).values(due_at=clock.now()))
    hse = enter(cast.hse)
    assert "榜单3号" in hse.get("/work?q=3号&process=publish").text
    assert "榜单2号" not in hse.get("/work?q=3号&process=publish").text
    late = hse.get("/work?overdue=1").text
    assert ("榜单1号" in late, "榜单2号" in late) == (True, False)
    newest = hse.get("/work?order=newest").text
    assert newest.index("榜单6号") < newest.index("榜单1号的题目</strong>")
    assert "没有符合条件的任务" in hse.get("/work?q=没有这样的").text
    for odd in ("?process=nothing", "?step=x&order=y&overdue=2", "?box=copies&process=publish"):
        assert hse.get(f"/work{odd}").status_code == 200


def test_who_started_what_is_anonymous_is_not_named(visit: Visit, database: Database) -> None:
    with database.transaction() as session:
        unit = factories.unit(session, name="第一采气队")
        factories.user(session, login="wang", name="吹哨人", of=unit)
        factories.user(session, login="office", roles=["office"])
        factories.user(session, login="sponsor", roles=["sponsor"], of=unit)
    wang = visit()
    wang.sign_in("wang")
    path = next(one for one in re.findall(r'href="(/start/[^"]+)"', wang.get("/").text))
    assert path == "/start/intake"
    typed = {"title": "井口冻堵频繁", "category": "生产所需", "scene": "夜间冻堵。", "anonymous": "true"}
    sent = wang.post(path, typed)
    assert sent.status_code == 302, text_of(sent.text)
    for login in ("office", "sponsor"):
        reader = visit()
        reader.sign_in(login)
        assert "吹哨人" not in reader.get("/work").text


def test_several_are_agreed_to_at_once_each_by_itself(
    database: Database, cast: casting.Cast, enter: Enter
) -> None:
    submit(database, cast, 3)
    hse, ids = enter(cast.hse), open_of(database, "hse")
    assert "可批量同意" in hse.get("/work").text
    chosen = hse.get(f"{BATCH}&choose=all").text
    assert len(re.findall(r'name="item" value="\d+" checked', chosen)) == 3
    with database.transaction() as session:  # the second has been taken by somebody else
        other = session.get_one(WorkItem, ids[1])
        other.claimed_by_id = cast.office
    answer = hse.post("/work/agreements", {**KIND, "item": [str(one) for one in ids], "opinion": "措施齐全"})
    page = text_of(answer.text)
    assert answer.status_code == 200
    assert ("已同意 2 项" in page, "1 项没有办成" in page, "签收。" in page) == (True, True, True)
    with database.read() as session:
        states = [session.get_one(WorkItem, one) for one in ids]
        assert [(one.status, one.agree, one.opinion) for one in states] == [
            (DONE, True, "措施齐全"),
            (OPEN, None, None),
            (DONE, True, "措施齐全"),
        ]
    again = hse.post("/work/agreements", {**KIND, "item": [str(ids[0])], "opinion": "再来"})
    assert "已同意 1 项" in text_of(again.text)
    with database.read() as session:
        assert session.get_one(WorkItem, ids[0]).opinion == "措施齐全"


def test_what_is_refused_leaves_nothing_in_the_history_of_the_next(
    database: Database, cast: casting.Cast, enter: Enter
) -> None:
    submit(database, cast, 2)
    ids = open_of(database, "finance")
    answer = enter(cast.finance).post("/work/agreements", {**KIND, "item": [str(one) for one in ids]})
    page = text_of(answer.text)
    assert page.count("还须填写或更正：经费。请打开逐项办理。") == 2
    assert open_of(database, "finance") == ids
    hse = open_of(database, "hse")
    enter(cast.hse).post("/work/agreements", {**KIND, "item": [str(one) for one in [*ids, *hse]]})
    with database.read() as session:
        entries = session.scalars(select(HistoryEntry).where(HistoryEntry.verb == "vote")).all()
        assert [one.item_id for one in entries] == hse
        for one in entries:
            told = {name.partition(".")[0].partition(":")[0] for name in one.after}
            assert told <= {"agree", "signature", "approval", "approval_stage"}, told


def test_only_one_kind_and_only_where_the_step_allows_it(
    database: Database, cast: casting.Cast, enter: Enter
) -> None:
    submit(database, cast, 1)
    (item,) = open_of(database, "hse")
    hse = enter(cast.hse)
    for kind, reason in (
        ({"process": "reward", "step": "approval.sign"}, "不属于这个环节"),
        ({"process": "publish", "step": "pledge.sign"}, "不能批量办理"),
        ({"process": "publish", "step": "nothing"}, "不能批量办理"),
    ):
        assert reason in hse.post("/work/agreements", {**kind, "item": str(item)}).text
    nobody = hse.post("/work/agreements", KIND)
    assert nobody.status_code == 302
    assert "请先选择要同意的任务" in hse.get(nobody.location).text
    leader = enter(cast.leader).post("/work/agreements", {**KIND, "item": str(item)})
    assert "没有找到这个任务" in leader.text
    assert "榜单1号" not in leader.text
    assert open_of(database, "hse") == [item]


def test_the_boxes_take_as_many_queries_for_three_rows_as_for_one(
    database: Database, cast: casting.Cast, enter: Enter
) -> None:
    hse = enter(cast.hse)
    seen = []
    for number in (1, 2):
        submit(database, cast, number)
        with database.read() as session:
            assert session.scalars(select(Process)).first() is not None
        with counted(database) as statements:
            assert hse.get(BATCH).status_code == 200
        seen.append(len(statements))
    assert seen[0] == seen[1]


def test_a_program_agrees_to_several_and_is_told_of_each(
    database: Database, cast: casting.Cast, program: Callable[[str], Program]
) -> None:
    submit(database, cast, 2)
    ids = open_of(database, "hse")
    with database.read() as session:
        login = session.get_one(User, cast.hse).login
    with database.transaction() as session:
        session.get_one(WorkItem, ids[1]).claimed_by_id = cast.office
    kind = {"process_name": KIND["process"], "step": KIND["step"]}
    hse = program(login)
    answer = hse.post("/agreements", {**kind, "item_ids": ids, "opinion": "措施齐全"})
    assert answer.status_code == 200
    told = answer.get_json()["answers"]
    assert [(one["item_id"], one["refusal"] is None) for one in told] == [(ids[0], True), (ids[1], False)]
    assert open_of(database, "hse") == [ids[1]]
    assert hse.post("/agreements", {**kind, "item_ids": []}).status_code == 422
