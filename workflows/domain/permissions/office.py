"""Who may do and see what of rules, years, problems, appraisals and vetoes."""

from sqlalchemy.orm import Session

from workflows.domain.permissions.roles import READ_ALL, grants, is_head_of
from workflows.errors import Forbidden
from workflows.models import (
    Appraisal,
    AppraisalState,
    User,
)


def may_draft_rules(session: Session, user: User) -> bool:
    """拟定规则: the campaign office and the assessment office."""
    return grants(session, user).is_any(("office", "assessment"))


def may_adopt_rules(session: Session, user: User) -> bool:
    """审定规则: the plant's two heads and the assessment office."""
    return grants(session, user).is_any(("party_secretary", "admin_head", "assessment"))


def may_administer(session: Session, user: User) -> bool:
    """管理账号: administrators of the system."""
    return grants(session, user).is_any(["admin"])


def check_administers(session: Session, user: User) -> None:
    """Raises Forbidden unless ``user`` administers."""
    if not may_administer(session, user):
        raise Forbidden("只有系统管理员可以管理账号。")


def check_deploys(session: Session, user: User) -> None:
    """部署流程: raises Forbidden unless ``user`` administers."""
    if not may_administer(session, user):
        raise Forbidden("只有系统管理员可以部署流程。")


def check_operates(session: Session, user: User) -> None:
    """运维: raises Forbidden unless ``user`` administers."""
    if not may_administer(session, user):
        raise Forbidden("只有系统管理员可以查看运行情况。")


def may_hand_over(session: Session, user: User) -> bool:
    """办理离岗交接: administrators of the system and 人力资源."""
    return grants(session, user).is_any(("admin", "hr"))


def may_keep_calendar(session: Session, user: User) -> bool:
    """维护工作日历: the campaign office and administrators of the system."""
    return grants(session, user).is_any(("office", "admin"))


def may_keep_people(session: Session, user: User) -> bool:
    """登记人员信息: HR and the campaign office."""
    return grants(session, user).is_any(("hr", "office"))


VETO_READERS = (
    "office",
    "supervision",
    "hse",
    "finance",
    "hr",
    "assessment",
    "party_secretary",
    "admin_head",
)
APPRAISAL_READERS = ("office", "supervision", "assessment", "party_secretary", "admin_head", "vice_head")


def may_propose_veto(session: Session, user: User) -> bool:
    """提出否决事项: the departments that learn of such events."""
    return grants(session, user).is_any(("hse", "supervision", "finance", "hr", "office"))


def may_restore_veto(session: Session, user: User) -> bool:
    """恢复: discipline supervision and the plant's Party secretary."""
    return grants(session, user).is_any(("supervision", "party_secretary"))


def may_read_vetoes(session: Session, user: User) -> bool:
    """Every veto event; others see those of their own unit or team."""
    return grants(session, user).is_any(VETO_READERS)


def may_appraise(session: Session, user: User) -> bool:
    """开始考评: the assessment office."""
    return grants(session, user).is_any(["assessment"])


def may_read_appraisals(session: Session, user: User) -> bool:
    """Appraisals that are not published yet."""
    return grants(session, user).is_any(APPRAISAL_READERS)


def may_see_appraisal(session: Session, user: User, appraisal: Appraisal) -> bool:
    """Everybody once it is published; before, the unit's heads and those who read all."""
    if appraisal.state == AppraisalState.PUBLISHED:
        return True
    return is_head_of(session, user, appraisal.unit_id) or may_read_appraisals(session, user)


def may_order(session: Session, user: User) -> bool:
    """督办: the campaign office and discipline supervision."""
    return grants(session, user).is_any(READ_ALL)


PROBLEM_READERS = {
    "sponsor",
    "office",
    "supervision",
    "party_secretary",
    "admin_head",
    "vice_head",
    "party_committee",
    "exec_meeting",
}  # wherever they hold the role


def reads_problems(session: Session, user: User) -> bool:
    """Every problem: whoever triages in a unit, approves or reads all; others see their own and their unit's."""
    return any(role in PROBLEM_READERS for role, _ in grants(session, user).roles)


def may_plan_year(session: Session, user: User) -> bool:
    """编制年度计划: the campaign office."""
    return grants(session, user).is_any(["office"])


def may_read_packs(session: Session, user: User) -> bool:
    """Plans of years before they begin, and the packs of monthly meetings: office, supervision, the plant's heads."""
    heads = ("party_secretary", "admin_head", "vice_head", "party_committee", "exec_meeting")
    return grants(session, user).is_any((*READ_ALL, *heads))


def may_keep_relations(session: Session, user: User) -> bool:
    """登记人员关系: 人力资源."""
    return grants(session, user).is_any(["hr"])


def may_read_relations(session: Session, user: User) -> bool:
    """Every recorded relation of people: 人力资源 and discipline supervision; others see their own."""
    return grants(session, user).is_any(["hr", "supervision"])


def may_keep_experts(session: Session, user: User) -> bool:
    """维护专家库: the campaign office."""
    return grants(session, user).is_any(["office"])
