"""Problems (难题): raised by an employee, triaged in the employee's unit, condensed by the office into a challenge."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows import clock
from workflows.domain import action_items, campaigns, challenges, notices, paging, permissions
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import (
    ActionItem,
    Challenge,
    ChallengeProblem,
    ChallengeState,
    Problem,
    ProblemState,
    TriageAction,
    User,
)

TOLD = (
    "title",
    "category",
    "scene",
    "root_cause",
    "loss_year_fen",
    "freq",
    "wanted",
    "willing_join",
    "level_hint",
    "anonymous",
    "attachments",
)  # what a proposer tells, as steps' ProblemForm
MARKS = ("s1", "s2", "s3", "s4", "s5", "s6")
ALIVE = (
    ProblemState.SUBMITTED,
    ProblemState.FIXING,
    ProblemState.ESCALATED,
    ProblemState.REFINING,
    ProblemState.ADOPTED,
)  # into which another problem may be merged
BECOMES = {
    TriageAction.FIX: ProblemState.FIXING,
    TriageAction.MERGE: ProblemState.MERGED,
    TriageAction.ESCALATE: ProblemState.ESCALATED,
    TriageAction.DECLINE: ProblemState.DECLINED,
}
NEWS = {
    TriageAction.FIX: "已安排立即整改。",
    TriageAction.ESCALATE: "已上报厂级，由揭榜挂帅办公室凝练命题。",
}  # what the proposer is told at once; a refusal is told with its reply


def submit(session: Session, values: Mapping[str, Any], *, actor: User) -> Problem:
    """填报难题: by any employee, into the open batch when there is one; ``values`` as steps' ProblemForm.

    Raises Conflict for a batch that is not open, Invalid for an unknown one, or files with an anonymous problem.
    """
    if values["anonymous"] and values["attachments"]:
        raise Invalid({"attachments": ["匿名填报不能附文件：附件会显示上传人。请用文字说明，或改为实名。"]})
    batch = campaigns.batch_for_intake(session, values["batch_id"])
    problem = Problem(batch=batch, proposer_id=actor.id, unit_id=actor.unit_id, submitted_at=clock.now())
    for name in TOLD:
        setattr(problem, name, values[name])
    session.add(problem)
    session.flush()
    return problem


def triage(session: Session, problem: Problem, *, values: Mapping[str, Any], actor: User) -> None:
    """点题: fix it at once, merge it into another, report it to the plant, or decline it; values as TriageForm.

    Writes the action item of a fix, and tells the proposers. Raises Forbidden for its proposer, Conflict when it has
    been triaged, Invalid for what the action needs and the values do not give.
    """
    if actor.id == problem.proposer_id:
        raise Forbidden("您是这项难题的出题人，应当回避，请由他人点题。")
    action = TriageAction(values["action"])
    into = _hold(session, problem, values["merge_into"] if action == TriageAction.MERGE else None)
    _expect(problem, ProblemState.SUBMITTED)
    _check_triage(action, problem, into, values)
    if action == TriageAction.FIX:
        row = {"owner_id": values["owner_id"], "due_on": values["due_on"]}
        action_items.check_rows(session, [row])
        action_items.add(session, what=f"立即整改：{problem.title}", problem_id=problem.id, **row)
    problem.state, problem.triage_action = BECOMES[action], action
    problem.triage_reason = values["opinion"]
    problem.marks = {name: values[name] for name in MARKS if values[name] is not None}
    problem.triaged_by, problem.triaged_at = actor, clock.now()
    if into is not None:
        problem.merged_into = into
        for challenge in into.challenges:
            session.add_all(
                ChallengeProblem(challenge_id=challenge.id, problem_id=one.id)
                for one in family(session, problem)
            )
        _tell(session, [problem], f"与“{into.title}”合并办理。")
        _tell(session, [into], f"并入了另一项相似的难题“{problem.title}”。")
    elif action in NEWS:
        _tell(session, family(session, problem), NEWS[action])


def action_item_id(session: Session, problem: Problem) -> int | None:
    """The action item by which ``problem`` is fixed at once."""
    query = select(ActionItem.id).where(ActionItem.problem_id == problem.id)
    return session.scalars(query.order_by(ActionItem.id)).first()


def resolve(session: Session, item: ActionItem) -> None:
    """已整改: the action item by which a problem was to be fixed is closed; its proposers are told."""
    problem = None if item.problem_id is None else session.get(Problem, item.problem_id)
    if problem is not None and problem.state == ProblemState.FIXING:
        problem.state = ProblemState.RESOLVED
        _tell(session, family(session, problem), "已完成整改。")


def refine(session: Session, problem: Problem, *, values: Mapping[str, Any], actor: User) -> Challenge:
    """凝练命题: draft the challenge that comes of ``problem`` and those merged into it, or write it anew.

    Raises as challenges.draft, and Conflict unless the problem is escalated or its challenge is to be revised.
    """
    _hold(session, problem)
    _expect(problem, ProblemState.ESCALATED, ProblemState.REFINING)
    if problem.challenges:
        challenges.revise(session, problem.challenges[-1], values=values, actor=actor)
        return problem.challenges[-1]
    challenge = challenges.draft(session, values=values, actor=actor)
    challenge.batch_id = problem.batch_id
    for one in family(session, problem):
        session.add(ChallengeProblem(challenge_id=challenge.id, problem_id=one.id))
    problem.state = ProblemState.REFINING
    session.flush()
    session.expire(problem, ["challenges"])
    return challenge


def first_draft(problem: Problem) -> dict[str, Any]:
    """What ``problem`` tells of the challenge that may come of it, as steps' PostForm."""
    told = (problem.scene, problem.root_cause, problem.wanted)
    batch = problem.batch
    return {
        "category": problem.category,
        "title": problem.title,
        "background": "\n".join(one for one in told if one),
        "sponsor_unit_id": problem.unit_id,
        "est_benefit_fen": problem.loss_year_fen,
        "bid_to": batch.bid_to if batch is not None else None,
    }


