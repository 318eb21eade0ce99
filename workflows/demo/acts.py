"""What the people of the demo do, each through the same calls as on the site."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import work
from workflows.db import Database
from workflows.domain import permissions
from workflows.engine.tables import OPEN, Process, WorkItem
from workflows.models import Challenge, Unit, User

Act = Callable[[Database], None]


@dataclass(frozen=True)
class Team:
    """A leader with members, by login, and the heads of their unit."""

    leader: str
    members: tuple[str, ...]
    heads: tuple[str, str]


CQ1 = Team("leader", ("member", "han", "yang", "zhu", "shi"), ("cq1.secretary", "cq1.head"))
CQ2 = Team("qin", ("you", "xu", "he"), ("cq2.secretary", "cq2.head"))  # too small for D3
JS1 = Team("shi", ("zhang", "kong", "cao", "yan", "metering"), ("js1.secretary", "js1.head"))
SXB = Team("hua", ("jin", "wei", "finance", "production"), ("sxb.secretary", "sxb.head"))

SPONSORS = {"发展之困": "CQ1", "生产所需": "JS1", "市场所急": "SXB"}


CHALLENGES = {
    one["code"].rpartition("-")[2]: one
    for one in json.loads((Path(__file__).parent / "challenges.json").read_text())
}


def post(code: str, bid_to: dt.date) -> Act:
    """The office posts one of the challenges of challenges.json."""
    challenge = CHALLENGES[code]

    def act(database: Database) -> None:
        with database.transaction() as session:
            unit = session.scalars(select(Unit).where(Unit.code == SPONSORS[challenge["category"]])).one()
            heads = {login: _user(session, login).id for login in ("secretary", "director")}
            keys = ("name", "baseline", "op", "target", "verifier", "hard")
            indicators = [
                {**{key: row[key] for key in keys if key in row}, "measure": row["unit"]}
                for row in challenge["indicators"]
            ]
            indicators[0]["hard"] = True
            values = {
                **{
                    key: challenge[key]
                    for key in ("category", "title", "background", "level", "safety_critical")
                },
                "mode": "single",
                "sponsor_unit_id": unit.id,
                "party_lead_id": heads["secretary"],
                "admin_lead_id": heads["director"],
                "bid_to": bid_to.isoformat(),
                "deadline": (bid_to + dt.timedelta(days=270)).isoformat(),
                "budget_fen": int(Decimal(str(challenge["budget_wan"])) * 1_000_000),
                "indicators": indicators,
            }
            work.start(session, "publish", values, actor=_user(session, "office"))

    return act


def bid(code: str, team: Team, *, until: str = "sealed") -> Act:
    """A team takes up a challenge, and stops before ``until`` (confirm, write, sign) or goes on to the seal."""

    def act(database: Database) -> None:
        with database.transaction() as session:
            challenge = _challenge(session, code)
            started = work.start(
                session, "bid", {"challenge_id": challenge.id}, actor=_user(session, team.leader)
            )
            document = _document(challenge)
            rows = [
                {"user_id": _user(session, login).id, "role": role, "workload_pct": 30}
                for login, role in zip((team.leader, *team.members), _roles(team), strict=True)
            ]
        process = started.process_id
        _do(database, process, team.leader, {"members": rows})
        for login in team.members if until != "confirm" else team.members[:1]:
            _do(database, process, login, {"accept": True})
        if until in ("confirm", "write"):
            return
        _do(database, process, team.leader, document)
        _do(database, process, team.leader, {"proceed": True})
        for login in team.heads if until != "sign" else team.heads[:1]:
            _do(database, process, login, {"agree": True, "opinion": "人员有保障，同意申报。"})

    return act


def open_seals(code: str) -> Act:
    """The office and supervision open the bids on a challenge together."""
    return _departments(
        code, "publish.open", ("office", "supervision"), {"confirmed": True, "witness": "周立党"}
    )


def review(code: str) -> Act:
    """The four departments find nothing against any opened bid on a challenge."""
    return _departments(code, "bid.review", ("office", "hr", "hse", "supervision"), {"passed": True})


def _departments(code: str, step: str, logins: tuple[str, ...], values: dict[str, Any]) -> Act:
    def act(database: Database) -> None:
        for login in logins:
            with database.read() as session:
                title = _challenge(session, code).title
                mine = select(WorkItem.id).join(Process).where(WorkItem.step == step, WorkItem.status == OPEN)
                about_it = mine.where(Process.subject.startswith(title, autoescape=True))
                items = session.scalars(
                    about_it.where(work.is_mine(permissions.grants(session, _user(session, login))))
                ).all()
            for item_id in items:
                with database.transaction() as session:
                    work.complete(session, item_id, values, actor=_user(session, login))

    return act


def _do(database: Database, process_id: int, login: str, values: Mapping[str, Any]) -> None:
    """Complete the one open item that ``login`` has in a process."""
    with database.transaction() as session:
        actor = _user(session, login)
        item_id = work.next_item(session, process_id, permissions.grants(session, actor))
        if item_id is None:
            raise RuntimeError(f"{login} has nothing to do in process {process_id}")
        work.complete(session, item_id, values, actor=actor)


def _roles(team: Team) -> list[str]:
    return ["leader", *["core"] * (len(team.members) - 1), "mentor"]


def _document(challenge: Challenge) -> dict[str, Any]:
    total = challenge.budget_fen
    return {
        "tech_route": f"围绕“{challenge.title}”，先做现状普查与数据对标，再分批试验、逐井逐段推广，每月复盘修正。",
        "innovation": "把现场经验固化为可复制的操作法，用在线数据代替人工巡检判断。",
        "milestones": [
            {"name": "现状普查与方案", "offset_days": 45, "deliverable": "普查报告、实施方案", "pay_pct": 20},
            {"name": "试验与定型", "offset_days": 150, "deliverable": "试验报告、操作法", "pay_pct": 40},
            {"name": "全面实施", "offset_days": 260, "deliverable": "总结报告、指标核验单", "pay_pct": 40},
        ],
        "budget_lines": [
            {"item": "材料与配件", "amount_fen": total // 2},
            {"item": "检测与技术服务", "amount_fen": total - total // 2},
        ],
        "pledge": [{"indicator_id": one.id, "value": str(one.target)} for one in challenge.indicators],
        "risks": "冬季保供期间停机窗口少，试验安排避开高峰。",
        "resources_needed": "停机窗口、车辆两台、计量中心配合标定。",
        "deposit_ok": True,
        "coi_self": "",
    }


def _challenge(session: Session, code: str) -> Challenge:
    """The challenge that ``code`` (S01) names in challenges.json."""
    return session.scalars(select(Challenge).where(Challenge.title == CHALLENGES[code]["title"])).one()


def _user(session: Session, login: str) -> User:
    return session.scalars(select(User).where(User.login == login)).one()
