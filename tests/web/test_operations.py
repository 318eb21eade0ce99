"""/operations: what runs, what failed and is tried again, what is due; for administrators alone."""

import re
from collections.abc import Callable

import pytest

from tests import factories, play
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program, program
from workflows import clock, jobs, watch, work
from workflows.db import Database
from workflows.engine import beats, incidents
from workflows.engine.tables import Due

Visit = Callable[[], Visitor]
__all__ = ["program"]


@pytest.fixture
def bid(database: Database, clock_at: Callable[..., None]) -> int:
    """The process of a bid that 王建国 has begun."""
    watch.install(database)
    with database.transaction() as session:
        wang = factories.user(session, login="wang", name="王建国")
        challenge = factories.challenge(session, title="降低冬季井口冻堵")
        return work.start(session, "bid", {"challenge_id": challenge.id}, actor=wang).process_id


@pytest.fixture
def admin(bid: int, database: Database, visit: Visit) -> Visitor:
    with database.transaction() as session:
        factories.user(session, login="root", name="管运维", roles=["admin"])
    visitor = visit()
    visitor.sign_in("root")
    return visitor


@pytest.fixture
def schedule(database: Database, bid: int) -> int:
    """The process of a schedule of appraisals, which waits for the end of a period."""
    with database.transaction() as session:
        by = factories.user(session, roles=["assessment"]).id
    return play.start(database, "appraisal_schedule", by=by, year=2027, cycle="quarter").process_id


def failed(database: Database, process_id: int) -> int:
    """The incident of a timer of the process that has failed three times."""
    with database.transaction() as session:
        timer = session.query(Due).filter_by(process_id=process_id).first()
        assert timer is not None
        timer.tries, timer.next_try_at = jobs.MAX_TRIES, jobs.NEVER
        incidents.trouble(session, process_id)
        made = incidents.record(session, f"due:{timer.id}", process_id, RuntimeError("磁盘已满"))
        session.flush()
        return made.id


def test_a_process_is_found_and_shows_what_it_waits_for_without_naming_people(
    admin: Visitor, bid: int
) -> None:
    listed = text_of(admin.get("/operations/processes?q=冻堵&process=bid").text)
    assert "降低冬季井口冻堵" in listed
    assert "没有符合条件的流程" in admin.get("/operations/processes?troubled=1").text
    page = admin.get(f"/operations/processes/{bid}").text
    told = text_of(page.split("在等什么")[2])
    assert "组队 挂帅人" in told
    assert "王建国" not in told
    (sheet, *_) = admin.get(f"/operations/processes/{bid}/diagram").get_json()
    assert sheet["now"]
    assert admin.get("/operations/processes/999").status_code == 404


def test_what_failed_is_told_and_tried_again(admin: Visitor, schedule: int, database: Database) -> None:
    assert "2027" in text_of(admin.get("/operations/timers").text)
    incident = failed(database, schedule)
    page = text_of(admin.get("/operations").text)
    assert "磁盘已满" in page
    assert "有故障的流程 1" in page
    assert "已停止重试" in admin.get("/operations/timers").text
    answer = admin.post(f"/operations/incidents/{incident}/retry")
    assert answer.location == "/operations"
    with database.read() as session:
        (timer,) = [one for one in session.query(Due) if one.process_id == schedule]
        assert timer.next_try_at < jobs.NEVER
    assert "已停止重试" not in admin.get("/operations/timers").text
    failed(database, schedule)
    admin.post("/operations/incidents/retry")
    assert "已停止重试" not in admin.get("/operations/timers").text


@pytest.mark.parametrize(
    "path", ["", "/processes", "/timers", "/workers", "/processes/1", "/processes/1/diagram"]
)
def test_nobody_else_sees_it(bid: int, database: Database, visit: Visit, path: str) -> None:
    with database.transaction() as session:
        factories.user(session, login="office", roles=["office"])
    visitor = visit()
    visitor.sign_in("office")
    assert visitor.get(f"/operations{path}").status_code == 403
    assert visitor.post("/operations/incidents/retry").status_code == 403


