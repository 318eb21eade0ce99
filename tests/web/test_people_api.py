"""Units, people, experts, bids and notices in the API."""

import uuid
from collections.abc import Callable
from typing import Any

from flask import Flask

from tests import factories
from tests.web.test_api import Program, program
from tests.web.test_query_counts import counted
from workflows.db import Database
from workflows.models import BidState, Expert, Post, RoleGrant

Speak = Callable[[str], Program]
__all__ = ["program"]


def add_people(database: Database) -> None:
    with database.transaction() as session:
        home = factories.unit(session, code="CQ1", name="采气一区")
        office = factories.user(session, login="office", name="陆知行", of=home, roles=["office"])
        li = factories.user(session, login="li", name="李四", of=home)
        gone = factories.user(session, login="gone", name="离职者", of=home)
        gone.is_active = False
        session.add(Expert(user_id=li.id, fields=["地质", "机械"]))
        factories.notice(session, to=office, text="第一条")
        factories.notice(session, to=office, text="第二条")


def test_people_are_found_by_name_unit_and_role(database: Database, program: Speak) -> None:
    add_people(database)
    li = program("li")
    assert [(one["code"], one["name"], one["parent_id"]) for one in li.get("/units").get_json()] == [
        ("CQ1", "采气一区", None)
    ]
    found = li.get("/people?q=李").get_json()
    assert (found["total"], [one["login"] for one in found["rows"]]) == (1, ["li"])
    assert [one["login"] for one in li.get("/people").get_json()["rows"]] == ["li", "office"]
    held = li.get("/people?role=office").get_json()["rows"]
    assert [(one["login"], one["roles"]) for one in held] == [
        ("office", [{"role": "office", "unit_id": None}])
    ]
    assert li.get("/people?unit_id=99").get_json() == {"rows": [], "total": 0}
    assert li.get("/people?role=king").status_code == 422


def test_three_people_take_as_many_queries_as_one(database: Database, program: Speak) -> None:
    add_people(database)
    li = program("li")

    def queries() -> int:
        with counted(database) as statements:
            assert li.get("/people").status_code == 200
        return len([one for one in statements if one.startswith("SELECT")])

    first = queries()
    with database.transaction() as session:
        for _ in range(2):
            session.add(RoleGrant(user_id=factories.user(session).id, role="hr"))
    assert queries() == first


