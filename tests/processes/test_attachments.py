"""What is handed in with a task, and who may read it when."""

import pytest
from marshmallow import Schema, fields
from sqlalchemy import select

from tests import factories, play
from tests.processes import cast as acts
from tests.processes.cast import Cast
from workflows import access, chores, inboxes, storage, tasks
from workflows.db import Database
from workflows.domain import files
from workflows.engine.registry import human_step
from workflows.errors import Forbidden, Invalid, NotFound
from workflows.models import Bid, BidState, StoredFile, User
from workflows.steps.inputs import TaskForm, file_ids
from workflows.steps.inputs import files as files_field

PDF = b"%PDF-1.7\n..."


def upload(database: Database, by: int, name: str = "方案.pdf") -> int:
    with database.transaction() as session:
        return files.take_in(session, PDF, name=name, actor=session.get_one(User, by)).id


def may_read(database: Database, file_id: int, user_id: int) -> bool:
    with database.read() as session:
        try:
            access.file(session, file_id, actor=session.get_one(User, user_id))
        except NotFound:
            return False
        return True


@pytest.fixture
def challenge_id(campaign: Database, cast: Cast) -> int:
    with campaign.transaction() as session:
        return factories.challenge(session, hard=True).id


@pytest.fixture
def process(campaign: Database, cast: Cast, challenge_id: int) -> int:
    return acts.begin_bid(campaign, challenge_id, leader=cast.leader)


def test_a_file_is_its_uploaders_until_it_is_handed_in(campaign: Database, cast: Cast, process: int) -> None:
    file_id = upload(campaign, cast.leader)
    readers = (cast.leader, cast.members[0], cast.party_secretary, cast.office)
    assert [may_read(campaign, file_id, one) for one in readers] == [True, False, False, False]
    rows = acts.team(cast.leader, *cast.members)
    play.complete(
        campaign, "bid.form_team", by=cast.leader, process=process, members=rows, attachments=[file_id]
    )
    assert [may_read(campaign, file_id, one) for one in readers] == [True, False, True, False]
    play.complete(campaign, "bid.confirm", by=cast.members[0], process=process, accept=True)  # has joined now
    assert [may_read(campaign, file_id, one) for one in readers] == [True, True, True, False]
    with campaign.read() as session:
        (done,) = [one for one in play.all_items(session, process) if one.step == "bid.form_team"]
        seen = tasks.task(session, done.id, actor=session.get_one(User, cast.leader))
        assert [file.id for file in seen.attachments] == [file_id]


def test_a_file_is_forgotten_unless_it_was_handed_in(campaign: Database, cast: Cast, process: int) -> None:
    used, unused, linked = (upload(campaign, cast.leader) for _ in range(3))  # all of equal content
    rows = acts.team(cast.leader, *cast.members)
    play.complete(
        campaign, "bid.form_team", by=cast.leader, process=process, members=rows, attachments=[used]
    )
    with campaign.transaction() as session:
        files.attach(session, [linked], process_id=process, item_id=None)
        gone = session.get_one(StoredFile, unused)
        kept = storage.Kept(gone.digest, gone.wrapped)
    play.pass_time(days=30, minutes=1)
    assert chores.forget_unused_files(campaign, days=30) == 1
    with pytest.raises(storage.FileLost):
        storage.read(kept)
    with campaign.read() as session:
        left = list(session.scalars(select(StoredFile).order_by(StoredFile.id)))
        assert [(one.id, files.content(one)) for one in left] == [(used, PDF), (linked, PDF)]
    with pytest.raises(Invalid) as refused:
        play.complete(
            campaign,
            "bid.confirm",
            by=cast.members[0],
            process=process,
            accept=True,
            attachments=[unused],
        )
    assert refused.value.fields == {"attachments": ["没有这个附件，请重新上传。"]}


def test_what_is_handed_in_while_files_are_forgotten_stays_or_is_refused(
    campaign: Database, cast: Cast, process: int
) -> None:
    file_id = upload(campaign, cast.leader)
    play.pass_time(days=31)
    rows = acts.team(cast.leader, *cast.members)
    sent = {"members": rows, "attachments": [file_id]}
    answers = play.at_once(
        [
            lambda: play.complete(campaign, "bid.form_team", by=cast.leader, process=process, **sent),
            lambda: chores.forget_unused_files(campaign, days=30),
        ]
    )
    is_taken, forgotten = not isinstance(answers[0], Invalid), answers[1]
    assert (is_taken, forgotten) in ((True, 0), (False, 1))
    assert may_read(campaign, file_id, cast.leader) is is_taken


