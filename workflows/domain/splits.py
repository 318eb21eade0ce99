"""分配方案: proposed by the leader, checked by D13, confirmed by the members, signed by the unit's heads."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import (
    appraisals,
    challenges,
    notices,
    permissions,
    portions,
    projects,
    publicities,
    rewards,
    rules,
)
from workflows.domain.portions import Part
from workflows.domain.publicities import Snapshot
from workflows.domain.terms import TEAM_ROLES
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import ProjectMember, RewardCase, RewardState, Split, SplitRow, SplitState, User

Row = Mapping[str, Any]  # user_id, pct (Decimal), contribution


def members(case: RewardCase) -> list[ProjectMember]:
    """Those among whom the reward is split: everybody who is on the team."""
    return [one for one in case.project.members if one.left_on is None]


def begin(case: RewardCase) -> None:
    """分配: the leader is asked for a split."""
    case.state = RewardState.DISTRIBUTION


def problems(session: Session, case: RewardCase, *, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What D13 finds wrong with ``rows``, as portions.problems tells it; nothing is kept. Raises Invalid like ``propose``."""
    team = _check(case, rows)
    asked = [(team[row["user_id"]], row["pct"]) for row in rows]
    parts = [Part(member.role, pct, member.user.is_manager) for member, pct in asked]
    return portions.problems(appraisals.rules_of(session, case.project.rules_at), parts)


def requirements(session: Session, case: RewardCase) -> list[tuple[str, str]]:
    """(code, text) of everything that D13 asks of a split, by the rules of the project."""
    edition = rules.in_force(session, at=case.project.rules_at)["split_check.dmn"]
    found = []
    for row in rules.loaded(session, edition).table("split_check").rules:
        code, message = (cell.evaluate({}).value for cell in row.outputs[:2])
        found.append((str(code), str(message)))
    return found


def propose(session: Session, case: RewardCase, *, rows: Sequence[Row], actor: User) -> Split:
    """Keep a split; with problems it is kept as refused, and another has to be proposed.

    Raises Forbidden unless ``actor`` leads, Conflict outside the distribution, Invalid unless every member has
    exactly one row.
    """
    rewards.expect_leader(session, case, actor)
    if case.state != RewardState.DISTRIBUTION:
        raise Conflict("现在不是分配阶段，不能提交分配方案。")
    found = problems(session, case, rows=rows)
    team = {one.user_id: one for one in members(case)}
    amounts = portions.shares(case.total_fen, [row["pct"] for row in rows])
    split = Split(
        no=len(case.splits) + 1,
        state=SplitState.REFUSED if found else SplitState.PROPOSED,
        problems=found,
        proposed_by_id=actor.id,
        proposed_at=clock.now(),
    )
    split.rows = [
        SplitRow(
            seq=seq,
            user_id=row["user_id"],
            role=team[row["user_id"]].role,
            is_manager=team[row["user_id"]].user.is_manager,
            contribution=row["contribution"],
            pct=row["pct"],
            amount_fen=amount,
            confirmed=True if row["user_id"] == case.project.leader_id else None,  # by proposing
        )
        for seq, (row, amount) in enumerate(zip(rows, amounts, strict=True), start=1)
    ]
    case.splits.append(split)
    session.flush()
    return split


def last(case: RewardCase) -> Split | None:
    """The latest proposal, whatever became of it."""
    return case.splits[-1] if case.splits else None


def proposed(case: RewardCase) -> Split:
    """The split that is before the members or, after them, before the others. Raises Conflict without one."""
    split = last(case)
    if split is None or split.state not in (SplitState.PROPOSED, SplitState.AGREED):
        raise Conflict("现在没有待确认的分配方案，请刷新页面。")
    return split


def agreed(case: RewardCase) -> Split | None:
    """The split by which is paid."""
    return next((one for one in reversed(case.splits) if one.state == SplitState.AGREED), None)


def to_ask(case: RewardCase) -> list[int]:
    """The ids of the members who have not confirmed the proposed split."""
    return [row.user_id for row in proposed(case).rows if row.confirmed is None]


