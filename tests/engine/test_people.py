"""Whom a user task asks, and who of them may take it."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories, play
from tests.engine import trial
from workflows import access, clock, work
from workflows.db import Database
from workflows.domain import permissions
from workflows.engine import signing
from workflows.engine.errors import StepFailed
from workflows.engine.registry import HOOKS
from workflows.engine.runtime import Run
from workflows.engine.tables import OPEN, WorkCandidate, WorkItem
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Post, PostHolding, User


def _claim(trials: Database, item_id: int, user_id: int) -> None:
    with trials.transaction() as session:
        work.claim(session, item_id, actor=session.get_one(User, user_id))


def _release(trials: Database, item_id: int, user_id: int) -> None:
    with trials.transaction() as session:
        work.release(session, item_id, actor=session.get_one(User, user_id))


def _both_ways(trials: Database, user_id: int) -> tuple[list[int], list[int]]:
    """Ids of the open items that are for somebody: asked of each item, and looked up as lists do."""
    with trials.read() as session:
        held = permissions.grants(session, session.get_one(User, user_id))
        of_each = (WorkItem.status == OPEN) & access.is_mine(held)
        ids = select(WorkItem.id).order_by(WorkItem.id)
        conditions = (of_each, access.are_open_and_mine(held))
        asked, listed = [list(session.scalars(ids.where(one))) for one in conditions]
        return asked, listed


def _only_item(trials: Database, process: int) -> int:
    with trials.read() as session:
        (item,) = play.all_items(session, process)
        return item.id


def test_a_role_of_the_plant_is_asked(trials: Database, someone: int) -> None:
    holder = trial.person(trials, roles=["office"])
    of_a_unit = trial.person(trials, roles=["office@"])
    process = trial.begin(trials, "ask_plant", someone)
    item = _only_item(trials, process)
    assert play.items(trials, process) == [("work", "role:office", "open")]
    with pytest.raises(NotFound, match=r"^没有找到这个任务。$"):
        play.complete_item(trials, item, by=of_a_unit)
    play.complete_item(trials, item, by=holder)
    assert trial.notes(trials, someone) == ["done"]


def test_a_role_of_one_unit_is_asked(trials: Database, someone: int) -> None:
    with trials.transaction() as session:
        home, other = factories.unit(session), factories.unit(session)
        holder = factories.user(session, of=home, roles=["leader@"]).id
        elsewhere = factories.user(session, of=other, roles=["leader@"]).id
        unit_id = home.id
    process = trial.begin(trials, "ask_unit", someone, unit_id=unit_id)
    item = _only_item(trials, process)
    with pytest.raises(NotFound):
        play.complete_item(trials, item, by=elsewhere)
    play.complete_item(trials, item, by=holder)
    assert play.items(trials, process) == [("work", f"role:leader@{unit_id}", "done")]


def test_whoever_holds_the_post_is_asked(trials: Database, someone: int) -> None:
    holder, other = trial.people(trials, 2)
    with trials.transaction() as session:
        post = Post(code="P1", unit_id=session.get_one(User, holder).unit_id, name="采气工")
        session.add(post)
        session.flush()
        session.add(PostHolding(post_id=post.id, user_id=holder))
        post_id = post.id
    process = trial.begin(trials, "ask_post", someone, post_id=post_id)
    item = _only_item(trials, process)
    with pytest.raises(NotFound):
        play.complete_item(trials, item, by=other)
    play.complete_item(trials, item, by=holder)
    assert play.items(trials, process) == [("work", f"post:{post_id}", "done")]


def test_one_person_named_by_an_expression_is_asked(trials: Database, someone: int) -> None:
    (only,) = trial.people(trials, 1)
    process = trial.begin(trials, "ask_people", someone, people=only)
    play.complete(trials, "trial.work", by=only)
    assert play.items(trials, process) == [("work", f"user:{only}", "done")]


def test_one_of_several_people_does_it_for_all(trials: Database, someone: int) -> None:
    first, second, stranger = trial.people(trials, 3)
    process = trial.begin(trials, "ask_people", someone, people=[first, second])
    item = _only_item(trials, process)
    with pytest.raises(NotFound):
        play.complete_item(trials, item, by=stranger)
    play.complete_item(trials, item, by=second)
    with pytest.raises(Conflict, match=r"^本任务已由员工\d+于 2026-11-23 09:00 办理，无需再办。$"):
        play.complete_item(trials, item, by=first)
    assert play.items(trials, process) == [("work", "listed", "done")]
    assert trial.notes(trials, someone) == ["done"]


def test_who_started_the_process_sees_the_task_but_does_not_do_it(trials: Database, someone: int) -> None:
    (only,) = trial.people(trials, 1)
    process = trial.begin(trials, "ask_people", someone, people=[only])
    with pytest.raises(Forbidden, match=r"^这个任务不是由您办理的。$"):
        play.complete_item(trials, _only_item(trials, process), by=someone)
    assert play.items(trials, process) == [("work", f"user:{only}", "open")]


def test_a_claimed_task_is_done_by_nobody_else(trials: Database, someone: int) -> None:
    first, second = trial.people(trials, 2)
    process = trial.begin(trials, "ask_people", someone, people=[first, second])
    item = _only_item(trials, process)
    _claim(trials, item, first)
    _claim(trials, item, first)  # again: nothing changes
    with pytest.raises(Conflict, match=r"^本任务已由员工\d+签收。$"):
        _claim(trials, item, second)
    with pytest.raises(Conflict, match=r"^本任务已由员工\d+签收。$"):
        play.complete_item(trials, item, by=second)
    play.complete_item(trials, item, by=first)
    assert play.acts(trials, process) == [
        ("start", "ask_people"),
        ("claim", "work"),
        ("complete", "work"),
        ("auto", "note_done"),
        ("end", "ask_people"),
    ]


def test_a_released_task_is_everybodys_again(trials: Database, someone: int) -> None:
    first, second = trial.people(trials, 2)
    process = trial.begin(trials, "ask_people", someone, people=[first, second])
    item = _only_item(trials, process)
    with pytest.raises(Conflict, match=r"^本任务不是由您签收的。$"):
        _release(trials, item, first)
    _claim(trials, item, first)
    _release(trials, item, first)
    _claim(trials, item, second)
    play.complete_item(trials, item, by=second)
    assert trial.notes(trials, someone) == ["done"]


def test_an_unknown_task_is_not_found(trials: Database, someone: int) -> None:
    with pytest.raises(NotFound, match=r"^没有找到这个任务。$"):
        play.complete_item(trials, 99, by=someone)


def test_a_malformed_form_changes_nothing(trials: Database, someone: int) -> None:
    (only,) = trial.people(trials, 1)
    process = trial.begin(trials, "ask_people", someone, people=only)
    with pytest.raises(Invalid) as refused:
        play.complete(trials, "trial.work", by=only, set="no mapping", more=1)
    assert refused.value.fields == {"set": ["Not a valid mapping type."], "more": ["Unknown field."]}
    assert play.items(trials, process) == [("work", f"user:{only}", "open")]
    assert play.acts(trials, process) == [("start", "ask_people")]


@pytest.mark.parametrize("people", ["li", Decimal("1.5"), True])
def test_what_is_no_id_cannot_be_asked(trials: Database, someone: int, people: object) -> None:
    with pytest.raises(StepFailed, match=r"^work: .* is not an id$"):
        trial.begin(trials, "ask_people", someone, people=people)


def test_a_listed_task_with_nobody_on_its_list_is_an_error(trials: Database, someone: int) -> None:
    with pytest.raises(StepFailed, match=r"^work: there is nobody to ask$"):
        trial.begin(trials, "ask_people", someone, people=[])


@pytest.mark.parametrize("until", [3, dt.date(2026, 12, 1), "soon"])
def test_a_due_date_is_an_instant_or_a_duration(trials: Database, someone: int, until: object) -> None:
    with pytest.raises(StepFailed, match=r"^work: a due date is an instant with a zone or a duration, not"):
        trial.begin(trials, "ask_by", someone, until=until)


def _by_step(session: Session, step: str, data: Mapping[str, Any]) -> int | None:
    """Two working days for the trial's work on a case, nothing else."""
    return 2 if step == "trial.work" and "case_id" in data else None


