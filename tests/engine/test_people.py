"""Whom a user task asks, and who of them may take it."""

import datetime as dt
from decimal import Decimal

import pytest

from tests import factories, play
from tests.engine import trial
from workflows import work
from workflows.db import Database
from workflows.engine.errors import StepFailed
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Post, PostHolding, User


def _claim(trials: Database, item_id: int, user_id: int) -> None:
    with trials.transaction() as session:
        work.claim(session, item_id, actor=session.get_one(User, user_id))


def _release(trials: Database, item_id: int, user_id: int) -> None:
    with trials.transaction() as session:
        work.release(session, item_id, actor=session.get_one(User, user_id))


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
