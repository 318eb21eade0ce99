"""异议: filed under a name or without, accepted, looked into, answered, reviewed once, settled (P5)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import notices, paging, permissions, publicities
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import (
    Challenge,
    Finding,
    Objection,
    ObjectionState,
    Publicity,
    PublicityResult,
    User,
)

OUTCOMES = {
    PublicityResult.UPHELD: "成立",
    PublicityResult.PARTLY: "部分成立",
    PublicityResult.DISMISSED: "不成立",
}
Row = Mapping[str, Any]


def file(session: Session, publicity: Publicity, *, values: Row, actor: User) -> Objection:
    """提出异议: ``values`` {is_named, reason, evidence, files}. Of an anonymous one nothing tells who filed it.

    Raises Conflict once the notice has run out, Invalid for an anonymous one without evidence, or with files, which
    tell who uploaded them.
    """
    publicities.hold(session, publicity)
    if publicity.closed_at is not None or publicities.has_run_out(publicity):
        raise Conflict("公示期已经结束，不能再提出异议；如有新的证据，请直接向纪委监督反映。")
    if not values["is_named"] and not values["evidence"].strip():
        raise Invalid({"evidence": ["匿名异议须写明可以查证的证据或线索。"]})
    if not values["is_named"] and values["files"]:
        raise Invalid({"files": ["附件会留下上传人；匿名异议请只用文字写明证据。"]})
    objection = Objection(
        publicity=publicity,
        is_named=values["is_named"],
        filer_id=actor.id if values["is_named"] else None,
        reason=values["reason"],
        evidence=values["evidence"],
        files=list(values["files"]),
        state=ObjectionState.FILED,
        filed_at=clock.now(),
    )
    session.add(objection)
    session.flush()
    return objection


def accept(session: Session, objection: Objection, *, accepted: bool, reason: str, actor: User) -> None:
    """受理: from now on what is shown is frozen; or tell why not.

    Raises Conflict when a named one is refused, Forbidden for whoever the notice is about, Invalid for a refusal
    without a reason.
    """
    _expect(objection, ObjectionState.FILED)
    expect_impartial(objection, actor)
    if not accepted and objection.is_named:
        raise Conflict("实名异议必须受理。")
    if not accepted and not reason.strip():
        raise Invalid({"opinion": ["不予受理须写明理由。"]})
    objection.accepted_by_id = actor.id
    if accepted:
        objection.state, objection.accepted_at = ObjectionState.INVESTIGATING, clock.now()
        _tell_parties(session, objection.publicity)
    else:
        objection.state, objection.settled_at = ObjectionState.REFUSED, clock.now()
        objection.refusal = reason


def investigators(session: Session, objection: Objection) -> list[dict[str, Any]]:
    """Who looks into it, as the signers of a stage: supervision, and the sponsor's business side or else its head.

    Whoever the notice is about, or filed the objection, is not asked; if that leaves nobody of supervision, the
    Party committee is. Raises Conflict when nobody is left at all.
    """
    sponsor = objection.publicity.challenge.sponsor_unit_id
    watching = _signer(session, objection, "supervision", None)
    watching = watching or _signer(session, objection, "party_committee", None)
    owning = _signer(session, objection, "sponsor", sponsor)
    owning = owning or _signer(session, objection, "admin_head", sponsor)
    asked = [one for one in (watching, owning) if one is not None]
    if not asked:
        raise Conflict("没有可以调查这份异议的人员，请系统管理员为纪委监督指定人员后再受理。")
    return asked


def find(session: Session, objection: Objection, *, role: str, values: Row, actor: User) -> None:
    """调查核实: keep what one investigator found, ``values`` {findings, conclusion}; without a conclusion more time.

    Raises Conflict for a second extension, Forbidden for whoever the notice is about.
    """
    _expect(objection, ObjectionState.INVESTIGATING)
    expect_impartial(objection, actor)
    conclusion = values["conclusion"]
    if conclusion is None and objection.extended:
        raise Conflict("调查只能延长一次，请给出结论。")
    found = Finding(role=role, user_id=actor.id, text=values["findings"], found_at=clock.now())
    found.conclusion = conclusion
    objection.findings.append(found)
    session.flush()


def conclude(objection: Objection) -> PublicityResult | None:
    """The worst that its investigators concluded; None when one of them needs more time, which is given once."""
    latest = {one.role: one.conclusion for one in objection.findings}
    if None in latest.values():
        objection.extended = True
        return None
    worst = next(one for one in publicities.WORST_FIRST if one in latest.values())
    objection.conclusion, objection.state = worst, ObjectionState.CONCLUDED
    return worst


def reply(session: Session, objection: Objection, *, letter: str, actor: User) -> None:
    """书面答复: who filed it is told; the letter stands at the notice for everybody."""
    _expect(objection, ObjectionState.CONCLUDED)
    expect_impartial(objection, actor)
    objection.reply, objection.replied_at = letter, clock.now()
    objection.state = ObjectionState.REPLIED
    _tell_filer(session, objection, f"您对《{objection.publicity.title}》公示的异议已有书面答复。")


def ask_review(session: Session, objection: Objection, *, wants: bool, reason: str, actor: User) -> None:
    """申请复核: who filed it asks once for a review, or lets it rest. Raises Forbidden for anybody else."""
    _expect(objection, ObjectionState.REPLIED)
    if actor.id != objection.filer_id:
        raise Forbidden("只有提出异议的本人可以申请复核。")
    if wants and not reason.strip():
        raise Invalid({"opinion": ["申请复核须写明理由。"]})
    if wants:
        objection.state, objection.review_reason = ObjectionState.REVIEWING, reason


def review(session: Session, objection: Objection, *, conclusion: str, text: str, actor: User) -> None:
    """复核: the Party committee's conclusion takes the place of the investigators'."""
    _expect(objection, ObjectionState.REVIEWING)
    expect_impartial(objection, actor)
    objection.conclusion, objection.review_text = conclusion, text


def settle(session: Session, objection: Objection) -> None:
    """办结: its conclusion is its outcome; who filed it is told."""
    _expect(objection, ObjectionState.REPLIED, ObjectionState.REVIEWING)
    objection.outcome = objection.conclusion
    objection.state, objection.settled_at = ObjectionState.SETTLED, clock.now()
    word = OUTCOMES[PublicityResult(objection.outcome or "")]
    _tell_filer(session, objection, f"您对《{objection.publicity.title}》公示的异议已办结：{word}。")
    session.flush()


def get(session: Session, objection_id: int, *, actor: User) -> Objection:
    """An objection with its findings. Raises NotFound for one that ``actor`` may not see."""
    objection = session.get(Objection, objection_id)
    if objection is None or not permissions.may_see_objection(session, actor, objection):
        raise NotFound("没有找到这份异议。")
    return objection


def listing(
    session: Session,
    *,
    actor: User,
    publicity_id: int | None = None,
    state: str | None = None,
    mine: bool = False,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Objection], int]:
    """Those that ``actor`` may see, the newest first, with how many there are; ``mine``: filed under one's name."""
    query = select(Objection).where(_seen_by(session, actor))
    wanted = {Objection.publicity_id: publicity_id, Objection.state: state}
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    if mine:
        query = query.where(Objection.filer_id == actor.id)
    return paging.page_of(session, query.order_by(Objection.id.desc()), page=page, size=size)


