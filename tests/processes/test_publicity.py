"""The public notice of a selection, and the objections to it."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import selecting
from tests.processes.cast import Cast
from tests.processes.selecting import Selecting, begin
from workflows import clock
from workflows.db import Database
from workflows.domain import publicities, selections
from workflows.engine.tables import HistoryEntry, Message
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import Challenge, Objection, Publicity, User


@pytest.fixture
def shown(campaign: Database, cast: Cast) -> Selecting:
    """A selection of three bids, the first of which is shown as the winner and the second as the reserve."""
    made = begin(campaign, cast, teams=3)
    selecting.review(made, lambda bid, _: 90 - bid)
    selecting.publish(made)
    return made


def object_(made: Selecting, *, by: int | None = None, named: bool = True, **values: Any) -> int:
    """File an objection to the notice, by the leader of the last bid unless said otherwise; its id."""
    filer = selecting.leaders(made)[-1] if by is None else by
    content = {"publicity_id": selecting.publicity(made), "is_named": named, "reason": "指标承诺不实"}
    play.act(made.database, "object", by=filer, **{**content, **values})
    play.settle(made.database)
    with made.database.read() as session:
        return session.scalars(select(Objection.id).order_by(Objection.id.desc())).first() or 0


def act(made: Selecting, step: str, by: int, **values: Any) -> None:
    """As ``by`` do the oldest open item of publicity.``step``."""
    with made.database.read() as session:
        items = [one for one in play.all_items(session, made.process) if one.step == f"publicity.{step}"]
        item_id = next(one.id for one in items if one.status == "open")
    play.complete_item(made.database, item_id, by=by, **values)


def investigate(made: Selecting, conclusion: str, *, sponsor: str = "") -> None:
    """Let both investigators conclude, and answer."""
    act(made, "investigate", made.cast.supervision, findings="已核对台账", conclusion=conclusion)
    act(made, "investigate", made.cast.admin_lead, findings="已现场核实", conclusion=sponsor or conclusion)


def handle(made: Selecting, conclusion: str, **values: Any) -> None:
    """Accept, look into and answer a named objection whose filer lets it rest."""
    act(made, "accept", made.cast.supervision, accepted=True)
    investigate(made, conclusion, **values)
    act(made, "reply", made.cast.office, letter="答复如下")
    act(made, "ask_review", selecting.leaders(made)[-1], wants=False)
    play.settle(made.database)


def outcome(made: Selecting) -> str | None:
    with made.database.read() as session:
        return session.get_one(Publicity, selecting.publicity(made)).result


def objections(made: Selecting) -> list[tuple[str, str | None]]:
    """State and outcome of every objection."""
    with made.database.read() as session:
        return [(one.state, one.outcome) for one in session.scalars(select(Objection).order_by(Objection.id))]


def test_a_notice_keeps_what_it_showed_word_for_word(shown: Selecting) -> None:
    with shown.database.read() as session:
        notice = session.get_one(Publicity, selecting.publicity(shown))
        assert notice.hash == publicities.digest(notice.snapshot)
        assert [(row["rank"], row["mean"], row["proposed"]) for row in notice.snapshot["bids"]] == [
            (1, "90.00", True),
            (2, "89.00", False),
            (3, "88.00", False),
        ]
        assert notice.subject == f"challenge:{shown.challenge_id}"
    selecting.run_out(shown)
    assert (outcome(shown), selecting.state(shown)) == ("clear", "awarded")


def test_objection_freezes_the_award(shown: Selecting) -> None:
    object_(shown)
    selecting.run_out(shown)
    assert (selecting.state(shown), outcome(shown)) == ("in_publicity", None)
    with shown.database.transaction() as session:
        challenge = session.get_one(Challenge, shown.challenge_id)
        with pytest.raises(Conflict, match=r"^公示期未满，或者还有异议没有办结，不能定帅。$"):
            selections.award(session, challenge)
    handle(shown, "dismissed")
    assert (selecting.state(shown), outcome(shown)) == ("awarded", "dismissed")


def test_dismissed_goes_on(shown: Selecting) -> None:
    object_(shown)
    handle(shown, "dismissed")
    assert selecting.state(shown) == "in_publicity"  # the days are not over
    selecting.run_out(shown)
    assert (selecting.awarded(shown), outcome(shown)) == ([0], "dismissed")
    assert selecting.told(shown, selecting.leaders(shown)[-1])[1:3] == [
        "您对《降低冬季冻堵次数（定帅）》公示的异议已有书面答复。",
        "您对《降低冬季冻堵次数（定帅）》公示的异议已办结：不成立。",
    ]
    assert play.incidents(shown.database) == []


def test_two_objections_at_once(shown: Selecting) -> None:
    object_(shown)
    object_(shown)
    assert play.open_nodes(shown.database, shown.process) == ["accept_named"] * 2
    handle(shown, "dismissed")
    selecting.run_out(shown)
    assert selecting.state(shown) == "in_publicity"
    handle(shown, "partly")
    assert objections(shown) == [("settled", "dismissed"), ("settled", "partly")]
    assert (outcome(shown), selecting.awarded(shown)) == ("partly", [0])  # the worst of both


def test_two_objections_to_a_second_notice_of_the_same_selection(shown: Selecting) -> None:
    object_(shown)
    handle(shown, "upheld")
    selecting.run_out(shown)
    measure(shown, "next_reserve", [0])
    selecting.publish(shown)
    first, second = object_(shown), object_(shown)
    act(shown, "accept", shown.cast.supervision, accepted=True)
    act(shown, "accept", shown.cast.supervision, accepted=True)
    investigate(shown, "upheld")
    investigate(shown, "dismissed")
    with shown.database.read() as session:
        concluded = [session.get_one(Objection, one).conclusion for one in (first, second)]
    assert concluded == ["upheld", "dismissed"]


def measure(made: Selecting, action: str, struck: list[int], *, supervision: str = "") -> None:
    """Let office and supervision both decide what follows from an upheld objection."""
    for one, wanted in ((made.cast.office, action), (made.cast.supervision, supervision or action)):
        rows = [{"bid_id": made.bid_ids[place]} for place in struck]
        selecting.act(made, "after_objection", one, action=wanted, struck=rows, opinion="异议成立")
    play.settle(made.database)


def test_upheld_to_the_reserve(shown: Selecting) -> None:
    object_(shown)
    handle(shown, "dismissed", sponsor="upheld")  # the graver of the two conclusions counts
    selecting.run_out(shown)
    measure(shown, "next_reserve", [0])
    assert selecting.states(shown) == ["disqualified", "proposed", "reserve"]
    selecting.publish(shown)
    selecting.run_out(shown)
    assert (selecting.awarded(shown), outcome(shown)) == ([1], "clear")


def test_upheld_to_re_review(shown: Selecting) -> None:
    object_(shown)
    handle(shown, "upheld")
    selecting.run_out(shown)
    measure(shown, "re_review", [])
    assert selecting.states(shown) == ["reviewing"] * 3
    selecting.review(shown, lambda bid, _: 80 + bid)
    selecting.publish(shown)
    selecting.run_out(shown)
    assert selecting.awarded(shown) == [2]


def test_a_re_review_needs_a_bid_that_is_left(shown: Selecting) -> None:
    object_(shown)
    handle(shown, "upheld")
    selecting.run_out(shown)
    with pytest.raises(Invalid) as refused:
        measure(shown, "re_review", [0, 1, 2])
    assert refused.value.fields == {"struck": ["全部取消资格后没有可以重新评审的申报，请改为本榜流标。"]}


def test_upheld_may_end_the_list(shown: Selecting) -> None:
    object_(shown)
    handle(shown, "upheld")
    selecting.run_out(shown)
    measure(shown, "fail", [])
    assert selecting.sent(shown, ["MSG_LIST_FAILED"]) == ["MSG_LIST_FAILED"]


def test_office_and_supervision_are_asked_again_until_they_agree(shown: Selecting) -> None:
    object_(shown)
    handle(shown, "upheld")
    selecting.run_out(shown)
    measure(shown, "fail", [], supervision="re_review")
    assert play.open_nodes(shown.database, shown.process) == ["after_objection"] * 2
    measure(shown, "re_review", [])
    assert selecting.states(shown) == ["reviewing"] * 3


def test_the_reserve_follows_only_for_a_bid_that_is_struck(shown: Selecting) -> None:
    object_(shown)
    handle(shown, "upheld")
    selecting.run_out(shown)
    for rows, text in (([], "请选择取消资格的申报。"), ([{"bid_id": 999}], "只能取消本次评审中的申报。")):
        with pytest.raises(Invalid) as refused:
            selecting.act(
                shown,
                "after_objection",
                shown.cast.office,
                action="next_reserve",
                struck=rows,
                opinion="异议成立",
            )
        assert refused.value.fields == {"struck": [text]}


def test_named_objections_have_to_be_accepted(shown: Selecting) -> None:
    object_(shown)
    with pytest.raises(Conflict, match=r"^实名异议必须受理。$"):
        act(shown, "accept", shown.cast.supervision, accepted=False, opinion="理由不足")


def test_anonymous_without_evidence(shown: Selecting) -> None:
    with pytest.raises(Invalid) as refused:
        object_(shown, named=False)
    assert refused.value.fields == {"evidence": ["匿名异议须写明可以查证的证据或线索。"]}
    with shown.database.transaction() as session:
        filer = session.get_one(User, selecting.leaders(shown)[-1])
        uploaded = factories.stored_file(session, by=filer).id
    with pytest.raises(Invalid) as refused:
        object_(shown, named=False, evidence="台账第 3 页", files=[uploaded])
    assert refused.value.fields == {"files": ["附件会留下上传人；匿名异议请只用文字写明证据。"]}
    assert objections(shown) == []


def test_an_anonymous_objection_is_accepted_by_the_office_and_keeps_nobody(shown: Selecting) -> None:
    filer = selecting.leaders(shown)[-1]
    object_(shown, named=False, evidence="台账第 3 页")
    assert play.open_nodes(shown.database, shown.process) == ["accept_anonymous"]
    act(shown, "accept", shown.cast.office, accepted=True)
    investigate(shown, "dismissed")
    act(shown, "reply", shown.cast.office, letter="答复如下")
    play.settle(shown.database)
    assert objections(shown) == [("settled", "dismissed")]  # nobody can be asked whether they want a review
    with shown.database.read() as session:
        assert session.scalars(select(Objection.filer_id)).all() == [None]
        acted = select(HistoryEntry.actor_id).where(HistoryEntry.process_id == shown.process)
        assert filer not in set(session.scalars(acted))
        payload = session.scalars(select(Message.payload).where(Message.name == "MSG_OBJECTION")).one()
        assert set(payload) == {"publicity_id", "objection_id"}


def test_an_anonymous_objection_may_be_refused_with_a_reason(shown: Selecting) -> None:
    object_(shown, named=False, evidence="听说")
    with pytest.raises(Invalid) as refused:
        act(shown, "accept", shown.cast.office, accepted=False)
    assert refused.value.fields == {"opinion": ["不予受理须写明理由。"]}
    act(shown, "accept", shown.cast.office, accepted=False, opinion="没有可以查证的线索")
    play.settle(shown.database)
    selecting.run_out(shown)
    assert (objections(shown), outcome(shown)) == ([("refused", None)], "clear")


def test_review_of_a_reply(shown: Selecting) -> None:
    object_(shown)
    act(shown, "accept", shown.cast.supervision, accepted=True)
    investigate(shown, "dismissed")
    act(shown, "reply", shown.cast.office, letter="答复如下")
    filer = selecting.leaders(shown)[-1]
    with pytest.raises(Invalid) as refused:
        act(shown, "ask_review", filer, wants=True)
    assert refused.value.fields == {"opinion": ["申请复核须写明理由。"]}
    act(shown, "ask_review", filer, wants=True, opinion="没有查台账")
    act(shown, "review", shown.cast.party_committee, conclusion="upheld", opinion="台账不符")
    selecting.run_out(shown)
    assert (objections(shown), outcome(shown)) == ([("settled", "upheld")], "upheld")
    assert set(play.open_nodes(shown.database, shown.process)) == {"after_objection"}


def test_a_review_is_asked_for_in_time_or_not_at_all(shown: Selecting) -> None:
    object_(shown)
    act(shown, "accept", shown.cast.supervision, accepted=True)
    investigate(shown, "dismissed")
    act(shown, "reply", shown.cast.office, letter="答复如下")
    due = dict(play.timers(shown.database, shown.process))["ask_review_timeout"]
    assert due == clock.end_of(dt.date(2026, 11, 30))
    play.wait_until(shown.database, due)
    assert (objections(shown), outcome(shown)) == ([("settled", "dismissed")], "dismissed")


def test_an_investigation_is_extended_once(shown: Selecting) -> None:
    object_(shown)
    act(shown, "accept", shown.cast.supervision, accepted=True)
    act(shown, "investigate", shown.cast.supervision, findings="待取证", conclusion="more_time")
    act(shown, "investigate", shown.cast.admin_lead, findings="属实", conclusion="dismissed")
    with pytest.raises(Conflict, match=r"^调查只能延长一次，请给出结论。$"):
        act(shown, "investigate", shown.cast.supervision, findings="待取证", conclusion="more_time")
    investigate(shown, "dismissed")
    assert play.open_nodes(shown.database, shown.process) == ["reply_letter"]


def test_whom_the_notice_is_about_does_not_handle_objections_to_it(shown: Selecting) -> None:
    winner = selecting.leaders(shown)[0]
    with shown.database.transaction() as session:
        for role in ("supervision", "office"):
            selecting.grant(session, winner, role)
    object_(shown)
    with pytest.raises(Forbidden, match=r"^您是这份公示的当事人或异议提出人，应当回避，请转由他人办理。$"):
        act(shown, "accept", winner, accepted=True)
    act(shown, "accept", shown.cast.supervision, accepted=True)
    with shown.database.read() as session:
        asked = [one.audience for one in play.all_items(session, shown.process) if one.node == "investigate"]
    # one of two holders is a party, so the other one is asked by name
    assert asked == [f"user:{shown.cast.supervision}", f"role:admin_head@{shown.cast.sponsor_unit_id}"]


def test_who_files_an_objection_does_not_handle_it(shown: Selecting) -> None:
    object_(shown, by=shown.cast.supervision)
    with pytest.raises(Forbidden):
        act(shown, "accept", shown.cast.supervision, accepted=True)


def test_objections_end_with_the_days_of_the_notice(shown: Selecting) -> None:
    clock.move_to(selecting.end_of_notice(shown))
    with pytest.raises(Conflict, match=r"^公示期已经结束，不能再提出异议"):
        object_(shown)
    play.settle(shown.database)
    with pytest.raises(Conflict):
        object_(shown)


def test_a_withdrawn_list_ends_the_objections_to_it(shown: Selecting) -> None:
    object_(shown)
    play.send(shown.database, "MSG_CHALLENGE_WITHDRAWN", key="challenge_id", challenge_id=shown.challenge_id)
    assert (play.status(shown.database, shown.process), objections(shown)) == (
        "completed",
        [("settled", None)],
    )


def test_a_withdrawn_list_ends_what_is_done_about_an_objection(shown: Selecting) -> None:
    object_(shown)
    act(shown, "accept", shown.cast.supervision, accepted=True)
    assert play.open_nodes(shown.database, shown.process) == ["investigate"] * 2
    name, challenge_id = "MSG_CHALLENGE_WITHDRAWN", shown.challenge_id
    play.send(shown.database, name, key="challenge_id", challenge_id=challenge_id)
    assert play.status(shown.database, shown.process) == "completed"
    assert play.open_nodes(shown.database, shown.process) == []
    assert play.timers(shown.database, shown.process) == []
    assert play.incidents(shown.database) == []
