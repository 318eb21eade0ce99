"""评审打分: opinions before the defence, one sheet for each bid at it, and a second look at what stands out."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workflows import clock
from workflows.domain import ranking, recusals, rules
from workflows.errors import Conflict, Invalid
from workflows.models import Bid, BidState, Panel, PanelMember, PreviewOpinion, ScoreSheet, User

CRITERIA = {
    "tech": "技术路线",
    "pledge": "指标承诺",
    "team": "团队能力",
    "schedule": "进度与节点",
    "money": "经费与效益",
    "safety": "安全与可推广",
}  # code -> what people call it, in the order of the sheet
OUT_OF_REVIEW = (BidState.DISQUALIFIED, BidState.WITHDRAWN)
KEPT = "维持原评分"


def weights(session: Session, *, at: dt.datetime | None) -> dict[str, Decimal]:
    """The weight of each criterion in table score_criterion as of ``at``."""
    return {
        name: rules.decide(session, "score_criterion", {"criterion": name}, at=at).value["weight"]
        for name in CRITERIA
    }


def opine(session: Session, panel: Panel, *, rows: Sequence[Mapping[str, Any]], actor: User) -> None:
    """书面预审: keep an opinion on every bid, ``rows`` {label, text} by the letters of the panel.

    Raises Forbidden unless ``actor`` holds a seat, Conflict when they have written, Invalid for a wrong letter.
    """
    member = recusals.seat_of(panel, actor)
    bids = {slot.label: slot.bid_id for slot in panel.slots}
    _check_each(rows, "label", set(bids), "请对每一份材料写明预审意见。", "没有这份材料。")
    if session.scalar(select(PreviewOpinion.id).where(PreviewOpinion.member_id == member.id).limit(1)):
        raise Conflict("您的预审意见已经提交，不能再改。")
    session.add_all(
        PreviewOpinion(
            member_id=member.id, bid_id=bids[row["label"]], text=row["text"], written_at=clock.now()
        )
        for row in rows
    )


def still_to_opine(session: Session, panel: Panel) -> list[int]:
    """The ids of those who hold a seat and have not written an opinion, by seat."""
    session.flush()
    members = [one.id for one in recusals.seated(panel)]
    written = select(PreviewOpinion.member_id).where(PreviewOpinion.member_id.in_(members))
    done = set(session.scalars(written))
    return [one.user_id for one in recusals.seated(panel) if one.id not in done]


def sign(
    session: Session, panel: Panel, *, rows: Sequence[Mapping[str, Any]], actor: User, at: dt.datetime | None
) -> None:
    """答辩打分: keep and lock one sheet for each bid, ``rows`` {bid_id, one score 0..100 per criterion, remark}.

    Raises Forbidden unless ``actor`` holds a seat, Conflict when they have signed, Invalid unless every bid is
    scored once.
    """
    member = recusals.seat_of(panel, actor)
    wanted = {slot.bid_id for slot in panel.slots}
    _check_each(rows, "bid_id", wanted, "请为每一份申报打分。", "这份申报不在本次评审中。")
    if session.scalar(select(ScoreSheet.id).where(ScoreSheet.member_id == member.id).limit(1)):
        raise Conflict("您的评分表已经签署锁定，不能再改。")
    known = weights(session, at=at)
    for row in rows:
        sheet = ScoreSheet(member_id=member.id, bid_id=row["bid_id"])
        _write(sheet, row, known)
        session.add(sheet)


def sheets(session: Session, panel: Panel) -> list[ScoreSheet]:
    """Every sheet of the panel, by bid and seat."""
    query = select(ScoreSheet).join(PanelMember).where(PanelMember.panel_id == panel.id)
    ordered = query.order_by(ScoreSheet.bid_id, PanelMember.seat)
    return list(session.scalars(ordered.options(joinedload(ScoreSheet.member).joinedload(PanelMember.user))))


def flag(session: Session, panel: Panel, *, at: dt.datetime | None) -> list[int]:
    """Mark the sheets that stand out; the ids of the experts who are to look at them again."""
    sigma, off = (rules.setting(session, name, at=at) for name in ("score_sigma_flag", "score_median_flag"))
    known, experts = weights(session, at=at), set()
    for of_bid in _by_bid(sheets(session, panel)).values():
        totals = [ranking.total(marks(one), known) for one in of_bid]
        for place, why in ranking.flagged(totals, sigma=sigma, off=off).items():
            of_bid[place].flag = why
            experts.add(of_bid[place].member.user_id)
    session.flush()
    return sorted(experts)


def reconsider(
    session: Session,
    panel: Panel,
    *,
    rows: Sequence[Mapping[str, Any]],
    reason: str,
    actor: User,
    at: dt.datetime | None,
) -> None:
    """复核评分: keep the flagged sheets of ``actor``, or revise those in ``rows`` once, as ``sign`` has them.

    Raises Forbidden unless they hold a seat, Conflict when nothing of theirs is flagged or it is answered,
    Invalid for a revision without a reason or of a sheet that is not flagged.
    """
    member = recusals.seat_of(panel, actor)
    flagged = {
        one.bid_id: one
        for one in sheets(session, panel)
        if one.member_id == member.id and one.flag is not None
    }
    if not flagged or any(one.answered_at is not None for one in flagged.values()):
        raise Conflict("您没有需要复核的评分，或者已经复核过一次。")
    _check_each(rows, "bid_id", set(flagged), "", "这份申报的评分不需要复核。", every=False)
    revised = [row for row in rows if not _says(flagged[row["bid_id"]], row)]
    if revised and not reason.strip():
        raise Invalid({"reason": ["修改评分须写明理由。"]})
    known = weights(session, at=at)
    for row in revised:
        sheet = flagged[row["bid_id"]]
        sheet.first_items = sheet.items
        _write(sheet, row, known)
    for sheet in flagged.values():
        sheet.answered_at = clock.now()
        sheet.reason = reason or KEPT
    session.flush()


def to_reconsider(session: Session, panel: Panel, *, actor: User) -> list[dict[str, Any]]:
    """The flagged sheets of ``actor`` that wait for an answer, as rows of the score form, by bid."""
    return [
        {"bid_id": one.bid_id, **marks(one), "remark": one.remark}
        for one in sheets(session, panel)
        if one.member.user_id == actor.id and one.flag is not None and one.answered_at is None
    ]


def ranked(session: Session, panel: Panel, *, at: dt.datetime | None) -> list[ranking.Ranked]:
    """The bids that are still in the review, ranked from the panel's sheets."""
    scored = [
        ranking.Scored(bid.id, _sealed_at(bid), tuple(marks(one) for one in of_bid))
        for bid_id, of_bid in _by_bid(sheets(session, panel)).items()
        if (bid := session.get_one(Bid, bid_id)).state not in OUT_OF_REVIEW
    ]
    trim_from = rules.days(session, "trim_from", at=at)
    return ranking.rank(scored, weights=weights(session, at=at), trim_from=trim_from)