def adopt(session: Session, problem: Problem) -> None:
    """立榜: the experts have justified the challenge; it goes on to its approval."""
    _settle(session, problem, ProblemState.ADOPTED, ChallengeState.JUSTIFIED)
    _tell(session, family(session, problem), "已通过专家论证，正在报批发榜。")


def reject(session: Session, problem: Problem) -> None:
    """不立: the experts have not justified the challenge; the proposer is owed a reply."""
    _settle(session, problem, ProblemState.REJECTED, ChallengeState.REJECTED)


def answer(session: Session, problem: Problem, *, text: str, actor: User) -> None:
    """答复出题人: why a problem was declined or its challenge not listed; all its proposers are told.

    Raises Conflict when there is nothing to answer.
    """
    _expect(problem, ProblemState.DECLINED, ProblemState.REJECTED)
    problem.reply, problem.replied_by, problem.replied_at = text, actor, clock.now()
    word = "未被采纳" if problem.state == ProblemState.DECLINED else "未能立榜"
    _tell(session, family(session, problem), f"{word}：{notices.excerpt(text)}", kind="returned")


def family(session: Session, problem: Problem) -> list[Problem]:
    """``problem`` and all those merged into it, directly or by way of another."""
    found, ids = [problem], [problem.id]
    while ids:
        merged = session.scalars(
            select(Problem).where(Problem.merged_into_id.in_(ids)).order_by(Problem.id)
        ).all()
        found += merged
        ids = [one.id for one in merged]
    return found


def proposer_for(problem: Problem, reader: User) -> User | None:
    """Who proposed it, as ``reader`` may know: of an anonymous problem only the proposer."""
    return None if problem.anonymous and reader.id != problem.proposer_id else problem.proposer


def get(session: Session, problem_id: int, *, actor: User) -> Problem:
    """The problem with its challenges. Raises NotFound for one that ``actor`` may not see."""
    query = select(Problem).where(Problem.id == problem_id, _seen_by(session, actor))
    problem = session.scalars(query.options(selectinload(Problem.challenges))).one_or_none()
    if problem is None:
        raise NotFound("没有找到这项难题。")
    return problem