def _seen_by(session: Session, actor: User) -> Any:
    """The SQL condition of permissions.may_see_objection."""
    own = (Objection.filer_id == actor.id) | Objection.findings.any(user_id=actor.id)
    if not permissions.grants(session, actor).is_any((*permissions.READ_ALL, "party_committee")):
        return own
    shown = select(Publicity).where(Publicity.id.in_(select(Objection.publicity_id)))
    barred = [one.id for one in session.scalars(shown) if permissions.is_party(actor, one)]
    return own | Objection.publicity_id.not_in(barred)


def expect_impartial(objection: Objection, user: User) -> None:
    """Raises Forbidden for whoever the notice is about, and for who filed the objection."""
    if not permissions.may_handle(user, objection):
        raise Forbidden("您是这份公示的当事人或异议提出人，应当回避，请转由他人办理。")


def _signer(session: Session, objection: Objection, role: str, unit_id: int | None) -> dict[str, Any] | None:
    """``role`` as a signer; one of its holders where others are parties; None where nobody may be asked."""
    holders = permissions.holders(session, role, unit_id)
    fit = [one.id for one in holders if permissions.may_handle(one, objection)]
    if not fit:
        return None
    return {"role": role, "unit": unit_id, "user": None if len(fit) == len(holders) else fit[0]}


def _tell_parties(session: Session, publicity: Publicity) -> None:
    challenge = session.get_one(Challenge, publicity.challenge_id)
    text = f"《{publicity.title}》公示收到异议并已受理，办结前暂不定论。"
    for lead in {challenge.party_lead_id, challenge.admin_lead_id}:
        notices.send(session, lead, text=text, link=f"/publicities/{publicity.id}", kind="objection")


def _tell_filer(session: Session, objection: Objection, text: str) -> None:
    if objection.filer_id is not None:
        notices.send(
            session,
            objection.filer_id,
            text=text,
            link=f"/publicities/{objection.publicity_id}",
            kind="objection",
        )


def _expect(objection: Objection, *states: ObjectionState) -> None:
    if objection.state not in states:
        raise Conflict("这份异议当前的状态不允许这样做，请刷新页面。")
