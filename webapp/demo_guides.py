"""What somebody may try first in the demo, by the role that they hold; three things each, the shortest first."""

from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from workflows.domain import permissions
from workflows.models import User

TODO = ("办理一件待办", "work.boxes")
GUIDES: dict[str, tuple[tuple[str, str], ...]] = {
    "office": (
        TODO,
        ("改一张规则表，存成草稿，再试算旧案", "rules.index"),
        ("看看今年的资金池和各批次", "campaigns.index"),
    ),
    "assessment": (
        TODO,
        ("看看一个单位的双挂钩系数是怎么来的", "appraisals.index"),
        ("审定一份规则草稿", "rules.index"),
    ),
    "finance": (
        TODO,
        ("看看一笔激励的算式和发放清单", "rewards.index"),
        ("看看今年的资金池还剩多少", "campaigns.index"),
    ),
    "admin_head": (
        TODO,
        ("看看挂图作战，哪些节点落后", "projects.wall"),
        ("看看一笔激励是怎么算出来的", "rewards.index"),
    ),
    "supervision": (
        TODO,
        ("看看正在公示的事项和异议", "publicities.index"),
        ("看看否决事项", "vetoes.index"),
    ),
    "expert": (
        ("为一份申报打分", "work.boxes"),
        ("看看正在揭榜的榜单", "challenges.index"),
        ("看看已通过验收的成果", "acceptances.index"),
    ),
}
SAME = {"party_secretary": "admin_head", "vice_head": "admin_head", "hr": "finance"}
ANYBODY = (
    ("揭一个正在揭榜的榜单", "challenges.index"),
    ("填报一个难题", "problems.index"),
    ("看看挂图作战，项目走到哪一步", "projects.wall"),
)


@dataclass(frozen=True)
class Hint:
    text: str
    path: str


def of(session: Session, actor: User, *, has_tasks: bool) -> list[Hint]:
    """The hints for the first role of ``actor`` that has its own, else those for everybody."""
    held = {role for role, _ in permissions.grants(session, actor).roles}
    held |= {SAME[role] for role in held if role in SAME}
    hints = next((guide for role, guide in GUIDES.items() if role in held), ANYBODY)
    kept = [one for one in hints if one != TODO or has_tasks]
    more = [one for one in ANYBODY if one not in kept]
    return [Hint(text, url_for(endpoint)) for text, endpoint in (*kept, *more)[: len(hints)]]