def answer(session: Session, case: RewardCase, *, agree: bool, actor: User) -> None:
    """成员确认, by the member or a substitute. Raises Forbidden for somebody who has no row to answer for."""
    people = permissions.grants(session, actor).people
    row = next((one for one in proposed(case).rows if one.user_id in people and one.confirmed is None), None)
    if row is None:
        raise Forbidden("您不在这份分配方案中，或者已经答复。")
    row.confirmed, row.answered_at = agree, clock.now()


def agree(case: RewardCase) -> None:
    """Enough members have confirmed."""
    proposed(case).state = SplitState.AGREED


def decline(session: Session, case: RewardCase, *, reason: str) -> None:
    """The split does not stand: too few members confirmed, or a head, an objection or the approval sent it back."""
    split = last(case)
    if split is not None and split.state != SplitState.REFUSED:
        split.state = SplitState.DECLINED
    case.state = RewardState.DISTRIBUTION
    text = f"分配方案未通过：{reason}"
    notices.send(session, case.project.leader_id, text=text, link=rewards.path(case), kind="returned")


def show(case: RewardCase) -> None:
    """公示: the unit's heads agree."""
    case.state = RewardState.PUBLICITY


@publicities.snapshot("reward")
def snapshot(session: Session, case_id: int) -> Snapshot:
    """What is shown of a reward: the factors, the total, and everybody's share."""
    case = session.get_one(RewardCase, case_id)
    content = {
        "榜单": case.project.challenge.title,
        "挂帅人": case.project.leader.name,
        "验收结论": case.verdict,
        "激励总额（元）": case.total_fen // 100,
        "测算": [{"项": line.factor, "值": line.value, "说明": line.text} for line in rewards.sheet(case)],
        "分配": [
            {
                "姓名": row.user.name,
                "角色": TEAM_ROLES[row.role],
                "比例（%）": f"{row.pct:f}",
                "金额（元）": row.amount_fen // 100,
            }
            for row in proposed(case).rows
        ],
    }
    parties = frozenset(one.user_id for one in members(case))
    return Snapshot(f"激励分配：{rewards.title(case)}", case.project.challenge_id, content, parties)


def ask_approval(case: RewardCase) -> None:
    """送审: the publicity is over."""
    case.state = RewardState.APPROVING


def refuse(session: Session, case: RewardCase) -> None:
    """否决: nothing is paid, and the case is closed."""
    challenges.hold(session, case.project.challenge)
    proposed(case).state = SplitState.DECLINED
    case.state, case.closed_at = RewardState.CLOSED, clock.now()
    challenges.follow_projects(session, case.project.challenge)
    notices.send(
        session,
        case.project.leader_id,
        text="激励未获批准，不予兑现。",
        link=rewards.path(case),
        kind="returned",
    )


def mediate(session: Session, case: RewardCase, *, advice: str, actor: User) -> None:
    """调解: the office tells the leader and the members what it advises. Raises Forbidden for one of the team."""
    projects.expect_apart(actor, case.project)
    split = last(case)
    if split is None:
        raise Conflict("还没有分配方案，不能调解。")
    split.mediation = advice
    for member in members(case):
        notices.send(
            session,
            member.user_id,
            text=f"分配调解意见：{advice}"[:200],
            link=rewards.path(case),
            kind="payment",
        )


def _check(case: RewardCase, rows: Sequence[Row]) -> dict[int, ProjectMember]:
    """The members by id. Raises Invalid unless every member stands in exactly one row."""
    team = {one.user_id: one for one in members(case)}
    fields: dict[str, list[str]] = {}
    given = [row["user_id"] for row in rows]
    for place, row in enumerate(rows):
        if row["user_id"] not in team:
            fields[f"rows.{place}.user_id"] = ["这个人不是项目成员。"]
        elif row["user_id"] in given[:place]:
            fields[f"rows.{place}.user_id"] = ["这个人已经在方案中。"]
        if not Decimal(0) <= row["pct"] <= 100:
            fields[f"rows.{place}.pct"] = ["比例应在 0 至 100 之间。"]
    missing = [one.user.name for user_id, one in team.items() if user_id not in given]
    if missing:
        fields["rows"] = [f"方案中缺少成员：{'、'.join(missing)}。"]
    if fields:
        raise Invalid(fields)
    return team