def version(admin: Visitor, process_id: int) -> str:
    """The version of the process that a form carries."""
    page = admin.get(f"/operations/processes/{process_id}/termination").text
    return page.split('name="version" value="')[1].split('"')[0]


def test_an_operator_suspends_and_resumes_and_whoever_is_asked_sees_why(
    admin: Visitor, bid: int, database: Database, visit: Visit
) -> None:
    page = f"/operations/processes/{bid}"
    wang = visit()
    wang.sign_in("wang")
    (task,) = set(re.findall(r'"(/work/\d+)"', wang.get("/work").text))
    old = version(admin, bid)
    (place,) = set(re.findall(r'name="_place" value="([^"]+)"', wang.get(task).text))
    blank = admin.post(f"{page}/suspension", {"version": old, "reason": " "})
    assert (blank.status_code, "必填" in blank.text or "填写" in blank.text) == (422, True)
    assert admin.post(f"{page}/suspension", {"version": old, "reason": "等文件"}).location == page
    assert "流程已暂停，恢复之后才能办理。暂停原因：等文件" in text_of(wang.get(task).text)
    assert "已暂停" in text_of(wang.get("/work").text)
    assert "提交办理" not in wang.get(task).text
    typed = {"_place": place, "opinion": "等恢复再交"}
    assert wang.post(task, {}).status_code == 409
    assert wang.post("/drafts", typed).status_code == 302
    assert "已暂停的流程 1" in text_of(admin.get("/operations").text)
    assert "降低冬季井口冻堵" in text_of(admin.get("/operations/processes?status=suspended").text)
    stale = admin.post(f"{page}/resumption", {"version": old, "reason": "文件到了"})
    assert stale.status_code == 409
    assert "流程在您打开页面之后有了变化" in text_of(stale.text)
    assert ">文件到了</textarea>" in stale.text
    admin.post(f"{page}/resumption", {"version": version(admin, bid), "reason": "文件到了"})
    assert "提交办理" in wang.get(task).text
    assert ">等恢复再交</textarea>" in wang.get(task).text
    assert "恢复办理 文件到了" in text_of(admin.get(page).text)


def test_a_token_is_moved_skipped_and_the_process_terminated_from_its_page(
    admin: Visitor, bid: int, database: Database
) -> None:
    page = f"/operations/processes/{bid}"
    paths = dict.fromkeys(
        re.findall(rf'href="({page}/(?:move|skip|repetition)\?token=\d+)"', admin.get(page).text)
    )
    (move, skip) = ([one for one in paths if act in one][-1] for act in ("/move", "/skip"))
    assert {admin.get(path).status_code for path in paths} == {200}
    assert admin.get(f"{page}/move?token=999").status_code == 404
    wrong = {"version": version(admin, bid), "reason": "试", "target": "nothing"}
    assert "请从列出的环节中选择" in text_of(admin.post(move, wrong).text)
    unsaid = {"version": version(admin, bid), "reason": "试", "value_member_ids": "what ever"}
    refused = admin.post(skip, unsaid)
    assert (refused.status_code, "请写成 FEEL 值" in refused.text) == (422, True)
    assert "what ever" in refused.text
    answer = admin.post(f"{page}/termination", {"version": version(admin, bid), "reason": "重复发起"})
    assert answer.location == page
    shown = text_of(admin.get(page).text)
    assert "已终止" in shown
    assert "终止 重复发起" in shown
    assert admin.get(move).status_code == 404
    assert (
        admin.post(f"{page}/suspension", {"version": version(admin, bid), "reason": "再停"}).status_code
        == 409
    )


