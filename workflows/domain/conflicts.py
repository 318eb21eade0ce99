"""回避: how an expert is related to a bid, and what table conflict (D4) makes of it."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import relations, rules
from workflows.models import Bid, Project, ProjectMember, Unit, User

RELATIONS = {
    "same_team": "本人在该团队",
    "same_unit": "同单位",
    "joint_project": "同项目",
    "helped_write": "参与编写揭榜书",
    **relations.KINDS,
}
RECUSE, DISCLOSE = "recuse", "disclose"


def automatic(
    session: Session, people: Sequence[User], bids: Sequence[Bid], *, at: dt.datetime | None
) -> dict[tuple[int, int], list[str]]:
    """The relations that the records show, by ids of person and bid: team, second-level unit, a joint project, and
    what 人力资源 has recorded between the person and one of the team.
    """
    units = _second_level(session)
    since = _months_before(clock.today(), _months(session, at))
    ids = {one.id for one in people}
    mates = _project_mates(session, ids, first=since)
    recorded = relations.of_people(session, ids, since=since)
    found: dict[tuple[int, int], list[str]] = {}
    for bid in bids:
        team = {bid.leader_id, *(member.user_id for member in bid.members)}
        for person in people:
            known = []
            if person.id in team:
                known.append("same_team")
            if units[person.unit_id] == units[bid.unit_id]:
                known.append("same_unit")
            if mates.get(person.id, set()) & (team - {person.id}):
                known.append("joint_project")
            kinds = {kind for other in team for kind in recorded.get((person.id, other), [])}
            known += [one for one in relations.KINDS if one in kinds]
            if known:
                found[person.id, bid.id] = known
    return found


def action(session: Session, relation: str, *, at: dt.datetime | None) -> tuple[str, str]:
    """What D4 says of ``relation``: RECUSE or DISCLOSE, and why."""
    value: Mapping[str, str] = rules.decide(session, "conflict", {"relation": relation}, at=at).value
    return value["action"], value["message"]


def is_recused(session: Session, found: Iterable[str], *, at: dt.datetime | None) -> bool:
    """Whether one of the relations ``found`` keeps an expert from judging."""
    return any(action(session, one, at=at)[0] == RECUSE for one in found)


def _months(session: Session, at: dt.datetime | None) -> int:
    return rules.days(session, "conflict_project_months", at=at)


def _second_level(session: Session) -> dict[int, int]:
    """Of each unit the id of the second-level unit that it belongs to; its own above that."""
    parents: dict[int, int | None] = dict(session.execute(select(Unit.id, Unit.parent_id)).all())

    def climb(unit_id: int) -> int:
        above = parents[unit_id]
        return unit_id if above is None or parents[above] is None else climb(above)

    return {unit_id: climb(unit_id) for unit_id in parents}


def _project_mates(session: Session, people: Collection[int], *, first: dt.date) -> dict[int, set[int]]:
    """With whom each of ``people`` has been in a project on ``first`` or later."""
    recent = select(Project.id).where(Project.ended_on.is_(None) | (Project.ended_on >= first))
    mine = select(ProjectMember.project_id).where(ProjectMember.user_id.in_(people))
    query = select(ProjectMember.project_id, ProjectMember.user_id).where(
        ProjectMember.project_id.in_(recent),
        ProjectMember.project_id.in_(mine),
        ProjectMember.left_on.is_(None) | (ProjectMember.left_on >= first),
    )
    teams: dict[int, set[int]] = {}
    for project_id, user_id in session.execute(query):
        teams.setdefault(project_id, set()).add(user_id)
    mates: dict[int, set[int]] = {}
    for team in teams.values():
        for one in team & set(people):
            mates.setdefault(one, set()).update(team - {one})
    return mates


def _months_before(day: dt.date, months: int) -> dt.date:
    """The same day of the month ``months`` earlier, or the last one of that month."""
    count = day.year * 12 + day.month - 1 - months
    last = (dt.date((count + 1) // 12, (count + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(count // 12, count % 12 + 1, min(day.day, last))
