"""Diagrams and tables are let in by operators: what begins anew, what keeps running, what is refused."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests import factories, play
from workflows import db, watch
from workflows.engine import deployments
from workflows.engine.definitions import LIBRARY, read_folder
from workflows.engine.registry import Started
from workflows.engine.runtime import Run
from workflows.engine.tables import Deployment, Process
from workflows.errors import Forbidden, Invalid
from workflows.models import RuleState, RuleVersion

FILE = "no_bid.bpmn"
SHIPPED = (watch.FOLDER / "publish" / FILE).read_bytes()
CHANGED = SHIPPED.replace(b"</bpmn:definitions>", b"<!-- another --></bpmn:definitions>")


@pytest.fixture
def served(database: db.Database, clock_at: Callable[..., None]) -> Iterator[db.Database]:
    """A database that a server has started on; afterwards this server forgets what was deployed."""
    play.forget_deployments()
    watch.install(database)
    yield database
    play.forget_deployments()


def deploy(database: db.Database, **files: bytes) -> watch.Deployed:
    with database.transaction() as session:
        given = {name.replace("__", "."): content for name, content in files.items()}
        return watch.deploy(session, given, actor=None)


def test_a_deployed_version_begins_anew_on_every_server_and_after_a_start(served: db.Database) -> None:
    old = LIBRARY.current("no_bid").digest
    assert deploy(served, no_bid__bpmn=CHANGED) == watch.Deployed(("no_bid", "publish"), ())
    LIBRARY.install(read_folder(watch.FOLDER))  # as another server has it, that started before
    with served.read() as session:
        deployments.refresh(session)
        new = session.scalars(select(Deployment.digest).where(Deployment.process == "no_bid")).one()
    assert LIBRARY.current("no_bid").digest == new != old
    assert watch.install(served) == 0
    assert LIBRARY.current("no_bid").digest == new


def test_what_was_deployed_before_may_be_deployed_again(served: db.Database) -> None:
    old = LIBRARY.current("no_bid").digest
    deploy(served, no_bid__bpmn=CHANGED)
    with served.read() as session:
        deployments.refresh(session)
    assert deploy(served, no_bid__bpmn=SHIPPED).processes == ("no_bid", "publish")
    with served.read() as session:
        deployments.refresh(session)
    assert LIBRARY.current("no_bid").digest == old
    assert deploy(served, no_bid__bpmn=SHIPPED).processes == ()


def test_a_release_with_a_version_that_is_new_takes_its_place(served: db.Database, tmp_path: Path) -> None:
    deploy(served, no_bid__bpmn=CHANGED)
    for name, content in read_folder(watch.FOLDER).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / FILE).write_bytes(SHIPPED + b"<!-- of the next release -->")
    watch.install(served, tmp_path)
    assert LIBRARY.current("no_bid").files[FILE].endswith(b"next release -->")


def test_what_runs_keeps_its_version(served: db.Database) -> None:
    with served.transaction() as session:
        person_id = factories.user(session).id
        first = Started("督办", "/", {"action_item_id": 1})
        before = Run.begin(session, "supervision_order", first, actor_id=person_id).process.digest
    content = (watch.FOLDER / "supervision_order" / "supervision_order.bpmn").read_bytes()
    deploy(served, supervision_order__bpmn=content.replace("下达督办".encode(), "交办督办".encode()))
    with served.transaction() as session:
        after = Run.begin(session, "supervision_order", first, actor_id=person_id).process.digest
        assert after != before
        assert session.scalars(select(Process.digest).order_by(Process.id)).all() == [before, after]
    with served.read() as session:
        [line] = [one for one in watch.overview(session).lines if one.process == "supervision_order"]
        assert (line.version, line.running, line.running_older) == (after[:12], 0, 0)
        assert line.deployed is not None


def test_nothing_is_deployed_when_one_file_is_refused(served: db.Database) -> None:
    with pytest.raises(watch.DefinitionError) as caught:
        deploy(served, no_bid__bpmn=CHANGED, broken__bpmn=b"<a>", grade__dmn=b"<b />")
    assert {(one.file, one.code) for one in caught.value.defects} == {
        ("broken.bpmn", "not_xml"),
        ("grade.dmn", "table"),
    }
    with served.read() as session:
        assert session.scalars(select(Deployment)).all() == []


def test_a_changed_table_becomes_a_draft(served: db.Database) -> None:
    content = (watch.FOLDER / "publish" / "bid_count.dmn").read_bytes()
    deployed = deploy(served, bid_count__dmn=content.replace("收榜判断".encode(), "收榜的判断".encode()))
    assert deployed.drafts == (("bid_count.dmn", 2),)
    with served.read() as session:
        states = select(RuleVersion.state).where(
            RuleVersion.file == "bid_count.dmn", RuleVersion.version == 2
        )
        assert session.scalars(states).one() == RuleState.DRAFT


@pytest.mark.parametrize("name", ["../no_bid.bpmn", "No_bid.bpmn", "no_bid.xml", "流标.bpmn", ".bpmn"])
def test_file_names_are_plain(served: db.Database, name: str) -> None:
    with served.write() as session, pytest.raises(Invalid) as caught:
        watch.deploy(session, {name: CHANGED}, actor=None)
    assert caught.value.fields["files"][0].startswith(f"文件名 {name} 不行")


def test_at_least_one_file_is_given(served: db.Database) -> None:
    with served.write() as session, pytest.raises(Invalid) as caught:
        watch.deploy(session, {}, actor=None)
    assert caught.value.fields == {"files": ["请选择 1 至 50 个文件。"]}


def test_only_administrators_deploy(served: db.Database) -> None:
    with served.write() as session:
        office = factories.user(session, roles=["office"])
        with pytest.raises(Forbidden):
            watch.deploy(session, {FILE: CHANGED}, actor=office)
        admin = factories.user(session, roles=["admin"])
        watch.deploy(session, {FILE: CHANGED}, actor=admin)
        assert {one.by_id for one in session.scalars(select(Deployment))} == {admin.id}
