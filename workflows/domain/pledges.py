"""The pledge (军令状): terms agreed, checked, signed in turn, sealed; or given up, and the reserve follows."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows import calendar, clock
from workflows.domain import challenges, files, notices, numbers, permissions, projects, rules
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import (
    Bid,
    BidState,
    Pledge,
    PledgeSignature,
    PledgeState,
    Project,
    ProjectState,
    User,
)

SIGNED, RETURNED, GIVEN_UP = "signed", "returned", "given_up"  # what came of a round of signatures
LEADER = "挂帅人"
TERMS = ("tech_power", "funds_power", "people_power", "penalties", "deposit_fen", "support_list")
TECH = "在榜单边界内自主决定技术路线；涉及安全红线的，事先征得安全环保部门同意。"
FUNDS = "在批准的项目预算内自主支配经费；单个科目调整超过 10% 的，按变更办理。"
PEOPLE = "在团队承诺的工作量内调配成员；增减成员按变更办理。"
PENALTIES = "节点两次考核不通过的，启动换帅或终止评估；验收不通过又不符合容错免责条件的，退回已预发的激励。"


def draft(session: Session, project: Project) -> Pledge:
    """生成军令状: usual terms to begin with; from now the days to sign it run. Raises Conflict if there is one."""
    if session.scalar(select(Pledge.id).where(Pledge.project_id == project.id)) is not None:
        raise Conflict("这个项目已经有军令状。")
    remind, lapse = (
        rules.days(session, name, at=project.rules_at)
        for name in ("sign_remind_workdays", "sign_lapse_workdays")
    )
    pledge = Pledge(project_id=project.id, tech_power=TECH, funds_power=FUNDS, people_power=PEOPLE)
    pledge.penalties, pledge.support_list = PENALTIES, project.bid.resources_needed or ""
    pledge.remind_at = calendar.deadline_after(session, remind)
    pledge.lapse_at = calendar.deadline_after(session, lapse)
    session.add(pledge)
    session.flush()
    if not permissions.holders(session, "sponsor", project.challenge.sponsor_unit_id):
        name = project.challenge.sponsor_unit.name
        _tell_office(session, project, f"{name}还没有人担任“发榜单位”角色，军令状条款无人确认，请指定。")
    return pledge


def of(session: Session, project_id: int) -> Pledge:
    """The pledge of a project that has one."""
    return session.scalars(select(Pledge).where(Pledge.project_id == project_id)).one()


def get(session: Session, project: Project) -> Pledge:
    """The pledge of ``project`` with its signatures. Raises NotFound while there is none."""
    query = select(Pledge).where(Pledge.project_id == project.id)
    signed = selectinload(Pledge.signatures).selectinload(PledgeSignature.user)
    pledge = session.scalars(query.options(signed)).one_or_none()
    if pledge is None:
        raise NotFound("这个项目还没有军令状。")
    return pledge


def negotiate(session: Session, pledge: Pledge, *, values: Mapping[str, Any], actor: User) -> None:
    """条款确认: the terms as the leader proposes them (TERMS); a new version, which nobody has signed.

    Raises Invalid for a deposit that the bid did not agree to.
    """
    projects.expect_team(session, actor, pledge.project)
    _expect(pledge, PledgeState.TERMS)
    if values["deposit_fen"] and not pledge.project.bid.deposit_ok:
        raise Invalid({"deposit_fen": ["揭榜书没有同意缴纳风险抵押金，应填 0。"]})
    for name in TERMS:
        setattr(pledge, name, values[name])
    pledge.version += 1


def answer_terms(pledge: Pledge, *, agree: bool, actor: User) -> None:
    """The sponsor's word on the terms."""
    projects.expect_apart(actor, pledge.project)
    _expect(pledge, PledgeState.TERMS)
    if agree:
        pledge.state = PledgeState.CHECKING


def check(pledge: Pledge, *, actor: User) -> None:
    """法务财务审核, by one of those who check. Raises Forbidden for one of the team."""
    projects.expect_apart(actor, pledge.project)
    _expect(pledge, PledgeState.CHECKING)


def end_check(pledge: Pledge, *, passed: bool) -> None:
    """What all who check said together."""
    pledge.state = PledgeState.SIGNING if passed else PledgeState.TERMS