def marks(sheet: ScoreSheet) -> dict[str, Decimal]:
    """The scores of one sheet by criterion, exactly as signed."""
    return {item["criterion"]: Decimal(item["score"]) for item in sheet.items}


def digest(sheet: ScoreSheet) -> str:
    """SHA-256 of what a sheet says, by whom and when; anything else than ``sheet.hash`` was changed afterwards."""
    said = [sheet.member_id, sheet.bid_id, sheet.items, sheet.remark, sheet.signed_at.isoformat()]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _write(sheet: ScoreSheet, row: Mapping[str, Any], known: Mapping[str, Decimal]) -> None:
    sheet.items = [
        {"criterion": name, "weight": str(known[name]), "score": str(row[name])} for name in CRITERIA
    ]
    sheet.remark = row["remark"]
    points: Fraction = ranking.total(marks(sheet), known)
    sheet.total = ranking.shown(points)
    sheet.signed_at = clock.now()
    sheet.hash = digest(sheet)


def _says(sheet: ScoreSheet, row: Mapping[str, Any]) -> bool:
    """Whether ``row`` is what ``sheet`` says already."""
    return marks(sheet) == {name: row[name] for name in CRITERIA} and sheet.remark == row["remark"]


def _by_bid(rows: Sequence[ScoreSheet]) -> dict[int, list[ScoreSheet]]:
    grouped: dict[int, list[ScoreSheet]] = {}
    for one in rows:
        grouped.setdefault(one.bid_id, []).append(one)
    return grouped


def _sealed_at(bid: Bid) -> dt.datetime:
    if bid.sealed_at is None:
        raise Conflict("有申报没有密封时间，不能排名。")
    return bid.sealed_at


def _check_each(
    rows: Sequence[Mapping[str, Any]],
    key: str,
    wanted: set[Any],
    missing: str,
    unknown: str,
    *,
    every: bool = True,
) -> None:
    """Raises Invalid unless ``rows`` name each of ``wanted`` once under ``key``, or with ``every`` off some of them."""
    fields: dict[str, list[str]] = {}
    named = [row[key] for row in rows]
    for place, one in enumerate(named):
        if one not in wanted:
            fields[f"rows.{place}.{key}"] = [unknown]
        elif one in named[:place]:
            fields[f"rows.{place}.{key}"] = ["这一份已经列出。"]
    if every and wanted - set(named):
        fields["rows"] = [missing]
    if fields:
        raise Invalid(fields)
