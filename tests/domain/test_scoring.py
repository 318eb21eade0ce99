"""Opinions and sheets of a panel, and the forms they are written on."""

from decimal import Decimal
from typing import Any

import pytest
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from tests import factories
from tests.domain import reviewing
from workflows.domain import scoring
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import Panel, User
from workflows.steps.selection_forms import ScoreForm, VoteForm

pytestmark = pytest.mark.usefixtures("clock_at")


def _expert(panel: Panel, seat: int = 0) -> User:
    return panel.members[seat].user


def _sign(session: Session, panel: Panel, *points: Any, seat: int = 0) -> None:
    rows = [reviewing.sheet(slot.bid_id, Decimal(one)) for slot, one in zip(panel.slots, points, strict=True)]
    scoring.sign(session, panel, rows=rows, actor=_expert(panel, seat), at=None)
    session.flush()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"tech": 101}, "tech"),
        ({"safety": -1}, "safety"),
        ({"money": "很多"}, "money"),
        ({"money": "NaN"}, "money"),
        ({"team": "80.00001"}, "team"),
        ({"bid_id": "1"}, "bid_id"),
        ({"pledge": None}, "pledge"),
    ],
)
def test_scores_that_make_no_sense_are_refused_at_the_field(wrong: dict[str, Any], field: str) -> None:
    row = reviewing.sheet(1, 80)
    assert ScoreForm().load({"rows": [row]})["rows"][0]["tech"] == 80
    with pytest.raises(ValidationError) as refused:
        ScoreForm().load({"rows": [row | wrong]})
    assert list(refused.value.messages_dict["rows"][0]) == [field]


def test_counts_of_a_vote_are_whole_people() -> None:
    counts = {"should": 9, "present": 9, "in_favour": 9, "against": 0, "abstain": 0}
    for wrong in ({"should": 0}, {"against": -1}, {"abstain": "many"}, {"present": 8.5}):
        with pytest.raises(ValidationError) as refused:
            VoteForm().load(counts | wrong)
        assert list(refused.value.messages_dict) == list(wrong)


def test_every_bid_is_scored_once(session: Session) -> None:
    panel = reviewing.panel(session)
    first = reviewing.sheet(panel.slots[0].bid_id, Decimal(80))
    with pytest.raises(Invalid) as refused:
        scoring.sign(session, panel, rows=[first, first], actor=_expert(panel), at=None)
    assert refused.value.fields == {"rows.1.bid_id": ["这一份已经列出。"], "rows": ["请为每一份申报打分。"]}
    with pytest.raises(Invalid) as refused:
        scoring.sign(session, panel, rows=[reviewing.sheet(999, Decimal(80))], actor=_expert(panel), at=None)
    assert refused.value.fields["rows.0.bid_id"] == ["这份申报不在本次评审中。"]


def test_a_sheet_is_locked_once_signed_and_its_hash_tells_a_change(session: Session) -> None:
    panel = reviewing.panel(session)
    _sign(session, panel, "80.5", 70)
    with pytest.raises(Conflict, match=r"^您的评分表已经签署锁定，不能再改。$"):
        _sign(session, panel, 90, 90)
    by_total = {sheet.total: sheet for sheet in scoring.sheets(session, panel)}
    assert sorted(by_total) == [Decimal(70), Decimal("80.50")]
    first = by_total[Decimal("80.50")]
    assert scoring.digest(first) == first.hash
    first.items = [{**item, "score": "100"} for item in first.items]
    assert scoring.digest(first) != first.hash


def test_only_who_holds_a_seat_scores_or_writes(session: Session) -> None:
    panel = reviewing.panel(session)
    rows = [reviewing.sheet(slot.bid_id, Decimal(80)) for slot in panel.slots]
    former, stranger = panel.members[1], factories.user(session)
    former.state = "replaced"
    for actor in (stranger, former.user):
        with pytest.raises(Forbidden, match=r"^只有本评审组的专家本人可以办理，不能由他人代办。$"):
            scoring.sign(session, panel, rows=rows, actor=actor, at=None)
        with pytest.raises(Forbidden):
            scoring.opine(session, panel, rows=[], actor=actor)


def test_an_opinion_is_written_once_by_letter(session: Session) -> None:
    panel = reviewing.panel(session)
    rows = [{"label": one, "text": "可行"} for one in ("A", "B")]
    with pytest.raises(Invalid) as refused:
        scoring.opine(session, panel, rows=[{"label": "Z", "text": "可行"}], actor=_expert(panel))
    assert refused.value.fields == {
        "rows.0.label": ["没有这份材料。"],
        "rows": ["请对每一份材料写明预审意见。"],
    }
    scoring.opine(session, panel, rows=rows, actor=_expert(panel))
    with pytest.raises(Conflict, match=r"^您的预审意见已经提交，不能再改。$"):
        scoring.opine(session, panel, rows=rows, actor=_expert(panel))


def test_a_flagged_sheet_is_looked_at_once(session: Session) -> None:
    panel = reviewing.panel(session)
    for seat in range(5):
        _sign(session, panel, 40 if seat == 2 else 80, 80, seat=seat)
    assert scoring.flag(session, panel, at=None) == [_expert(panel, 2).id]
    scoring.reconsider(session, panel, rows=[], reason="", actor=_expert(panel, 2), at=None)
    for seat in (2, 0):
        with pytest.raises(Conflict, match=r"^您没有需要复核的评分，或者已经复核过一次。$"):
            scoring.reconsider(session, panel, rows=[], reason="", actor=_expert(panel, seat), at=None)


def test_bids_out_of_the_review_are_not_ranked(session: Session) -> None:
    panel = reviewing.panel(session)
    for seat in range(5):
        _sign(session, panel, 90, 80, seat=seat)
    best, second = panel.slots
    assert [one.bid_id for one in scoring.ranked(session, panel, at=None)] == [best.bid_id, second.bid_id]
    best.bid.state = "disqualified"
    assert [one.bid_id for one in scoring.ranked(session, panel, at=None)] == [second.bid_id]


def test_flagged_sheets_are_given_back_as_signed_and_kept_when_left_so(session: Session) -> None:
    panel = reviewing.panel(session)
    for seat in range(5):
        _sign(session, panel, 40 if seat == 2 else 80, 80, seat=seat)
    scoring.flag(session, panel, at=None)
    assert scoring.to_reconsider(session, panel, actor=_expert(panel, 0)) == []
    (row,) = scoring.to_reconsider(session, panel, actor=_expert(panel, 2))
    assert row == reviewing.sheet(panel.slots[0].bid_id, Decimal(40))
    scoring.reconsider(session, panel, rows=[row], reason="", actor=_expert(panel, 2), at=None)
    (kept,) = [one for one in scoring.sheets(session, panel) if one.flag]
    assert (kept.first_items, kept.reason, kept.total) == (None, scoring.KEPT, Decimal("40.00"))