def test_the_office_keeps_the_pool_of_experts(app: Flask, database: Database, program: Speak) -> None:
    add_people(database)
    office, li = program("office"), program("li")
    office_id, li_id = office.get("/me").get_json()["id"], li.get("/me").get_json()["id"]
    assert [one["fields"] for one in li.get("/experts?field=机械").get_json()["rows"]] == [["地质", "机械"]]
    assert li.get("/experts?field=财务").get_json()["total"] == 0
    added = office.post("/experts", {"user_id": office_id, "fields": [" 财务 "]})
    assert (added.status_code, added.get_json()["fields"]) == (201, ["财务"])
    assert office.post("/experts", {"user_id": office_id, "fields": []}).status_code == 409
    assert office.post("/experts", {"user_id": 999, "fields": []}).get_json()["errors"] == {
        "user_id": ["没有这个人员。"]
    }
    assert li.post("/experts", {"user_id": li_id, "fields": []}).status_code == 403

    def change(program: Program, user_id: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        headers = {**program.headers, "Idempotency-Key": uuid.uuid4().hex}
        answer = program.client.put(f"/api/v1/experts/{user_id}", json=body, headers=headers)
        told: dict[str, Any] = answer.get_json()
        return answer.status_code, told

    status, changed = change(office, li_id, {"fields": ["集输"], "barred_until": "2027-12-31"})
    assert (status, changed["fields"], changed["barred_until"]) == (200, ["集输"], "2027-12-31")
    assert [one["user"]["name"] for one in li.get("/experts?available=true").get_json()["rows"]] == ["陆知行"]
    assert change(office, 999, {"fields": []})[0] == 404
    assert change(li, li_id, {"fields": []})[0] == 403
    for wrong in (["地质", "地质"], [""], ["长" * 31], ["甲"] * 11):
        assert list(change(office, li_id, {"fields": wrong})[1]["errors"]) == ["fields"]


def test_hr_marks_who_is_a_manager_above_section_level(database: Database, program: Speak) -> None:
    add_people(database)
    with database.transaction() as session:
        factories.user(session, login="hr", roles=["hr"])
    hr, li = program("hr"), program("li")
    li_id = li.get("/me").get_json()["id"]

    def mark(speaker: Program, user_id: int, body: dict[str, Any]) -> Any:
        headers = {**speaker.headers, "Idempotency-Key": uuid.uuid4().hex}
        return speaker.client.put(f"/api/v1/people/{user_id}", json=body, headers=headers)

    marked = mark(hr, li_id, {"is_manager": True})
    assert (marked.status_code, marked.get_json()["is_manager"]) == (200, True)
    assert [one["login"] for one in li.get("/people").get_json()["rows"] if one["is_manager"]] == ["li"]
    assert mark(li, li_id, {"is_manager": False}).status_code == 403
    assert mark(hr, 999, {"is_manager": True}).status_code == 404
    assert list(mark(hr, li_id, {"is_manager": "yes"}).get_json()["errors"]) == ["is_manager"]


def test_bids_are_listed_to_whoever_may_see_them(database: Database, program: Speak) -> None:
    add_people(database)
    with database.transaction() as session:
        challenge = factories.challenge(session)
        leader = factories.user(session, login="leader")
        head = factories.user(session, login="head", of=leader.unit, roles=["admin_head@"])
        draft = factories.bid(session, on=challenge, leader=leader)
        sealed = factories.bid(session, on=challenge, leader=factories.user(session), state=BidState.SEALED)
        factories.join(session, sealed, head)
        factories.user(session, login="hr", roles=["hr"])
        ids = (draft.id, sealed.id)

    def listed(login: str, query: str = "") -> list[int]:
        found = program(login).get(f"/bids{query}").get_json()
        assert found["total"] == len(found["rows"])
        return [one["id"] for one in found["rows"]]

    assert listed("leader") == [ids[0]]
    assert listed("head") == [ids[1], ids[0]]
    assert listed("head", "?mine=true") == [ids[1]]
    assert listed("head", "?state=draft") == [ids[0]]
    assert listed("head", "?challenge_id=99") == []
    assert listed("office") == [ids[1]]
    assert listed("hr") == []
    assert listed("li") == []


def test_notices_are_listed_and_marked_as_read(database: Database, program: Speak) -> None:
    add_people(database)
    office = program("office")
    first, second = reversed(office.get("/notices").get_json()["rows"])
    assert (first["text"], second["text"], first["read_at"]) == ("第一条", "第二条", None)
    read = office.post(f"/notices/{first['id']}/reading")
    assert (read.status_code, read.get_json()["read_at"] is None) == (200, False)
    unread = office.get("/notices?unread=true&size=1").get_json()
    assert ([one["text"] for one in unread["rows"]], unread["total"]) == (["第二条"], 1)
    assert program("li").post(f"/notices/{first['id']}/reading").status_code == 404
    assert office.post("/notices/reading").status_code == 204
    assert office.get("/notices?unread=true").get_json() == {"rows": [], "total": 0}


def test_what_can_be_started_and_done_is_listed(database: Database, program: Speak) -> None:
    add_people(database)
    li = program("li")
    starts = {one["name"]: one["title"] for one in li.get("/processes").get_json()}
    assert {
        "bid",
        "intake",
        "change",
        "meeting",
        "veto",
        "appraisal",
        "campaign",
        "supervision_order",
    } <= set(starts)
    assert starts["intake"] == "填报难题"
    acts = {one["name"]: one["title"] for one in li.get("/acts").get_json()}
    assert acts["object"] == "提出异议"


def test_the_department_of_people_keeps_the_register_of_relations(database: Database, program: Speak) -> None:
    add_people(database)
    with database.transaction() as session:
        factories.user(session, login="hr", roles=["hr"])
    hr, li, office = program("hr"), program("li"), program("office")
    li_id, office_id = li.get("/me").get_json()["id"], office.get("/me").get_json()["id"]
    told = {
        "user_id": office_id,
        "other_id": li_id,
        "kind": "kin",
        "from_day": "2020-01-01",
        "source": "人事档案",
    }
    added = hr.post("/relations", told)
    assert added.status_code == 201
    assert [added.get_json()[name]["name"] for name in ("first", "second")] == ["陆知行", "李四"]
    assert hr.post("/relations", told).get_json()["errors"] == {
        "from_day": ["这两个人自这一天起的这种关系已经登记。"]
    }
    assert sorted(hr.post("/relations", {**told, "kind": "朋友", "user_id": "3"}).get_json()["errors"]) == [
        "kind",
        "user_id",
    ]
    assert li.post("/relations", told).status_code == 403
    assert [program.get("/relations").get_json()["total"] for program in (hr, li, office)] == [1, 1, 1]
    path = f"/relations/{added.get_json()['id']}/end"
    ended = hr.post(path, {"until_day": "2026-01-31", "reason": "已离婚"})
    assert (ended.status_code, ended.get_json()["until_day"]) == (200, "2026-01-31")
    assert hr.post(path, {"until_day": "2026-01-31", "reason": "已离婚"}).status_code == 409
    assert hr.get("/relations?in_force=true").get_json() == {"rows": [], "total": 0}


def test_units_and_posts_are_kept_by_an_administrator(database: Database, program: Speak) -> None:
    add_people(database)
    with database.transaction() as session:
        factories.user(session, login="root", name="管运维", roles=["admin"])
    root, li = program("root"), program("li")
    li_id = li.get("/me").get_json()["id"]

    def put(speaker: Program, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        headers = {**speaker.headers, "Idempotency-Key": uuid.uuid4().hex}
        answer = speaker.client.put(f"/api/v1{path}", json=body, headers=headers)
        return answer.status_code, answer.get_json()

    fresh = {"code": "CQ9", "name": "采气九区", "kind": "branch", "parent_id": 1}
    added = root.post("/units", fresh)
    assert added.status_code == 201
    unit = added.get_json()
    path = f"/units/{unit['id']}"
    assert (unit["name"], unit["parent_id"], unit["is_whole"], unit["people"]) == ("采气九区", 1, False, 0)
    assert list(root.post("/units", fresh).get_json()["errors"]) == ["code", "name"]
    assert li.post("/units", {**fresh, "code": "Z", "name": "别区"}).status_code == 403
    assert put(root, path, {"name": "采气十区", "kind": "team"})[1]["parent_id"] is None
    heads = {"party_secretary": [li_id], "admin_head": [li_id]}
    status, headed = put(root, f"{path}/heads", heads)
    assert (status, headed["is_whole"], headed["admin_head"][0]["name"]) == (200, True, "李四")
    post = root.post("/posts", {"code": "P1", "name": "技师", "unit_id": unit["id"]}).get_json()
    holders = f"/posts/{post['id']}/holders"
    held = root.post(holders, {"user_id": li_id, "from_day": "2025-03-01"})
    assert (held.status_code, held.get_json()["holders"][0]["from_day"]) == (201, "2025-03-01")
    assert root.post(f"{path}/closing", {"reason": "并入"}).status_code == 409
    assert root.post(f"/posts/{post['id']}/closing", {"reason": "并入"}).status_code == 409
    left = root.post(f"{holders}/{li_id}/dismissal", {"to_day": "2025-09-30"}).get_json()
    assert (left["holders"], left["former_holders"][0]["to_day"]) == ([], "2025-09-30")
    assert (
        put(root, f"/posts/{post['id']}", {"name": "高级技师", "unit_id": unit["id"]})[1]["name"]
        == "高级技师"
    )
    assert li.get(f"/posts?unit_id={unit['id']}").get_json()["total"] == 1
    assert root.post(f"/posts/{post['id']}/closing", {"reason": "并入"}).status_code == 200
    assert root.post(f"/posts/{post['id']}/reopening", {"reason": "恢复"}).get_json()["closed_on"] is None
    closed = root.post(f"{path}/closing", {"reason": "并入"})
    assert (closed.status_code, closed.get_json()["closed_on"] is None) == (200, False)
    assert li.get(path).get_json()["admin_head"] == []
    assert root.post(f"{path}/reopening", {"reason": "恢复"}).get_json()["closed_on"] is None
    assert li.get("/units/999").status_code == 404


def test_accounts_are_kept_by_an_administrator(database: Database, program: Speak) -> None:
    add_people(database)
    with database.transaction() as session:
        factories.user(session, login="root", name="管运维", roles=["admin"])
        session.add(Post(code="P1", unit_id=1, name="集输技师"))
    root, li = program("root"), program("li")
    li_id = li.get("/me").get_json()["id"]

    def put(speaker: Program, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        headers = {**speaker.headers, "Idempotency-Key": uuid.uuid4().hex}
        answer = speaker.client.put(f"/api/v1{path}", json=body, headers=headers)
        return answer.status_code, answer.get_json()

    fresh = {"login": "zhao", "name": "赵六", "unit_id": 1, "on_duty": True}
    added = root.post("/people", fresh, key="one-account-only")
    assert (added.status_code, "password" in added.text) == (201, False)
    assert root.post("/people", fresh, key="one-account-only").get_json() == added.get_json()
    path = f"/people/{added.get_json()['id']}"
    one_time = root.client.post(f"/api/v1{path}/one-time-password", headers=root.headers).get_json()
    sent = {"login": "zhao", "password": one_time["one_time_password"]}
    assert root.client.post("/api/v1/tokens", json=sent).status_code in (201, 403)
    assert (
        put(root, f"{path}/data", {"name": "赵陆", "unit_id": 1, "email": "z@example.com"})[1]["name"]
        == "赵陆"
    )
    roles = {"roles": [{"role": "hse", "unit_id": None}], "reason": "任命"}
    assert put(root, f"{path}/roles", roles)[1]["roles"] == [{"role": "hse", "unit_id": None}]
    assert put(root, f"{path}/posts", {"post_ids": [1]})[0] == 200
    assert put(root, f"{path}/posts", {"post_ids": [9]})[1]["errors"] == {
        "posts": ["没有这个岗位，或者它已撤销。"]
    }
    things = root.get(f"{path}/handover").get_json()["things"]
    assert [one["kind"] for one in things] == ["role", "post"]
    to = {"to": {one["key"]: li_id for one in things}, "reason": "调离"}
    assert root.post(f"{path}/handover", to).get_json() == {"number": 2}
    assert root.post(f"{path}/deactivation", {"reason": "调离"}).get_json()["is_active"] is False
    assert root.post(f"{path}/activation").get_json()["is_active"] is True
    assert [one["role"] for one in li.get(f"/people/{li_id}").get_json()["roles"]] == ["hse"]
    assert li.get("/people/999").status_code == 404
    assert li.post("/people", {**fresh, "login": "qian"}).status_code == 403
    assert li.post(f"{path}/one-time-password").status_code == 403
    assert [
        put(li, f"{path}/{act}", body)[0] for act, body in (("roles", roles), ("posts", {"post_ids": []}))
    ] == [
        403,
        403,
    ]
    assert li.post(f"{path}/deactivation", {}).status_code == 403
    assert li.get(f"{path}/handover").status_code == 403


def test_phrases_are_ones_own(database: Database, program: Speak) -> None:
    add_people(database)
    office, li = program("office"), program("li")
    added = office.post("/phrases", {"text": " 请 尽快办理。 "})
    assert (added.status_code, [one["text"] for one in added.get_json()["own"]]) == (201, ["请 尽快办理。"])
    assert "同意。" in added.get_json()["common"]
    assert li.get("/phrases").get_json()["own"] == []
    own_id = added.get_json()["own"][0]["id"]
    li.post(f"/phrases/{own_id}/removal")
    assert len(office.get("/phrases").get_json()["own"]) == 1
    assert office.post(f"/phrases/{own_id}/removal").status_code == 204
    assert office.get("/phrases").get_json()["own"] == []
    assert list(office.post("/phrases", {"text": "  "}).get_json()["errors"]) == ["text"]


def test_the_calendar_is_read_by_all_and_kept_by_the_office(database: Database, program: Speak) -> None:
    add_people(database)
    office, li = program("office"), program("li")

    def declare(speaker: Program, day: str) -> Any:
        headers = {**speaker.headers, "Idempotency-Key": uuid.uuid4().hex}
        body = {"is_workday": True, "reason": "冬季保供"}
        return speaker.client.put(f"/api/v1/calendar/{day}", json=body, headers=headers)

    def kind(day: str) -> str:
        days = li.get(f"/calendar?year={day[:4]}").get_json()["days"]
        return str(next(one["kind"] for one in days if one["date"] == day))

    assert (kind("2026-10-01"), kind("2026-10-10"), kind("2026-12-05")) == ("holiday", "make_up", "weekend")
    assert declare(office, "2026-12-05").get_json()["is_workday"] is True
    assert kind("2026-12-05") == "own_work"
    assert declare(li, "2026-12-06").status_code == 403
    assert declare(office, "gestern").status_code == 422
    assert office.post("/calendar/2026-12-05/removal").status_code == 204
    assert office.post("/calendar/2026-12-05/removal").status_code == 404
    assert kind("2026-12-05") == "weekend"
    assert len(li.get("/calendar").get_json()["days"]) in (365, 366)
    assert li.get("/calendar?year=1999").status_code == 422
