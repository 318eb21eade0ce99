"""The appraisal of a unit: 13 categories scored by their owners, confirmed or appealed, approved, published."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select

from tests import factories, play
from tests.processes import cast as play_cast
from tests.processes.cast import Cast
from workflows.db import Database
from workflows.engine.tables import Message
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import Appraisal, CategoryScore, HeadCoefficient, Notice, RoleGrant, User

OWNERS = {
    "party_affairs": ("A1", "A2", "A4", "A6"),
    "supervision": ("A3",),
    "hr": ("A5",),
    "production": ("B1",),
    "finance": ("B2", "B3"),
    "hse": ("B4",),
    "metering": ("B5",),
    "office": ("B6",),
    "assessment": ("B7",),
}


@pytest.fixture
def owners(campaign: Database, cast: Cast) -> dict[str, int]:
    """The ids of those who score, by role."""
    with campaign.transaction() as session:
        new = {
            role: factories.user(session, roles=[role]).id
            for role in ("party_affairs", "metering", "assessment")
        }
    return {role: new.get(role) or getattr(cast, role) for role in OWNERS}


def _begin(campaign: Database, cast: Cast, owners: dict[str, int], period: str = "2026Q3") -> int:
    values = {"unit_id": cast.unit_id, "period": period}
    return play.start(campaign, "appraisal", by=owners["assessment"], **values).process_id


def _score(campaign: Database, owners: dict[str, int], process: int, points: str = "85") -> None:
    """Let every department give ``points`` in its categories."""
    for role, categories in OWNERS.items():
        rows = [{"category": code, "score": points} for code in categories]
        play.complete(campaign, "appraisal.score", by=owners[role], process=process, rows=rows)


def _confirm(campaign: Database, cast: Cast) -> None:
    for head in (cast.party_secretary, cast.admin_head):
        play.complete(campaign, "appraisal.confirm", by=head, agree=True)


def _shown(campaign: Database) -> dict[str, Any]:
    with campaign.read() as session:
        one = session.scalars(select(Appraisal).order_by(Appraisal.id.desc())).first()
        assert one is not None
        return {"state": one.state, "p": one.p, "b": one.b, "kdual": one.kdual, "v": one.v}


def test_an_appraisal_is_scored_confirmed_approved_and_published(
    campaign: Database, cast: Cast, owners: dict[str, int]
) -> None:
    process = _begin(campaign, cast, owners)
    _score(campaign, owners, process)
    _confirm(campaign, cast)
    play_cast.approve(campaign, process)
    play.settle(campaign)
    eighty_five = Decimal(85)
    assert _shown(campaign) == {"state": "published", "p": eighty_five, "b": eighty_five, "kdual": 1, "v": 1}
    assert play.status(campaign, process) == "completed"
    with campaign.read() as session:
        heads = session.scalars(select(HeadCoefficient).order_by(HeadCoefficient.id))
        assert [(one.user_id, one.coefficient) for one in heads] == [
            (cast.party_secretary, Decimal(1)),
            (cast.admin_head, Decimal(1)),
        ]
        sent = session.scalars(select(Message).where(Message.name == "MSG_APPRAISAL_PUBLISHED")).one()
        assert (sent.key, sent.value) == ("unit_id", str(cast.unit_id))


def test_appraisal_appealed(campaign: Database, cast: Cast, owners: dict[str, int]) -> None:
    process = _begin(campaign, cast, owners)
    _score(campaign, owners, process, "79")
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "appraisal.confirm", by=cast.admin_head, agree=False)
    assert refused.value.fields == {"opinion": ["请写明理由。"]}
    play.complete(campaign, "appraisal.confirm", by=cast.admin_head, agree=False, opinion="B1 漏计")
    play.complete(
        campaign,
        "appraisal.review",
        by=owners["assessment"],
        rows=[{"category": "B1", "score": "84", "reason": "补计保供气量"}],
        opinion="部分成立",
    )
    assert _shown(campaign) == {
        "state": "approving",
        "p": Decimal(79),
        "b": Decimal(80),
        "kdual": None,
        "v": 1,
    }
    play_cast.approve(campaign, process)
    assert _shown(campaign)["kdual"] == Decimal("0.85")
    with campaign.read() as session:
        changed = session.scalars(select(CategoryScore).where(CategoryScore.category == "B1")).one()
        assert (changed.score, changed.reason) == (Decimal(84), "补计保供气量")


def test_a_returned_appraisal_is_reviewed_and_a_refused_one_may_be_begun_anew(
    campaign: Database, cast: Cast, owners: dict[str, int]
) -> None:
    process = _begin(campaign, cast, owners)
    _score(campaign, owners, process)
    _confirm(campaign, cast)
    for decision, node in (("returned", ["review_result"]), ("rejected", [])):
        item, _, signer = play_cast.signing(campaign, process)[0]
        play.complete_item(campaign, item, by=signer, decision=decision, opinion="请核对")
        for item, _, signer in play_cast.signing(campaign, process):
            play.complete_item(campaign, item, by=signer, decision="agreed")
        assert play.open_nodes(campaign, process) == node
        if node:
            play.complete(campaign, "appraisal.review", by=owners["assessment"], opinion="已核对")
    assert (_shown(campaign)["state"], play.status(campaign, process)) == ("cancelled", "completed")
    _begin(campaign, cast, owners)
    assert _shown(campaign)["state"] == "scoring"


def test_each_department_scores_its_own_categories_once(
    campaign: Database, cast: Cast, owners: dict[str, int]
) -> None:
    _begin(campaign, cast, owners)
    rows = [{"category": code, "score": "80"} for code in ("B2", "B2", "A1")]
    with campaign.transaction() as session:
        photo = factories.stored_file(session, by=session.get_one(User, owners["finance"])).id
    taken_off = [{"category": "B4", "clause": "4.1", "points": 2, "reason": "隐患", "evidence": [photo]}]
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "appraisal.score", by=owners["finance"], rows=rows, deductions=taken_off)
    assert refused.value.fields == {
        "rows.1.category": ["这一类已经评分。"],
        "rows.2.category": ["这一类不由本部门评分。"],
        "rows": ["还没有评分的类别：B3 成本与效益。"],
        "deductions.0.category": ["这一类不由本部门评分。"],
    }


def test_a_head_does_not_score_the_own_unit(campaign: Database, cast: Cast, owners: dict[str, int]) -> None:
    with campaign.transaction() as session:
        session.add(RoleGrant(user_id=cast.admin_head, role="hse"))
    _begin(campaign, cast, owners)
    rows = [{"category": "B4", "score": "100"}]
    with pytest.raises(Forbidden, match=r"^您是被考评单位的负责人，不能给本单位评分"):
        play.complete(campaign, "appraisal.score", by=cast.admin_head, rows=rows)


def test_deductions_are_kept_with_their_category(
    campaign: Database, cast: Cast, owners: dict[str, int]
) -> None:
    _begin(campaign, cast, owners)
    rows = [{"category": "B4", "score": "92.5", "bonus": "应急演练"}]
    taken_off: list[dict[str, Any]] = [
        {"category": "B4", "clause": "4.1", "points": 8, "reason": "隐患未按期整改"}
    ]
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "appraisal.score", by=owners["hse"], rows=rows, deductions=taken_off)
    assert refused.value.fields == {"deductions.0.evidence": ["Missing data for required field."]}
    with campaign.transaction() as session:
        photo = factories.stored_file(session, by=session.get_one(User, owners["hse"]))
        taken_off[0]["evidence"] = [photo.id]
    play.complete(campaign, "appraisal.score", by=owners["hse"], rows=rows, deductions=taken_off)
    with campaign.read() as session:
        kept = session.scalars(select(CategoryScore)).one()
        assert (kept.category, kept.owner, kept.score, kept.bonus) == (
            "B4",
            "hse",
            Decimal("92.5"),
            "应急演练",
        )
        assert kept.deductions == taken_off


def test_the_office_is_asked_in_place_of_a_head_whom_the_unit_does_not_have(
    campaign: Database, cast: Cast, owners: dict[str, int]
) -> None:
    with campaign.transaction() as session:
        session.execute(delete(RoleGrant).where(RoleGrant.user_id == cast.party_secretary))
    process = _begin(campaign, cast, owners)
    _score(campaign, owners, process)
    for one in (cast.admin_head, cast.office):
        play.complete(campaign, "appraisal.confirm", by=one, agree=True)
    assert _shown(campaign)["state"] == "approving"


def test_only_the_assessment_office_begins_and_only_once(
    campaign: Database, cast: Cast, owners: dict[str, int]
) -> None:
    with pytest.raises(Forbidden, match=r"^只有考核办可以开始考评。$"):
        play.start(campaign, "appraisal", by=cast.office, unit_id=cast.unit_id, period="2026")
    _begin(campaign, cast, owners, "2026")
    with pytest.raises(Conflict, match=r"^这个单位在这一考评期已有考评，不能重复开始。$"):
        _begin(campaign, cast, owners, "2026")
    _begin(campaign, cast, owners, "2026-11")


def test_the_heads_are_told_when_the_result_is_there(
    campaign: Database, cast: Cast, owners: dict[str, int]
) -> None:
    _score(campaign, owners, _begin(campaign, cast, owners))
    with campaign.read() as session:
        told = session.scalars(select(Notice).order_by(Notice.user_id)).all()
        assert sorted(one.user_id for one in told) == sorted((cast.party_secretary, cast.admin_head))
        assert {one.text for one in told} == {"2026Q3 考评结果已汇总，请确认。"}
        assert session.get_one(User, cast.admin_head).unit_id == cast.unit_id
