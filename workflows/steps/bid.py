"""bpmn/bid: a team's bid, from 我要揭榜 to the judged eligibility."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import bids, challenges, eligibility, listings
from workflows.engine.registry import Act, Started, Vote, human_step, round_end, service_step, start
from workflows.errors import Invalid
from workflows.models import Bid, User
from workflows.steps import rules
from workflows.steps.bid_forms import (
    AnswerForm,
    BidStart,
    ConfirmForm,
    CureForm,
    QueryForm,
    ReviewForm,
    SendForm,
    SignForm,
    TeamForm,
    WriteForm,
)


@start("bid", title="我要揭榜", form=BidStart)
def begin(session: Session, actor: User, values: Mapping[str, Any]) -> Started:
    challenge = challenges.get(session, values["challenge_id"], actor=actor)
    bid = bids.begin(session, challenge, leader=actor, unit_id=values["unit_id"])
    data = {
        "bid_id": bid.id,
        "challenge_id": challenge.id,
        "leader_id": actor.id,
        "unit_id": bid.unit_id,
        "bid_to": challenge.bid_to,
        "rules_at": challenge.rules_at,
        "cured": False,
    }
    return Started(f"{challenge.title} · {bid.unit.name} {actor.name}", f"/bids/{bid.id}", data)


def about(session: Session, data: Mapping[str, Any]) -> Bid:
    return session.get_one(Bid, data["bid_id"])


def _team(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    columns = ("user_id", "role", "pioneer", "workload_pct")
    return {
        "members": [{name: getattr(one, name) for name in columns} for one in about(session, data).members]
    }


def _draft(session: Session, data: Mapping[str, Any], actor: User) -> dict[str, Any]:
    """The document as last written, or a first one with every indicator of the challenge."""
    bid = about(session, data)
    known = bids.document(session, bid, actor=actor)
    if known is not None:
        return known
    return {"pledge": [{"indicator_id": one.id, "value": one.target} for one in bid.challenge.indicators]}


@human_step("bid.form_team", title="组队", form=TeamForm, about=about, prefill=_team)
def form_team(act: Act) -> dict[str, Any]:
    return _set_team(act)


def _set_team(act: Act) -> dict[str, Any]:
    bid = about(act.session, act.data)
    waiting = bids.set_team(act.session, bid, rows=act.values["members"], actor=act.actor)
    return {
        "member_ids": waiting,
        "confirm_by": rules.deadline(act.session, "member_confirm_workdays", act.data),
    }


@human_step("bid.confirm", title="成员确认", form=ConfirmForm, about=about)
def confirm(act: Act) -> Vote:
    accept = act.values["accept"]
    bids.answer_invitation(act.session, about(act.session, act.data), actor=act.actor, accept=accept)
    return Vote(agree=accept)


@human_step("bid.write", title="编制揭榜书", form=WriteForm, about=about, prefill=_draft)
def write(act: Act) -> None:
    bids.write(act.session, about(act.session, act.data), document=act.values, actor=act.actor)


@service_step("bid.gather_facts")
def gather_facts(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return eligibility.facts(session, about(session, data))


@service_step("bid.record_self_check")
def record_self_check(session: Session, data: Mapping[str, Any]) -> None:
    eligibility.record(about(session, data), stage=eligibility.SELF, findings=data["eligibility"])


@human_step("bid.send_to_sign", title="自检与送签", form=SendForm, about=about)
def send_to_sign(act: Act) -> dict[str, Any]:
    signers = bids.signers(act.session, about(act.session, act.data))
    stage = {"policy": "dual", "veto": True, "signers": signers}
    return {"proceed": act.values["proceed"], "sign_stage": stage}


@human_step("bid.sign", title="所在单位党政意见", form=SignForm, about=about, agree_with={"agree": True})
def sign(act: Act) -> Vote:
    _expect_reason(act, act.values["agree"])
    return Vote(agree=act.values["agree"])


@service_step("bid.follow_amendment")
def follow_amendment(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    bid = about(session, data)
    bids.tell_of_change(session, bid, text=listings.latest(session, bid.challenge).text)
    return {"bid_to": bid.challenge.bid_to}


@service_step("bid.seal")
def seal(session: Session, data: Mapping[str, Any]) -> None:
    bids.seal_up(session, about(session, data))


@service_step("bid.withdraw")
def withdraw(session: Session, data: Mapping[str, Any]) -> None:
    bids.withdraw(session, about(session, data))


@service_step("bid.end_with_list")
def end_with_list(session: Session, data: Mapping[str, Any]) -> None:
    bids.end_with_list(session, about(session, data))


@service_step("bid.lapse")
def lapse(session: Session, data: Mapping[str, Any]) -> None:
    bids.lapse(session, about(session, data))


@service_step("bid.open")
def open_up(session: Session, data: Mapping[str, Any]) -> None:
    bids.open_up(session, about(session, data))


@service_step("bid.record_check")
def record_check(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    findings = data["eligibility"]
    return {
        "rules_met": eligibility.record(about(session, data), stage=eligibility.OPENED, findings=findings)
    }


@human_step("bid.review", title="资格复核", form=ReviewForm, about=about)
def review(act: Act) -> Vote:
    passed, opinion = act.values["passed"], act.values["opinion"]
    _expect_reason(act, passed)
    eligibility.add_review(
        about(act.session, act.data),
        role=act.item.role,
        passed=passed,
        reason=opinion,
        may_cure=act.values["cure_allowed"],
    )
    return Vote(agree=passed)


@round_end("bid.review")
def end_review(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    allowed = eligibility.may_cure(about(session, data)) and not data["cured"]
    return {"may_cure": allowed, "cure_by": rules.deadline(session, "cure_workdays", data)}


@human_step("bid.cure", title="补正", form=CureForm, about=about, prefill=_team)
def cure(act: Act) -> dict[str, Any]:
    return {**_set_team(act), "cured": True}


@service_step("bid.accept")
def accept(session: Session, data: Mapping[str, Any]) -> None:
    bids.judge(session, about(session, data), eligible=True)


@service_step("bid.reject")
def reject(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    bids.judge(session, about(session, data), eligible=False)
    return {"query_by": rules.deadline(session, "ineligible_query_workdays", data)}


@human_step("bid.query", title="询问资格结果", form=QueryForm, about=about)
def query(act: Act) -> dict[str, Any]:
    asks, question = act.values["asks"], act.values["opinion"]
    bids.check_query(about(act.session, act.data), asks=asks, question=question)
    return {"query_asked": asks}


@human_step("bid.answer_query", title="答复询问", form=AnswerForm, about=about)
def answer_query(act: Act) -> None:
    bids.answer_query(act.session, about(act.session, act.data), answer=act.values["opinion"])


def _expect_reason(act: Act, agree: bool) -> None:
    if not agree and not act.values["opinion"].strip():
        raise Invalid({"opinion": ["请写明理由。"]})
