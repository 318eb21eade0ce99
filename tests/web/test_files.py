"""Files over the web: uploaded, handed in, kept when a form is refused, given out as downloads only."""

import io
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests import factories
from tests.web.browsing import Visitor, text_of
from workflows.db import Database
from workflows.domain import accounts
from workflows.models import FileLink, StoredFile

Visit = Callable[[], Visitor]
PDF = b"%PDF-1.7\n..."
NAME = "揭榜挂帅方案.pdf"
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
        return factories.challenge(session).id


@pytest.fixture
def wang(visit: Visit, challenge_id: int) -> Visitor:
    visitor = visit()
    visitor.sign_in("wang")
    return visitor


@pytest.fixture
def task(wang: Visitor, challenge_id: int) -> str:
    """The path of wang's first task, 组队."""
    return wang.post(f"/challenges/{challenge_id}/bids").location


class Program:
    """A client of the API as one user."""

    def __init__(self, app: Flask, database: Database, login: str) -> None:
        with database.transaction() as session:
            user = accounts.by_login(session, login)
            assert user is not None
            token = accounts.issue_token(session, user, name="test", days=1)
        self.client, self.headers = app.test_client(), {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers=self.headers)

    def post(self, path: str, body: Any, *, key: str = "") -> TestResponse:
        headers = {**self.headers, "Idempotency-Key": key or uuid.uuid4().hex}
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)

    def upload(self, content: bytes = PDF, name: str = NAME, *, key: str = "") -> TestResponse:
        headers = {**self.headers, "Idempotency-Key": key or uuid.uuid4().hex}
        data = {"file": (io.BytesIO(content), name)}
        return self.client.post("/api/v1/files", data=data, headers=headers)


@pytest.fixture
def program(app: Flask, database: Database, challenge_id: int) -> Program:
    return Program(app, database, "wang")


def stored(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(StoredFile.name).order_by(StoredFile.id)))


def linked(database: Database) -> list[tuple[int, int | None]]:
    with database.read() as session:
        return [(link.file_id, link.item_id) for link in session.scalars(select(FileLink))]


def test_a_file_is_uploaded_described_and_downloaded(program: Program) -> None:
    sent = program.upload()
    assert sent.status_code == 201
    told = sent.get_json()
    assert (told["name"], told["size"], told["media_type"]) == (NAME, len(PDF), "application/pdf")
    assert told["uploaded_by"]["name"] == "王建国"
    assert program.get(f"/files/{told['id']}").get_json() == told
    content = program.get(f"/files/{told['id']}/content")
    assert (content.data, content.mimetype) == (PDF, "application/pdf")
    disposition = content.headers["Content-Disposition"]
    assert disposition.startswith("attachment;")
    assert f"filename*=UTF-8''{quote(NAME)}" in disposition
    assert content.headers["X-Content-Type-Options"] == "nosniff"
    assert content.headers["Cache-Control"] == "no-store"


def test_a_repeated_upload_stores_one_file_and_another_under_its_key_is_refused(
    program: Program, database: Database
) -> None:
    first, second = (program.upload(key="key-00000001") for _ in range(2))
    assert first.data == second.data
    assert second.headers["Idempotent-Replayed"] == "true"
    other = program.upload(PDF + b"!", key="key-00000001")
    assert other.status_code == 422
    assert other.get_json()["detail"] == "这个幂等键已用于另一次请求，请刷新页面后重试。"
    assert stored(database) == [NAME]


def test_an_upload_that_breaks_the_rule_is_told_it(app: Flask, program: Program, database: Database) -> None:
    refused = program.upload(b"<svg/>", "图.svg")
    assert refused.status_code == 422
    assert refused.get_json()["errors"]["file"][0].startswith("“图.svg”的类型不能上传。可以上传：pdf、")
    app.config["MAX_FILE_MB"] = 0
    large = program.upload()
    assert large.get_json()["errors"] == {"file": [f"“{NAME}”超过 0 MB，请压缩或拆分后再上传。"]}
    assert stored(database) == []


def test_a_file_of_somebody_else_is_not_found(app: Flask, program: Program, database: Database) -> None:
    file_id = program.upload().get_json()["id"]
    li = Program(app, database, "li")
    for path in (f"/files/{file_id}", f"/files/{file_id}/content", "/files/99999"):
        answer = li.get(path)
        assert answer.status_code == 404
        assert answer.get_json()["detail"] == "没有找到这个附件，或者您无权查看。"


def test_a_task_is_done_with_files_over_the_api_and_shows_them(program: Program, task: str) -> None:
    file_id = program.upload().get_json()["id"]
    item_id = task.rpartition("/")[2]
    row = {"user_id": program.get("/me").get_json()["id"], "role": "leader", "workload_pct": 30}
    values = {"members": [row], "attachments": [file_id], "opinion": "见附件"}
    done = program.post(f"/work-items/{item_id}/completion", {"values": values})
    assert done.status_code == 200
    shown = program.get(f"/work-items/{item_id}").get_json()
    assert (shown["opinion"], [file["name"] for file in shown["attachments"]]) == ("见附件", [NAME])
    following = program.get(f"/work-items/{done.get_json()['next_item_id']}").get_json()
    assert following["attachments"] == []
    assert [file["id"] for file in following["process_attachments"]] == [file_id]