def test_the_deadline_of_a_timer_and_of_a_task_is_moved(
    admin: Visitor, schedule: int, bid: int, database: Database
) -> None:
    page = f"/operations/processes/{schedule}"
    (path,) = set(re.findall(rf'href="({page}/deadline\?timer=\w+)"', admin.get(page).text))
    sent = {"version": version(admin, schedule), "reason": "提前", "due_at": "2026-12-01T09:00"}
    assert admin.post(path, sent).location == page
    with database.read() as session:
        (timer,) = [one for one in session.query(Due) if one.process_id == schedule]
    assert clock.local(timer.due_at).strftime("%Y-%m-%d %H:%M") == "2026-12-01 09:00"
    page = f"/operations/processes/{bid}"
    (path, *_) = re.findall(rf'href="({page}/deadline\?item=\d+)"', admin.get(page).text)
    sent = {"version": version(admin, bid), "reason": "延后", "due_at": "2026-12-20T18:00"}
    assert admin.post(path, sent).location == page
    assert "2026-12-20" in admin.get(page).text
    assert admin.get(f"{page}/deadline?item=999").status_code == 404


def test_programs_of_administrators_can_do_the_same(
    bid: int, database: Database, program: Callable[[str], Program]
) -> None:
    with database.transaction() as session:
        factories.user(session, login="root", roles=["admin"])
        factories.user(session, login="office", roles=["office"])
    root, path = program("root"), f"/operations/processes/{bid}"
    seen = root.get(path).get_json()
    asked = {"version": seen["process"]["version"], "reason": "等文件"}
    assert program("office").get(path).status_code == 403
    assert program("office").post(f"{path}/suspension", asked).status_code == 403
    halted = root.post(f"{path}/suspension", asked).get_json()
    assert (halted["process"]["status"], halted["suspended"], halted["tokens"]) == ("suspended", "等文件", [])
    assert root.post(f"{path}/resumption", asked).status_code == 409
    asked["version"] = halted["process"]["version"]
    running = root.post(f"{path}/resumption", asked).get_json()
    token, *_ = running["tokens"]
    asked |= {"version": running["process"]["version"], "token": token["token"]}
    (target, *_) = token["targets"]
    unknown = root.post(f"{path}/move", {**asked, "target": target, "values": {"nothing": "1"}})
    assert unknown.get_json()["errors"] == {"values.nothing": ["没有这个变量。"]}
    del asked["token"]
    ended = root.post(f"{path}/termination", asked).get_json()
    assert ended["process"]["status"] == "terminated"
    assert root.get("/operations/processes?status=terminated").get_json()["total"] == 1


def test_who_does_the_jobs_is_seen_and_who_has_fallen_silent(
    admin: Visitor, database: Database, program: Callable[[str], Program], clock_at: Callable[..., None]
) -> None:
    assert "没有后台进程在运行" in admin.get("/operations/workers").text
    with database.transaction() as session:
        beats.say(session, beats.Beat(beats.WORKER, done=7, host="silent", pid=1))
    clock_at(clock.now() + beats.SILENT)
    with database.transaction() as session:
        beats.say(session, beats.Beat(beats.CELERY, done=12, failed=1, host="busy", pid=2))
        beats.say(session, beats.Beat(beats.RELAY, trouble="Connection refused", host="away", pid=3))
    page = text_of(admin.get("/operations/workers").text)
    assert "没有后台进程在运行" not in page
    assert "消息队列后的后台进程 busy:2 ✓ 运行中" in page
    assert "派发进程 away:3 ✕ 连不上消息队列 Connection refused" in page
    assert "后台进程 silent:1 ✕ 没有消息" in page
    told = program("root").get("/operations/workers").get_json()
    assert [(one["host"], one["done"], one["is_alive"]) for one in told] == [
        ("busy", 12, True),
        ("away", 0, True),
        ("silent", 7, False),
    ]


def test_failures_come_page_by_page_and_all_of_them_are_retried(
    admin: Visitor, schedule: int, database: Database
) -> None:
    failed(database, schedule)
    with database.transaction() as session:
        for number in range(50):
            incidents.record(session, f"due:{number + 900}", schedule, RuntimeError("磁盘又满"))
    first, second = (text_of(admin.get(f"/operations?page={page}").text) for page in (1, 2))
    assert (first.count("due:9"), "磁盘已满" in first) == (50, False)
    assert "磁盘已满" in second
    assert "第 2 页，共 2 页，51 条" in second
    answer = admin.post("/operations/incidents/retry", follow_redirects=True)
    assert "已安排重试 51 项" in text_of(answer.text)