@pytest.mark.parametrize(
    ("name", "data", "due"),
    [
        ("ask_plant", {"case_id": 1}, "2026-11-26 00:00"),
        ("ask_plant", {}, None),
        ("ask_by", {"case_id": 1, "until": dt.datetime(2026, 12, 2, 18, tzinfo=clock.PLANT_ZONE)}, "2026-12-02 18:00"),
    ],
)  # fmt: skip
def test_the_campaign_says_by_when_where_the_diagram_does_not(
    trials: Database,
    someone: int,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    data: dict[str, Any],
    due: str | None,
) -> None:
    monkeypatch.setattr(HOOKS, "due_workdays", _by_step)
    process = trial.begin(trials, name, someone, **data)
    with trials.read() as session:
        (item,) = play.all_items(session, process)
        assert (item.due_at and f"{clock.local(item.due_at):%Y-%m-%d %H:%M}") == due


def _name_another(trials: Database, *people: int) -> None:
    """Let a message tell who does the work of ask_by_message from now on."""
    told = people[0] if len(people) == 1 else list(people)
    until = "2026-12-02T18:00:00+08:00"
    play.send(trials, "TRIAL_MOVED", key="case_id", case_id=1, user_id=told, until=until)


def _begin_by_message(trials: Database, user_id: int) -> int:
    return trial.begin(trials, "ask_by_message", user_id, case_id=1, until="2026-12-02T18:00:00+08:00")