def test_a_form_hands_in_several_files_without_javascript(
    wang: Visitor, database: Database, task: str
) -> None:
    page = wang.get(task).text
    assert 'enctype="multipart/form-data"' in page
    assert re.search(r'<input class="form-control" type="file" multiple name="attachments"', page)
    sent = {**ROW, "attachments": [(io.BytesIO(PDF), NAME), (io.BytesIO(b"a,b"), "数据.csv")]}
    done = wang.post(task, sent)
    assert done.status_code == 302
    assert stored(database) == [NAME, "数据.csv"]
    item_id = int(task.rpartition("/")[2])
    assert linked(database) == [(1, item_id), (2, item_id)]
    following = wang.get(done.location).text
    assert f'<a href="/files/1">{NAME}</a>' in following
    assert wang.get("/files/1").data == PDF


def test_a_refused_form_keeps_the_files_that_were_chosen(
    wang: Visitor, database: Database, task: str
) -> None:
    refused = wang.post(task, {"attachments": [(io.BytesIO(PDF), NAME)]})
    assert refused.status_code == 422
    assert stored(database) == [NAME]
    assert linked(database) == []
    kept = re.search(r'type="checkbox" name="attachments" value="(\d+)" checked', refused.text)
    assert kept is not None
    assert f"保留 {NAME}" in text_of(refused.text)
    done = wang.post(task, {**ROW, "attachments": kept[1]})
    assert done.status_code == 302
    assert stored(database) == [NAME]
    assert linked(database) == [(int(kept[1]), int(task.rpartition("/")[2]))]


def test_a_row_button_keeps_the_files_too(wang: Visitor, database: Database, task: str) -> None:
    sent = {**ROW, "_rows": "add:members", "attachments": [(io.BytesIO(PDF), NAME)]}
    page = wang.post(f"{task}/rows", sent)
    assert page.status_code == 200
    assert f"保留 {NAME}" in text_of(page.text)
    assert stored(database) == [NAME]


def test_a_file_that_is_not_taken_in_is_told_at_its_field(
    wang: Visitor, database: Database, task: str
) -> None:
    both = [(io.BytesIO(b"<p>"), "页.html"), (io.BytesIO(PDF), NAME)]
    refused = wang.post(task, {**ROW, "attachments": both})
    assert refused.status_code == 422
    page = text_of(refused.text)
    assert "“页.html”的类型不能上传。" in page
    assert f"保留 {NAME}" in page
    assert stored(database) == [NAME]


def test_names_of_files_that_one_may_not_read_are_not_shown(
    app: Flask, wang: Visitor, database: Database, task: str
) -> None:
    foreign = Program(app, database, "li").upload(name="机密.pdf").get_json()["id"]
    refused = wang.post(task, {**ROW, "attachments": str(foreign)})
    assert refused.status_code == 422
    assert "没有这个附件，请重新上传。" in text_of(refused.text)
    assert "机密" not in refused.text
    assert wang.get(f"/files/{foreign}").status_code == 404


def test_the_more_acts_of_a_task_are_small_forms(
    wang: Visitor, visit: Visit, database: Database, task: str
) -> None:
    page = wang.get(task).text
    assert re.findall(rf'href="({task}/share/\w+)"', page) == [
        f"{task}/share/delegation",
        f"{task}/share/copies",
    ]
    form = wang.get(f"{task}/share/copies")
    assert "抄送" in text_of(form.text)
    refused = wang.post(f"{task}/share/copies", {"user_id": "没有这人"})
    assert (refused.status_code, "没有这人" in refused.text) == (422, True)
    sent = wang.post(f"{task}/share/copies", {"user_id": "李四 · 第一采气队 · li", "note": "供了解"})
    assert (sent.status_code, sent.location) == (302, task)
    li = visit()
    li.sign_in("li")
    assert f'href="{task}"' in li.get("/work?box=copies").text
    assert f'href="{task}"' not in li.get("/work?box=copies&q=没有").text
    assert wang.get(f"{task}/share/nothing").status_code == 404
    given = wang.post(f"{task}/share/delegation", {"user_id": "李四 · 第一采气队 · li", "reason": "请提意见"})
    assert given.location == "/work"
    assert "意见" in text_of(li.get(task).text)


def test_tasks_are_shared_and_substitutes_appointed_over_the_api(
    app: Flask, program: Program, database: Database, task: str
) -> None:
    item = f"/work-items/{task.rpartition('/')[2]}"
    with database.transaction() as session:
        li_id = accounts.by_login(session, "li").id  # type: ignore[union-attr]  # the fixture made them
    asked = {"user_id": li_id, "reason": "请办"}
    assert program.post(f"{item}/transfer", asked).status_code == 409
    assert program.post(f"{item}/signers", asked).status_code == 409
    assert program.post(f"{item}/removal", {"reason": "x"}).status_code == 403
    assert program.post(f"{item}/copies", {"user_ids": [li_id]}).status_code == 204
    assert program.post(f"{item}/urging", {}).status_code == 204
    assert program.post(f"{item}/delegation", asked).status_code == 204
    li = Program(app, database, "li")
    todo = li.get("/work-items?q=冻堵&process_name=bid").get_json()
    assert [(row["step"], row["process_name"], row["audience"]) for row in todo["rows"]] == [
        ("bid.form_team", "bid", f"user:{li_id}")
    ]
    assert (todo["counts"]["todo"], todo["counts"]["copies"]) == (1, 1)
    assert li.get("/work-items?box=all").status_code == 403
    days = {"substitute_id": li_id, "from_day": "2999-01-01", "to_day": "2999-01-31", "reason": "休假"}
    made = program.post("/delegations", days)
    assert made.status_code == 201
    assert made.get_json()["principal"]["name"] == "王建国"
    assert li.get("/delegations").get_json() == {"rows": [made.get_json()], "total": 1}
    assert program.post("/delegations", {**days, "principal_id": 99_999}).status_code == 422
    revoked = program.post(f"/delegations/{made.get_json()['id']}/revocation", None)
    assert revoked.get_json()["revoked_at"] is not None
