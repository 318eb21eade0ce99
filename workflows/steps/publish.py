"""bpmn/publish: from the approval of a challenge through its bidding to the selection, or to its withdrawal."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import challenges, listings, publications
from workflows.domain.terms import FAIL_REASONS
from workflows.engine.registry import Act, Sent, Started, human_step, message_start, sender, service_step
from workflows.models import Challenge, User
from workflows.steps.publish_forms import (
    AmendForm,
    ConsultForm,
    NoBidForm,
    PostForm,
    ReviseForm,
    WithdrawForm,
)


@sender("post_challenge", title="发榜", form=PostForm)
def post(session: Session, actor: User, values: Mapping[str, Any]) -> Sent:
    challenge = challenges.post(session, values=values, actor=actor)
    facts = {
        "challenge_id": challenge.id,
        "sponsor_unit_id": challenge.sponsor_unit_id,
        "level": challenge.level,
    }
    return _sent("MSG_CHALLENGE_REFINED", challenge, facts)


@sender("amend_challenge", title="变更公告", form=AmendForm)
def amend(session: Session, actor: User, values: Mapping[str, Any]) -> Sent:
    challenge = challenges.get(session, values["challenge_id"], actor=actor)
    text = f"{values['notice']}（理由：{values['reason']}）"
    bid_to = listings.amend(session, challenge, text=text, bid_to=values["bid_to"], actor=actor)
    return _sent("MSG_CHALLENGE_AMENDED", challenge, {"challenge_id": challenge.id, "bid_to": bid_to})


@sender("withdraw_challenge", title="撤榜", form=WithdrawForm)
def withdraw(session: Session, actor: User, values: Mapping[str, Any]) -> Sent:
    challenge = challenges.get(session, values["challenge_id"], actor=actor)
    listings.withdraw(session, challenge, reason=values["reason"], actor=actor)
    return _sent("MSG_CHALLENGE_WITHDRAWN", challenge, {"challenge_id": challenge.id})


def _sent(message: str, challenge: Challenge, payload: dict[str, Any]) -> Sent:
    return Sent(message, "challenge_id", payload, f"/challenges/{challenge.id}")


@message_start("publish")
def begin(session: Session, payload: Mapping[str, Any]) -> Started:
    challenge = session.get_one(Challenge, payload["challenge_id"])
    first = {"challenge_id": challenge.id, "rules_at": None, "fail_reason": None, "bids_open_at": None}
    return Started(challenge.title, f"/challenges/{challenge.id}", first)


def about(session: Session, data: Mapping[str, Any]) -> Challenge:
    return session.get_one(Challenge, data["challenge_id"])


@service_step("publish.submit")
def submit(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    challenge = about(session, data)
    publications.submit(session, challenge)
    return {
        "sponsor_unit_id": challenge.sponsor_unit_id,
        "level": challenge.level,
        "owner_ids": [challenge.party_lead_id, challenge.admin_lead_id],
        "approval_kind": "publish",
        "approval_subject": f"challenge:{challenge.id}",
        "approval_amount_fen": max(challenge.budget_fen, challenge.cap_fen),
        "approval_unit_id": challenge.sponsor_unit_id,
    }


@service_step("publish.hand_back")
def hand_back(session: Session, data: Mapping[str, Any]) -> None:
    publications.hand_back(session, about(session, data))


def _posted(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    return publications.posted(about(session, data))


@human_step("publish.revise", title="修改榜单", form=ReviseForm, about=about, prefill=_posted)
def revise(act: Act) -> None:
    challenge = about(act.session, act.data)
    challenges.revise(act.session, challenge, values=act.values, actor=act.actor)


@service_step("publish.reject")
def reject(session: Session, data: Mapping[str, Any]) -> None:
    publications.reject(session, about(session, data))


@service_step("publish.publish")
def publish(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    """Approved just now, or on the day for which it has waited."""
    challenge = about(session, data)
    opens_at = None if data.get("bids_open_at") else publications.approve(session, challenge)
    if opens_at is not None:
        return {"bids_open_at": opens_at}
    bid_to = publications.publish(session, challenge)
    return {"bid_to": bid_to, "rules_at": challenge.rules_at, "bids_open_at": None}


@service_step("publish.count")
def count(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    challenge = about(session, data)
    sealed = publications.count_sealed(session, challenge)
    return {"n": sealed, "extended": challenge.extended, "phase": "sealed"}


@service_step("publish.extend_single")
def extend_single(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"bid_to": listings.extend_single(session, about(session, data))}


@service_step("publish.close_call")
def close_call(session: Session, data: Mapping[str, Any]) -> None:
    publications.close_call(session, about(session, data))


@service_step("publish.fail")
def fail(session: Session, data: Mapping[str, Any]) -> None:
    reason = FAIL_REASONS[data["fail_reason"] or "no_bids"]
    listings.fail(session, about(session, data), reason=reason)


@human_step("publish.consult", title="流标：发榜单位意见", form=ConsultForm, about=about)
def consult(act: Act) -> None:
    pass  # what the unit says is the opinion of the act


@human_step("publish.no_bid", title="流标处置", form=NoBidForm, about=about)
def settle_no_bid(act: Act) -> dict[str, Any]:
    challenge = about(act.session, act.data)
    return {"is_relisted": listings.settle(act.session, challenge, values=act.values, actor=act.actor)}


@service_step("publish.relist")
def relist(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"bid_to": listings.relist(session, about(session, data)), "fail_reason": None}


@service_step("publish.end_list")
def end_list(session: Session, data: Mapping[str, Any]) -> None:
    listings.end(session, about(session, data))
