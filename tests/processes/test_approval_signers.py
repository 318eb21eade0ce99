"""What people do with a signature of an approval: 转办, 委派, 加签, 减签, 催办, 代理."""

import pytest

from tests import play
from tests.processes import listing, signing
from tests.processes.cast import Cast
from workflows import clock, sharing
from workflows.db import Database
from workflows.domain import substitutes
from workflows.errors import Conflict, NotFound
from workflows.models import User


def test_a_signature_is_transferred(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast)
    item = signing.item(campaign, process, "finance")
    with campaign.transaction() as session:
        sharing.transfer(
            session, item, cast.director, actor=session.get_one(User, cast.finance), reason="出差"
        )
    with pytest.raises(NotFound):
        signing.sign(campaign, process, "finance", by=cast.finance)
    signing.sign(campaign, process, "finance", by=cast.director)
    assert signing.signatures(campaign) == [("finance", cast.director, "agreed", None)]


def test_a_signature_is_delegated_and_decided_by_the_delegator(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast)
    item = signing.item(campaign, process, "finance")
    with campaign.transaction() as session:
        sharing.delegate(
            session, item, cast.director, actor=session.get_one(User, cast.finance), reason="请先看"
        )
    play.complete_item(campaign, item, by=cast.director, opinion="预算合理")
    assert signing.signatures(campaign) == []
    signing.sign(campaign, process, "finance", by=cast.finance)
    assert signing.signatures(campaign) == [("finance", cast.finance, "agreed", None)]


def test_a_signer_is_added_and_taken_out_again(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast)
    signing.functional(campaign, cast, process)
    item = signing.item(campaign, process, "vice_head")
    with campaign.transaction() as session:
        actor = session.get_one(User, cast.vice_head)
        for other in (cast.director, cast.hse):
            sharing.add_signer(session, item, other, before=False, actor=actor, reason="会签")
    assert len(signing.asked(campaign, process)) == 3
    with campaign.read() as session:
        added = play.all_items(session, process)[-1].id
    with campaign.transaction() as session:
        actor = session.get_one(User, cast.vice_head)
        sharing.remove_signer(session, added, actor=actor, reason="不必了")
    play.complete_item(campaign, item, by=cast.vice_head, **signing.AGREE)
    assert signing.stages(campaign)[1] == ("vice_head", None)
    play.complete(campaign, "approval.sign", by=cast.director, process=process, **signing.AGREE)
    assert signing.stages(campaign)[1] == ("vice_head", "agreed")
    assert [role for role, _ in signing.asked(campaign, process)] == [
        "party_secretary"
    ]  # the director has agreed


def test_a_signer_is_added_before_oneself(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast)
    signing.functional(campaign, cast, process)
    item = signing.item(campaign, process, "vice_head")
    with campaign.transaction() as session:
        actor = session.get_one(User, cast.vice_head)
        sharing.add_signer(session, item, cast.hse, before=True, actor=actor, reason="先听安全意见")
    assert signing.asked(campaign, process) == [("vice_head", f"user:{cast.hse}")]
    play.complete(campaign, "approval.sign", by=cast.hse, process=process, **signing.AGREE)
    assert signing.asked(campaign, process) == [("vice_head", "role:vice_head")]


def test_a_signature_is_urged_once_a_day(campaign: Database, cast: Cast) -> None:
    process = signing.begin(campaign, cast)
    item = signing.item(campaign, process, "finance")
    for again in (False, True):
        with campaign.transaction() as session:
            actor = session.get_one(User, cast.office)
            if again:
                with pytest.raises(Conflict, match=r"^24 小时内已经催办过"):
                    sharing.urge(session, item, actor=actor, reason="")
            else:
                sharing.urge(session, item, actor=actor, reason="")
    assert any("会签" in text for text in listing.notices_of(campaign, cast.finance))


def test_a_substitute_signs_for_the_principal(campaign: Database, cast: Cast) -> None:
    with campaign.transaction() as session:
        days = {"from_day": clock.today(), "to_day": clock.today()}
        principal = session.get_one(User, cast.finance)
        substitutes.appoint(
            session, principal, substitute_id=cast.director, reason="休假", actor=principal, **days
        )
    process = signing.begin(campaign, cast)
    signing.sign(campaign, process, "finance", by=cast.director)
    with campaign.read() as session:
        done = play.all_items(session, process)[0]
        assert (done.done_by_id, done.done_for_id) == (cast.director, cast.finance)
    assert signing.signatures(campaign) == [("finance", cast.director, "agreed", None)]
