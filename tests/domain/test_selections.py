"""The vote on a selection, and who may know what of its result."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.domain import reviewing
from workflows.domain import reviews, scoring, selections
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import ChallengeState, CommitteeVote, Panel, User

pytestmark = pytest.mark.usefixtures("clock_at")
COUNTS = {"should": 9, "present": 9, "in_favour": 9, "against": 0, "abstain": 0, "minutes": []}


def _vote(session: Session, panel: Panel, **changes: Any) -> CommitteeVote:
    office = factories.user(session, roles=["office"])
    return selections.record_vote(session, panel, values=COUNTS | changes, actor=office, at=None)


def _scored(session: Session, *points: int) -> Panel:
    """A panel that has scored each bid with the same points throughout, in the order of sealing."""
    panel = reviewing.panel(session, teams=len(points))
    by_bid = dict(zip(sorted(slot.bid_id for slot in panel.slots), points, strict=True))
    for member in panel.members:
        rows = [reviewing.sheet(bid_id, Decimal(one), remark="可行") for bid_id, one in by_bid.items()]
        scoring.sign(session, panel, rows=rows, actor=member.user, at=None)
    session.flush()
    return panel


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"present": 10, "in_favour": 10}, "present", "实到人数不能多于应到人数。"),
        ({"in_favour": 8}, "in_favour", "赞成、反对、弃权的票数合计应等于实到人数。"),
    ],
)
def test_a_vote_that_does_not_add_up_is_refused(
    session: Session, changes: dict[str, int], field: str, text: str
) -> None:
    with pytest.raises(Invalid) as refused:
        _vote(session, reviewing.panel(session), **changes)
    assert refused.value.fields == {field: [text]}


@pytest.mark.parametrize(
    ("level", "teams", "present", "in_favour", "passed"),
    [
        ("B", 2, 6, 4, True),
        ("B", 2, 6, 3, False),  # a half is not more than a half
        ("B", 2, 5, 5, False),  # five of nine are no quorum
        ("A", 2, 6, 4, True),  # two thirds exactly
        ("A", 2, 9, 5, False),
        ("B", 1, 9, 5, False),  # one bid alone
        ("B", 1, 9, 6, True),
    ],
)
def test_a_vote_passes_by_quorum_and_share(
    session: Session, level: str, teams: int, present: int, in_favour: int, passed: bool
) -> None:
    panel = reviewing.panel(session, level=level, teams=teams)
    against = present - in_favour
    vote = _vote(session, panel, present=present, in_favour=in_favour, against=against)
    assert vote.is_passed is passed


def test_only_the_office_records_a_vote_and_another_confirms_it(session: Session) -> None:
    panel = reviewing.panel(session)
    supervision = factories.user(session, roles=["supervision"])
    with pytest.raises(Conflict, match=r"^还没有票决记录。$"):
        selections.witness_vote(session, panel, agree=True, actor=supervision)
    with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室可以记录票决。$"):
        selections.record_vote(session, panel, values=COUNTS, actor=supervision, at=None)
    vote = _vote(session, panel)
    with pytest.raises(Forbidden, match=r"^记录票决的人不能自己监督确认。$"):
        selections.witness_vote(session, panel, agree=True, actor=session.get_one(User, vote.recorded_by_id))
    selections.witness_vote(session, panel, agree=False, actor=supervision)
    assert selections.propose(session, panel, at=None).fail_reason == "vote_failed"


@pytest.mark.parametrize("state", [ChallengeState.PUBLISHED, ChallengeState.AWARDED, ChallengeState.FAILED])
def test_a_list_that_is_not_in_selection_is_not_reviewed_shown_or_awarded(
    session: Session, state: ChallengeState
) -> None:
    challenge = factories.challenge(session, state=state)
    for act in (selections.begin_review, selections.announce, selections.award):
        with pytest.raises(Conflict, match=r"^榜单当前的状态不允许这样做，请刷新页面。$"):
            act(session, challenge)
    assert challenge.state == state


def test_nobody_is_proposed_for_a_list_that_was_withdrawn(session: Session) -> None:
    panel = _scored(session, 90, 60)
    _vote(session, panel)
    panel.challenge.state = ChallengeState.WITHDRAWN
    with pytest.raises(Conflict, match=r"^榜单当前的状态不允许这样做，请刷新页面。$"):
        selections.propose(session, panel, at=None)


def test_what_the_panel_said_is_told_to_the_team_without_names_once_it_is_decided(session: Session) -> None:
    panel = _scored(session, 90, 60)
    office = factories.user(session, roles=["office"])
    _vote(session, panel)
    best, other = sorted((slot.bid for slot in panel.slots), key=lambda one: one.id)
    assert selections.propose(session, panel, at=None).winner_ids == (best.id,)
    with pytest.raises(NotFound):
        reviews.of_bid(session, best, actor=best.leader)  # proposed, not decided
    told = reviews.of_bid(session, other, actor=other.leader)
    assert (told.rank, told.mean, told.remarks) == (2, Decimal("60.00"), ["可行"])
    assert set(told.criteria.values()) == {"60.00"}
    assert reviews.of_bid(session, other, actor=office) == told
    with pytest.raises(NotFound, match=r"^这份申报还没有评审结果，或者您无权查看。$"):
        reviews.of_bid(session, other, actor=best.leader)


def test_vote_and_ranks_are_known_to_office_and_supervision_before_the_notice(session: Session) -> None:
    panel = _scored(session, 90, 60)
    _vote(session, panel)
    selections.propose(session, panel, at=None)
    office, leader = factories.user(session, roles=["office"]), panel.slots[0].bid.leader
    known = reviews.seen(session, panel.challenge, actor=office)
    assert ([one.rank for one in known.ranks], known.vote is None, known.panel) == ([1, 2], False, panel)
    hidden = reviews.seen(session, panel.challenge, actor=leader)
    assert (hidden.ranks, hidden.vote, hidden.panel, hidden.slots) == ([], None, None, [])


def test_the_papers_are_read_by_who_sits_and_by_nobody_else(session: Session) -> None:
    panel = reviewing.panel(session)
    expert, office = panel.members[0].user, factories.user(session, roles=["office"])
    assert {one.bid for one in reviews.papers_for(session, panel.id, actor=expert).papers} == {None}
    selections.set_defence(session, panel, at=None)
    shown = reviews.papers_for(session, panel.id, actor=expert).papers
    assert {one.bid for one in shown} == {slot.bid for slot in panel.slots}
    for actor in (office, panel.slots[0].bid.leader):
        with pytest.raises(NotFound, match=r"^没有找到这个评审组。$"):
            reviews.papers_for(session, panel.id, actor=actor)