def signers(session: Session, pledge: Pledge) -> list[dict[str, Any]]:
    """Who signs, in this order: {role, unit, user, capacity}.

    Where nobody holds the role the campaign office signs; nobody is asked twice in the same role.
    """
    project = pledge.project
    unit_id, sponsor_id = project.unit_id, project.challenge.sponsor_unit_id
    heads = [
        ("admin_head", unit_id, "所在单位行政负责人"),
        ("party_secretary", unit_id, "所在单位党组织书记"),
        ("admin_head", sponsor_id, "发榜单位负责人"),
        ("admin_head", None, "厂行政主要负责人"),
        ("party_secretary", None, "厂党组织书记"),
    ]
    rows: list[dict[str, Any]] = [{"role": "leader", "user": project.leader_id, "capacity": LEADER}]
    asked: set[tuple[str, int | None]] = set()
    for role, of_unit, capacity in heads:
        who = (role, of_unit) if permissions.holders(session, role, of_unit) else ("office", None)
        if who not in asked:
            rows.append({"role": who[0], "unit": who[1], "capacity": capacity})
        asked.add(who)
    return rows


def sign(session: Session, pledge: Pledge, *, capacity: str, agree: bool, opinion: str, actor: User) -> None:
    """签署 or refuse, in a capacity of ``signers``. Raises Invalid for a refusal without a reason."""
    _expect(pledge, PledgeState.SIGNING)
    if not agree and not opinion.strip():
        raise Invalid({"opinion": ["不签署的，请写明理由。"]})
    signature = PledgeSignature(version=pledge.version, capacity=capacity, agree=agree, opinion=opinion)
    signature.user, signature.signed_at = actor, clock.now()
    pledge.signatures.append(signature)
    session.flush()


def end_signing(pledge: Pledge) -> str:
    """What came of the round: SIGNED, GIVEN_UP when the leader refused, RETURNED when another did."""
    signed = [one for one in pledge.signatures if one.version == pledge.version]
    if all(one.agree for one in signed):
        return SIGNED
    if any(one.capacity == LEADER and not one.agree for one in signed):
        return GIVEN_UP
    pledge.state = PledgeState.TERMS
    return RETURNED


def seal(session: Session, pledge: Pledge) -> None:
    """归档编号: number and keep the paper as signed; the project is under contract."""
    from workflows.domain import pledge_papers  # python-docx takes a while to import

    _expect(pledge, PledgeState.SIGNING)
    project = pledge.project
    prefix = f"JLZ-{clock.today().year}-"
    pledge.no = project.no = f"{prefix}{numbers.take(session, prefix):03d}"
    pledge.sealed_at = clock.now()
    paper = pledge_papers.write(pledge)
    pledge.file = files.take_in(session, paper, name=f"军令状-{pledge.no}.docx", actor=project.leader)
    pledge.paper_hash = rules.digest_of(paper)
    pledge.state = PledgeState.SEALED
    projects.move(session, project, ProjectState.INITIATING, out_of=[ProjectState.PLEDGING])


def remind(session: Session, pledge: Pledge) -> None:
    """Tell the leader and both heads of their unit that the days to sign run out."""
    project = pledge.project
    heads = [
        head.id
        for role in ("party_secretary", "admin_head")
        for head in permissions.holders(session, role, project.unit_id)
    ]
    last = clock.local(pledge.lapse_at)
    text = f"“{project.challenge.title}”的军令状还没有签完，{last:%Y-%m-%d %H:%M} 前不签视为放弃。"
    for user_id in dict.fromkeys([project.leader_id, *heads]):
        notices.send(session, user_id, text=text, link=f"/projects/{project.id}", kind="due")


def give_up(session: Session, pledge: Pledge) -> Project | None:
    """放弃: the winner refused or did not sign in time; the project of the reserve, or None without one."""
    project = pledge.project
    pledge.state = PledgeState.GIVEN_UP
    project.bid.state = BidState.DISQUALIFIED
    projects.move(session, project, ProjectState.ABANDONED, out_of=[ProjectState.PLEDGING])
    reserve = session.scalars(
        select(Bid).where(Bid.challenge_id == project.challenge_id, Bid.state == BidState.RESERVE)
    ).first()
    title = project.challenge.title
    if reserve is None:
        _tell_office(session, project, f"“{title}”的中榜团队放弃签约，没有候补，请处置。")
        return None
    next_one = projects.create(session, reserve, awarded_at=clock.now())
    challenges.follow_projects(session, project.challenge)
    text = f"“{title}”的中榜团队放弃签约，您的团队递补中榜，请签订军令状。"
    notices.send(session, reserve.leader_id, text=text, link=f"/projects/{next_one.id}", kind="bid")
    _tell_office(session, next_one, f"“{title}”的中榜团队放弃签约，已由候补递补。")
    return next_one


def _tell_office(session: Session, project: Project, text: str) -> None:
    for one in permissions.holders(session, "office", None):
        notices.send(session, one.id, text=text, link=f"/projects/{project.id}", kind="project")


def _expect(pledge: Pledge, state: PledgeState) -> None:
    if pledge.state != state:
        raise Conflict("军令状当前的状态不允许这样做，请刷新页面。")