def test_the_files_of_a_sealed_bid_are_read_by_nobody(
    campaign: Database, cast: Cast, challenge_id: int, process: int
) -> None:
    file_id = upload(campaign, cast.leader)
    everybody = (cast.leader, cast.members[0], cast.party_secretary, cast.office, cast.supervision, cast.hr)
    rows = acts.team(cast.leader, *cast.members)
    play.complete(
        campaign, "bid.form_team", by=cast.leader, process=process, members=rows, attachments=[file_id]
    )
    for member in cast.members:
        play.complete(campaign, "bid.confirm", by=member, process=process, accept=True)
    acts.put_down(campaign, challenge_id, process, by=cast.leader)
    acts.sign(campaign, cast, process)
    assert [may_read(campaign, file_id, one) for one in everybody] == [False] * 6
    with campaign.transaction() as session:
        bid = session.scalars(select(Bid)).one()
        item = play.all_items(session, process)[0]
        seen = tasks.task(session, item.id, actor=session.get_one(User, cast.leader))
        assert seen.process_attachments == []
        bid.state, bid.opened_at = BidState.OPENED, bid.sealed_at
    assert [may_read(campaign, file_id, one) for one in everybody] == [True] * 6
    assert not may_read(campaign, file_id, cast.admin)


def test_only_files_that_one_may_read_are_handed_in(campaign: Database, cast: Cast, process: int) -> None:
    foreign = upload(campaign, cast.hr)
    rows = acts.team(cast.leader, *cast.members)
    for ids in ([foreign], [99_999]):
        with pytest.raises(Invalid) as refused:
            play.complete(
                campaign, "bid.form_team", by=cast.leader, process=process, members=rows, attachments=ids
            )
        assert refused.value.fields == {"attachments": ["没有这个附件，请重新上传。"]}


def test_every_open_task_is_listed_for_those_who_read_all(
    campaign: Database, cast: Cast, process: int
) -> None:
    with campaign.read() as session:

        def listed(
            user_id: int, box: str = inboxes.ALL, **filters: object
        ) -> list[tuple[str | None, str | None]]:
            chosen = inboxes.Filters(**filters)  # type: ignore[arg-type]  # of several types
            found = inboxes.inbox(session, session.get_one(User, user_id), box=box, filters=chosen)
            assert found.total == len(found.rows)
            return [(row.step, row.audience) for row in found.rows]

        mine = [("bid.form_team", f"user:{cast.leader}")]
        for one in (cast.office, cast.supervision):
            assert listed(one) == mine
        with pytest.raises(Forbidden, match=r"^只有办公室和纪委监督可以查看全部任务。$"):
            listed(cast.leader)
        assert listed(cast.office, process_id=process, process_name="bid", step="bid.form_team") == mine
        assert listed(cast.office, step="bid.write") == listed(cast.office, process_id=process + 1) == []
        assert listed(cast.leader, "todo", q="冻堵") == mine
        assert listed(cast.leader, "todo", q="100%") == []
        assert listed(cast.leader, "started", process_name="bid") == [(None, None)]
        assert listed(cast.leader, "started", process_name="publish") == []


def test_the_files_of_a_row_are_found_by_their_field() -> None:
    class Row(Schema):
        evidence = files_field("证据")

    class Form(TaskForm):
        rows = fields.List(fields.Nested(Row))

    values = Form().load({"attachments": [1], "rows": [{"evidence": [2, 3]}, {}]})
    assert file_ids(Form, values) == {"attachments": [1], "rows.0.evidence": [2, 3]}


def test_a_step_whose_form_takes_no_opinion_and_no_files_is_not_registered() -> None:
    with pytest.raises(ValueError, match=r"^the form of trial\.bare has no field attachments, opinion$"):
        human_step("trial.bare", title="空", form=Schema, about=lambda session, data: None)
