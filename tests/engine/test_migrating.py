"""Running processes moved to another version: one by one by a job, with their people, deadlines and votes, and back."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest

from tests import play
from tests.conftest import MONDAY_NINE
from tests.engine import trial
from workflows import jobs, migrating
from workflows.db import Database
from workflows.engine import definitions, history, interventions, leases
from workflows.engine.runtime import Run
from workflows.engine.tables import Delivery, Incident, MigrationItem, Process, ProcessKey, WorkItem
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.migrating import Wish
from workflows.models import User

UNTIL = MONDAY_NINE + dt.timedelta(days=2)
TIMER = (
    '<bpmn:boundaryEvent id="remind" attachedToRef="{0}" cancelActivity="false"><bpmn:timerEventDefinition>'
    "<bpmn:timeDuration>PT5H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:endEvent id="reminded" /><bpmn:sequenceFlow id="flow_remind" sourceRef="remind" targetRef="reminded" />'
)
Version = Callable[[str, str, str], str]


@pytest.fixture
def version(trials: Database) -> Iterator[Version]:
    """Makes a version of a small process current in which a text of its diagram is replaced; its digest."""
    kept = dict(definitions.LIBRARY._current)

    def make(name: str, old: str, new: str) -> str:
        files, file = definitions.LIBRARY.files(), f"{name}.bpmn"
        assert old in files[file].decode()
        files[file] = files[file].decode().replace(old, new).encode()
        made = definitions.build(name, definitions.bundles(files)[name])
        definitions.LIBRARY.put(made)
        with trials.transaction() as session:
            definitions.LIBRARY.store(session)
        return made.digest

    yield make
    definitions.LIBRARY._current = kept


@pytest.fixture
def admin(trials: Database) -> int:
    return trial.person(trials, roles=["admin"])


def start(
    database: Database, by: int, name: str, mapping: dict[str, str] | None = None, **wish: object
) -> int:
    with database.transaction() as session:
        actor, meant = session.get_one(User, by), Wish(name, **wish)  # type: ignore[arg-type]
        return migrating.start(session, meant, mapping or {}, reason="换新图", actor=actor).id


def migrate(database: Database, by: int, name: str, mapping: dict[str, str] | None = None) -> int:
    made = start(database, by, name, mapping)
    play.settle(database)
    return made


def undo(database: Database, by: int, migration: int) -> None:
    with database.transaction() as session:
        migrating.undo(session, migration, reason="图不对", actor=session.get_one(User, by))
    play.settle(database)


def statuses(database: Database, migration: int) -> list[tuple[str, list[list[str]]]]:
    with database.read() as session:
        rows = session.query(MigrationItem).filter_by(migration_id=migration).order_by(MigrationItem.id)
        return [(one.status, one.problems) for one in rows]


def digest_of(database: Database, process: int) -> str:
    with database.read() as session:
        return session.get_one(Process, process).digest


def test_people_deadlines_and_claims_are_kept_and_the_process_ends_on_the_new_version(
    trials: Database, someone: int, admin: int, version: Version
) -> None:
    process = trial.begin(trials, "boundary_interrupting", someone, until=UNTIL)
    before, items = play.timers(trials, process), play.items(trials, process)
    made = version("boundary_interrupting", "</bpmn:process>", f"{TIMER.format('work')}</bpmn:process>")
    play.pass_time(hours=1)
    migration = migrate(trials, admin, "boundary_interrupting")
    assert statuses(trials, migration) == [("done", [])]
    assert digest_of(trials, process) == made
    at = MONDAY_NINE + dt.timedelta(hours=6)
    assert play.timers(trials, process) == sorted([*before, ("remind", at)], key=lambda one: one[1])
    assert play.items(trials, process) == items
    (entry,) = [one for one in play.history(trials, process) if one.verb == "migrate"]
    assert (entry.reason, entry.actor_id, entry.after["digest"]) == ("换新图", admin, made)
    play.wait_until(trials, at)
    assert play.timers(trials, process) == before
    play.wait_until(trials, UNTIL)
    assert (trial.notes(trials, someone), play.status(trials, process)) == (["late"], "completed")
    with trials.read() as session:
        assert history.first_bent(session, session.get_one(Process, process)) is None


def test_a_half_voted_round_keeps_its_votes(trials: Database, admin: int, version: Version) -> None:
    voters = trial.people(trials, 3)
    process = trial.begin(trials, "round_all", voters[0], signers=voters)
    play.complete(trials, "trial.vote", by=voters[0], agree=True)
    version("round_all", 'name="会签"', 'name="联签"')
    assert statuses(trials, migrate(trials, admin, "round_all")) == [("done", [])]
    for voter in voters[1:]:
        play.complete(trials, "trial.vote", by=voter, agree=True)
    assert play.status(trials, process) == "completed"
    assert trial.notes(trials, voters[0]) == ["yes"]


def test_a_migration_is_undone_until_the_process_goes_on(
    trials: Database, someone: int, admin: int, version: Version
) -> None:
    stays, goes = (trial.begin(trials, "two_steps", someone) for _ in range(2))
    old = digest_of(trials, stays)
    made = version("two_steps", "</bpmn:process>", f"{TIMER.format('first')}</bpmn:process>")
    migration = migrate(trials, admin, "two_steps")
    play.complete(trials, "first", by=someone, process=goes)
    with trials.read() as session:
        shown, _ = migrating.shown(session, migration, actor=session.get_one(User, admin))
        assert [one.may_undo for one in shown.items] == [True, False]
    undo(trials, admin, migration)
    assert statuses(trials, migration) == [
        ("undone", []),
        ("done", [["two_steps", "流程在迁移之后已经走动，不能撤回。"]]),
    ]
    assert (digest_of(trials, stays), digest_of(trials, goes)) == (old, made)
    assert play.timers(trials, stays) == []
    verbs = [one.verb for one in play.history(trials, stays)]
    assert verbs == ["start", "migrate", "undo_migration"]
    for process, steps in ((stays, ("first", "second")), (goes, ("second",))):
        for step in steps:
            play.complete(trials, step, by=someone, process=process)
        assert play.status(trials, process) == "completed"
        with trials.read() as session:
            assert history.first_bent(session, session.get_one(Process, process)) is None


def test_a_renamed_step_is_refused_unless_it_is_mapped(
    trials: Database, someone: int, admin: int, version: Version
) -> None:
    process = trial.begin(trials, "two_steps", someone)
    old = digest_of(trials, process)
    version("two_steps", "first", "opening")
    refused = migrate(trials, admin, "two_steps")
    assert statuses(trials, refused) == [("refused", [["first", "新版本的同一范围内没有环节 first。"]])]
    assert digest_of(trials, process) == old
    migrate(trials, admin, "two_steps", {"first": "opening"})
    assert play.open_nodes(trials, process) == ["opening"]
    play.complete(trials, "opening", by=someone)
    assert play.open_nodes(trials, process) == ["second"]


@pytest.mark.parametrize(
    ("name", "old", "new", "text"),
    [
        ("two_steps", '"trial.work"', '"trial.vote"', "新版本的 first 是另一个步骤：trial.vote。"),
        ("round_all", "<bpmn:multiInstanceLoopCharacteristics", "<bpmn:documentation", "单人办理与会签之间"),
        (
            "timer_duration",
            "<bpmn:timeDuration>PT1H</bpmn:timeDuration>",
            "<bpmn:timeCycle>R/PT1H</bpmn:timeCycle>",
            "另一种事件",
        ),
        ("calls", 'calledElement="called"', 'calledElement="two_steps"', "调用的是另一个流程：two_steps。"),
    ],
)
def test_what_has_become_another_thing_is_refused(
    trials: Database, someone: int, admin: int, version: Version, name: str, old: str, new: str, text: str
) -> None:
    trial.begin(trials, name, someone, signers=[someone])
    version(name, old, new)
    ((status, problems),) = statuses(trials, migrate(trials, admin, name))
    assert (status, text in problems[0][1]) == ("refused", True)


def test_a_new_version_that_could_not_end_from_here_is_refused(
    trials: Database, someone: int, admin: int, version: Version
) -> None:
    process = trial.begin(trials, "both", someone)
    play.complete(trials, "left", by=someone)
    version("both", 'id="g_join"', 'id="g_join" name="改"')
    version(
        "both",
        '<bpmn:sequenceFlow id="flow_right_g_join" sourceRef="right" targetRef="g_join" />',
        '<bpmn:sequenceFlow id="flow_right_ended" sourceRef="right" targetRef="ended" />'
        '<bpmn:sequenceFlow id="flow_split_join" sourceRef="g_split" targetRef="g_join" />',
    )
    ((status, problems),) = statuses(trials, migrate(trials, admin, "both"))
    assert (status, problems[0][1]) == ("refused", "从现在的位置起，流程在新版本里不能正常走到结束。")
    play.complete(trials, "right", by=someone)
    assert play.status(trials, process) == "completed"


def test_a_suspended_process_stays_suspended(
    trials: Database, someone: int, admin: int, version: Version
) -> None:
    process = trial.begin(trials, "two_steps", someone)
    with trials.transaction() as session:
        interventions.suspend(Run.take(session, process), actor_id=admin, reason="等图")
    made = version("two_steps", 'name="两步"', 'name="两步走"')
    migrate(trials, admin, "two_steps")
    assert (play.status(trials, process), digest_of(trials, process)) == ("suspended", made)


def test_a_message_that_came_early_reaches_a_version_that_waits_for_it(
    trials: Database, someone: int, admin: int, version: Version
) -> None:
    process = trial.begin(trials, "two_steps", someone, case_id=7)
    message = (
        '<bpmn:message id="m" name="TRIAL_GO"><bpmn:extensionElements><spiffworkflow:properties>'
        '<spiffworkflow:property name="key" value="case_id" /></spiffworkflow:properties>'
        "</bpmn:extensionElements></bpmn:message>"
    )
    play.send(trials, "TRIAL_GO", key="case_id", case_id=7)
    caught = TIMER.format("first").replace(
        "<bpmn:timerEventDefinition><bpmn:timeDuration>PT5H</bpmn:timeDuration></bpmn:timerEventDefinition>",
        '<bpmn:messageEventDefinition messageRef="m" />',
    )
    version("two_steps", "</bpmn:process>", f"{caught}</bpmn:process>{message}")
    migration = migrate(trials, admin, "two_steps")
    with trials.read() as session:
        assert session.query(ProcessKey).filter_by(process_id=process).one().value == "7"
        assert [one.status for one in session.query(Delivery)] == ["done"]
    assert ("receive", "remind") in play.acts(trials, process)
    undo(trials, admin, migration)
    assert statuses(trials, migration)[0][0] == "done"


def test_many_are_moved_past_one_that_fails_and_after_a_worker_was_lost(
    trials: Database, someone: int, admin: int, version: Version
) -> None:
    many = [trial.begin(trials, "two_steps", someone) for _ in range(200)]
    for process in many[:2]:
        play.complete(trials, "first", by=someone, process=process)
    with trials.transaction() as session:
        session.get_one(Process, many[5]).history_seq = 0  # its next row of history is there already
    made = version("two_steps", "second", "closing")
    migration = start(trials, admin, "two_steps")
    job = jobs.NAMED["migration"]
    with trials.transaction() as session:
        taken = leases.take(session, job.table, job.waiting, 50)
    for lease in taken[:20]:  # whose worker is lost afterwards
        jobs.attempt(trials, job, lease.row_id, lease)
    play.pass_time(minutes=5)
    play.settle(trials)
    with trials.read() as session:
        shown, total = migrating.shown(
            session, migration, actor=session.get_one(User, admin), status="refused"
        )
        assert (shown.counts, total) == ({"done": 197, "refused": 2, "planned": 1}, 2)
        (incident,) = session.query(Incident)
        assert (incident.process_id, incident.source.partition(":")[0]) == (many[5], "migration")
    assert {digest_of(trials, one) for one in many[6:]} == {made}
    assert [
        len([one for one in play.history(trials, process) if one.verb == "migrate"]) for process in many[6:9]
    ] == [1, 1, 1]
    with trials.transaction() as session:
        session.get_one(Process, many[5]).history_seq = 1
        jobs.retry(session, incident.source)
    play.settle(trials)
    assert digest_of(trials, many[5]) == made


def test_a_dry_run_writes_nothing_and_tells_of_each(
    trials: Database, someone: int, admin: int, version: Version
) -> None:
    maps, stuck = (trial.begin(trials, "two_steps", someone) for _ in range(2))
    play.complete(trials, "first", by=someone, process=stuck)
    version("two_steps", "second", "closing")
    with trials.transaction() as session:
        actor = session.get_one(User, admin)
        told = migrating.try_out(session, Wish("two_steps"), {}, actor=actor)
        assert [(one.process.id, one.maps) for one in told.rows] == [(stuck, False), (maps, True)]
        assert (told.rows[1].nodes, told.rows[0].problems[0].title) == ({"先办": "先办"}, "后办")
        assert (told.total, told.stuck) == (2, 1)
        (now,), (then,) = migrating.sheets(session, maps, {}, actor=actor)
        assert ("closing" in now.xml, "closing" in then.xml) == (False, True)
        assert [set(one.now) for one in (now, then)] == [{"first"}, {"first"}]
        assert not session.new | session.dirty
        some = migrating.try_out(session, Wish("two_steps", ids=(stuck,)), {"second": "closing"}, actor=actor)
        assert [(one.process.id, one.maps) for one in some.rows] == [(stuck, True)]
    assert [len(play.history(trials, one)) for one in (maps, stuck)] == [1, 2]


def test_only_an_administrator_migrates_with_a_reason_and_something_to_migrate(
    trials: Database, someone: int, admin: int, version: Version
) -> None:
    with pytest.raises(Conflict, match=r"^没有符合条件的在办流程，都在现行版本上。$"):
        start(trials, admin, "two_steps")
    trial.begin(trials, "two_steps", someone)
    version("two_steps", "second", "closing")
    with pytest.raises(Forbidden):
        start(trials, someone, "two_steps")
    with trials.transaction() as session:
        actor = session.get_one(User, admin)
        with pytest.raises(Invalid):
            migrating.start(session, Wish("two_steps"), {}, reason=" ", actor=actor)
    with pytest.raises(Invalid):
        start(trials, admin, "two_steps", {"second": "nowhere"})
    assert migrating.read_mapping("second = closing\n a->b ") == {"second": "closing", "a": "b"}
    with pytest.raises(Invalid):
        migrating.read_mapping("second closing")


def test_somebody_who_acts_while_it_is_moved_loses_nothing(
    trials: Database, someone: int, admin: int, version: Version
) -> None:
    process = trial.begin(trials, "two_steps", someone)
    version("two_steps", 'name="两步"', 'name="两步走"')
    start(trials, admin, "two_steps")

    play.at_once([play.at_hand(trials, "first", by=someone), lambda: play.settle(trials)])
    play.settle(trials)
    assert play.open_nodes(trials, process) == ["second"]
    assert sorted(one.verb for one in play.history(trials, process)) == ["complete", "migrate", "start"]
    with trials.read() as session:
        assert history.first_bent(session, session.get_one(Process, process)) is None
        assert session.query(WorkItem).count() == 2
