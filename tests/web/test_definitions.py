"""流程管理: administrators see what is deployed, let files in, and are told every reason of a refusal."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories, play
from tests.web.browsing import Visitor, text_of
from workflows import watch
from workflows.db import Database
from workflows.engine.tables import Deployment

Visit = Callable[[], Visitor]
ORDER = watch.FOLDER / "supervision_order" / "supervision_order.bpmn"


@pytest.fixture
def root(database: Database, visit: Visit) -> Iterator[Visitor]:
    """An administrator's browser; afterwards this server forgets what was deployed."""
    play.forget_deployments()
    with database.transaction() as session:
        factories.user(session, login="root", name="秦管理", roles=["admin"])
    visitor = visit()
    visitor.sign_in("root")
    yield visitor
    play.forget_deployments()


def sent(*files: tuple[str, bytes]) -> dict[str, Any]:
    return {"files": [(io.BytesIO(content), name) for name, content in files]}


def test_only_administrators_see_and_deploy(database: Database, visit: Visit) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang", roles=["office"])
    visitor = visit()
    visitor.sign_in("wang")
    assert "流程管理" not in visitor.get("/").text
    assert visitor.get("/definitions").status_code == 403
    refused = visitor.post("/definitions", sent((ORDER.name, ORDER.read_bytes())))
    assert (refused.status_code, "只有系统管理员可以部署流程。" in refused.text) == (403, True)


def test_what_is_deployed_is_shown(root: Visitor) -> None:
    assert "流程管理" in root.get("/").text
    page = text_of(root.get("/definitions").text)
    assert "督办 supervision_order" in page
    assert "还没有部署过" in page


def test_a_file_is_deployed(root: Visitor, database: Database) -> None:
    content = ORDER.read_bytes().replace("下达督办".encode(), "交办督办".encode())
    assert root.post("/definitions", sent((ORDER.name, content))).location == "/definitions"
    page = text_of(root.get("/definitions").text)
    assert "已部署，新版本的流程有 1 个；在办的继续用原来的版本。" in page
    with database.read() as session:
        one = session.scalars(select(Deployment)).one()
    assert f"supervision_order {one.digest[:12]} 秦管理" in page


def test_every_reason_of_a_refusal_is_told_in_the_language_of_the_page(
    root: Visitor, database: Database
) -> None:
    broken = ORDER.read_bytes().replace(b'targetRef="order_sent"', b'targetRef="order_lost"')
    answer = root.post("/definitions", sent((ORDER.name, broken), ("grade.dmn", b"<a />")))
    told = text_of(answer.text)
    assert answer.status_code == 422
    assert "没有部署任何内容" in told
    assert "grade.dmn 1 definitions 根元素不是 DMN 的 definitions" in told
    assert "flow_order_given_order_sent 连线的一端 order_lost 不在同一个流程或子流程中" in told
    root.post("/preferences", {"locale": "en", "next": "/definitions"})
    told = text_of(root.post("/definitions", sent((ORDER.name, broken))).text)
    assert "One end of the flow, order_lost, is not in the same process or sub-process" in told
    with database.read() as session:
        assert session.scalars(select(Deployment)).all() == []


def test_without_a_file_or_with_a_strange_name_it_says_so(root: Visitor) -> None:
    empty = root.post("/definitions")
    assert (empty.status_code, "请选择 1 至 50 个文件。" in empty.text) == (422, True)
    strange = root.post("/definitions", sent(("督办.bpmn", ORDER.read_bytes())))
    assert (strange.status_code, "只用小写字母、数字和下划线" in strange.text) == (422, True)


def test_the_command_deploys_or_tells_every_reason_in_both_languages(app: Flask, tmp_path: Path) -> None:
    good, bad = tmp_path / ORDER.name, tmp_path / "bad.bpmn"
    good.write_bytes(ORDER.read_bytes().replace("下达督办".encode(), "交办督办".encode()))
    bad.write_bytes(b"<a>")
    play.forget_deployments()
    runner = app.test_cli_runner()
    refused = runner.invoke(args=["deploy", str(good), str(bad)])
    assert refused.exit_code == 1
    assert "bad.bpmn:1: definitions: 不是格式良好的 XML" in refused.output
    assert " / Not well-formed XML" in refused.output
    done = runner.invoke(args=["deploy", str(good)])
    assert (done.exit_code, done.output.splitlines()[-2:]) == (
        0,
        ["supervision_order begins on the new version.", "1 processes deployed."],
    )
    play.forget_deployments()