def listing(
    session: Session,
    *,
    actor: User,
    state: str | None = None,
    category: str | None = None,
    unit_id: int | None = None,
    batch_id: int | None = None,
    mine: bool = False,
    q: str = "",
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Problem], int]:
    """The problems that ``actor`` may see, the newest first, with how many there are; pages count from 1."""
    wanted = {
        Problem.state: state,
        Problem.category: category,
        Problem.unit_id: unit_id,
        Problem.batch_id: batch_id,
        Problem.proposer_id: actor.id if mine else None,
    }
    query = select(Problem).where(_seen_by(session, actor))
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    if q:
        query = query.where(Problem.title.icontains(q, autoescape=True))
    return paging.page_of(
        session, query.order_by(Problem.id.desc()).options(joinedload(Problem.proposer)), page=page, size=size
    )


def mergeable(session: Session, problem: Problem) -> list[Problem]:
    """What ``problem`` may be merged into: first what resembles it, then the other open ones of its unit."""
    close = [row["id"] for row in problem.similar if row["kind"] == "problem"]
    query = select(Problem).where(Problem.state.in_(ALIVE), Problem.id != problem.id)
    known = query.where(or_(Problem.id.in_(close), Problem.unit_id == problem.unit_id))
    found = session.scalars(known.order_by(Problem.id.desc())).all()
    return sorted(found, key=lambda one: close.index(one.id) if one.id in close else len(close))


def _settle(session: Session, problem: Problem, state: ProblemState, challenge_state: ChallengeState) -> None:
    _hold(session, problem)
    _expect(problem, ProblemState.REFINING)
    challenge = problem.challenges[-1]
    challenges.hold(session, challenge)
    challenges.expect(challenge, ChallengeState.REFINING)
    problem.state, challenge.state = state, challenge_state


def _hold(session: Session, problem: Problem, other_id: int | None = None) -> Problem | None:
    """Keep ``problem`` and the other one as they are until the transaction ends; the other one, if it exists."""
    ids = sorted({problem.id} | ({other_id} if other_id is not None else set()))
    kept = select(Problem).where(Problem.id.in_(ids)).order_by(Problem.id).with_for_update(of=Problem)
    rows = session.scalars(kept.execution_options(populate_existing=True)).all()
    return next((one for one in rows if one.id == other_id), None)


def _check_triage(
    action: TriageAction, problem: Problem, into: Problem | None, values: Mapping[str, Any]
) -> None:
    fields: dict[str, list[str]] = {}
    if action == TriageAction.FIX:
        needed = {"owner_id": "请选择整改责任人。", "due_on": "请填写整改期限。"}
        fields = {name: [text] for name, text in needed.items() if values[name] is None}
    if action == TriageAction.ESCALATE:
        fields = {name: ["上报厂级的难题，六项标准都要打分。"] for name in MARKS if values[name] is None}
    if action == TriageAction.MERGE:
        wrong = _cannot_merge(problem, into, values)
        fields = {"merge_into": [wrong]} if wrong else {}
    if fields:
        raise Invalid(fields)


def _cannot_merge(problem: Problem, into: Problem | None, values: Mapping[str, Any]) -> str:
    if values["merge_into"] is None:
        return "请选择并入哪一项难题。"
    if values["merge_into"] == problem.id:
        return "难题不能并入它自己，请另选一项。"
    if into is None:
        return "没有这项难题。"
    if into.state == ProblemState.MERGED:
        return "那项难题自己已并入别的难题，请选择它并入的那一项。"
    return "" if into.state in ALIVE else "那项难题已经办结，不能再并入。"


def _tell(session: Session, problems: Sequence[Problem], news: str, *, kind: str = "challenge") -> None:
    """Send each proposer what became of their problem."""
    for one in problems:
        notices.send(
            session,
            one.proposer_id,
            text=f"您提出的难题“{one.title}”{news}",
            link=f"/problems/{one.id}",
            kind=kind,
        )


def _seen_by(session: Session, actor: User) -> Any:
    """The SQL condition: one's own, those of one's unit, and all for who triages, approves or reads all."""
    if permissions.reads_problems(session, actor):
        return Problem.id.is_not(None)
    return or_(Problem.proposer_id == actor.id, Problem.unit_id == actor.unit_id)


def _expect(problem: Problem, *states: ProblemState) -> None:
    if problem.state not in states:
        raise Conflict("难题当前的状态不允许这样做，请刷新页面。")