def test_an_open_task_follows_whom_a_message_names(trials: Database, someone: int) -> None:
    first, second = trial.people(trials, 2)
    process = _begin_by_message(trials, first)
    item = _only_item(trials, process)
    _claim(trials, item, first)
    _name_another(trials, second)
    assert play.items(trials, process) == [("work", f"user:{second}", "open")]
    (moved,) = [one for one in play.history(trials, process) if one.verb == "transfer"]
    assert (moved.actor_id, moved.before, moved.after) == (
        None,
        {"audience": f"user:{first}"},
        {"audience": f"user:{second}"},
    )
    with pytest.raises(Forbidden):
        play.complete_item(trials, item, by=first)
    play.complete_item(trials, item, by=second)


def test_an_open_task_follows_to_several_people_and_back_to_one(trials: Database, someone: int) -> None:
    first, second, third = trial.people(trials, 3)
    process = _begin_by_message(trials, first)
    _name_another(trials, second, third)
    assert play.items(trials, process) == [("work", "listed", "open")]
    with trials.read() as session:
        listed = session.scalars(select(WorkCandidate.user_id).order_by(WorkCandidate.user_id))
        assert list(listed) == [second, third]
    _name_another(trials, first)
    assert play.items(trials, process) == [("work", f"user:{first}", "open")]
    with trials.read() as session:
        assert session.scalars(select(WorkCandidate)).all() == []


def test_a_task_handed_to_somebody_else_stays_with_them(trials: Database, someone: int) -> None:
    first, second, third = trial.people(trials, 3)
    process = _begin_by_message(trials, first)
    with trials.transaction() as session:
        run, item = Run.take_item(session, _only_item(trials, process))
        signing.transfer(run, item, to_user_id=third, actor_id=first, reason="出差")
    _name_another(trials, second)
    assert play.items(trials, process) == [("work", f"user:{third}", "open")]


def test_a_delegated_task_goes_back_to_whom_the_message_names(trials: Database, someone: int) -> None:
    first, second, third = trial.people(trials, 3)
    process = _begin_by_message(trials, first)
    item_id = _only_item(trials, process)
    with trials.transaction() as session:
        run, item = Run.take_item(session, item_id)
        signing.delegate(run, item, to_user_id=third, actor_id=first, reason="请先看")
    _name_another(trials, second)
    assert play.items(trials, process) == [("work", f"user:{third}", "open")]
    play.complete_item(trials, item_id, by=third, opinion="可行")
    assert play.items(trials, process) == [("work", f"user:{second}", "open")]


def test_lists_find_what_each_item_says(trials: Database, someone: int) -> None:
    first, second, third = trial.people(trials, 3)
    done, named, taken, also_done, shared = [
        _only_item(trials, trial.begin(trials, "ask_people", someone, people=people))
        for people in (first, first, *[[first, second]] * 3)
    ]
    _claim(trials, taken, second)
    play.complete_item(trials, done, by=first)
    play.complete_item(trials, also_done, by=first)
    for user_id, theirs in {first: [named, shared], second: [taken, shared], third: []}.items():
        assert _both_ways(trials, user_id) == (theirs, theirs)
