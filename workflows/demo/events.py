"""What people of the demo set off of their own accord, and when."""

import datetime as dt
from functools import partial
from typing import Any

from sqlalchemy import select

from workflows import clock
from workflows.demo.scene import DemoScene
from workflows.demo.years import Years
from workflows.models import ChallengeState, Publicity
from workflows.rehearsal.answers import appraisals, bids, publications
from workflows.rehearsal.player import Player
from workflows.rehearsal.scenario import Bid

MORNING = dt.timedelta(hours=9)
BEGUN_BEFORE_SEALING = dt.timedelta(days=6)
OBJECTION_ON = "S02"
OBJECTION = "拟中团队的挂帅人去年在同类项目中延期 47 天，书面预审意见没有提到，请核实其履约能力。"
APPRAISED = -130  # days from today: before the first reward of the present year is measured


def begins_at(years: Years) -> dt.datetime:
    """The morning of the first day on which anything happens."""
    first = min(years.day(one["opens"]) for one in years.challenges())
    return _morning(min(first, dt.date(years.year("earlier"), 1, 2)))


def plan(player: Player, scene: DemoScene) -> None:
    """Let everybody begin what the file says, each in its time."""
    years, scenario = scene.years, scene.scenario
    for year in ("earlier", "present"):
        first = dt.date(years.year(year), 1, 2)
        player.plan(_morning(first), partial(_begin_year, scene, year))
    for challenge in scenario.challenges.values():
        player.plan(_morning(challenge.starts_on), partial(publications.post, scene, challenge))
    for bid in scenario.bids.values():
        is_out = partial(_is_published, scene, bid)
        player.plan(bid.sealed_at - BEGUN_BEFORE_SEALING, partial(bids.begin, scene, bid), ready=is_out)
    for appraisal in scenario.appraisals.values():
        player.plan(_morning(years.day(APPRAISED)), partial(appraisals.begin, scene, appraisal))
    for problem in years.raw["problems"]:
        player.plan(_morning(years.day(problem["days"])), partial(_raise, scene, problem))
    player.plan(
        _morning(years.day(-40)), partial(_object, scene), ready=lambda: _open_publicity(scene) is not None
    )


def _begin_year(scene: DemoScene, name: str) -> None:
    """编制年度计划, with one batch almost as long as the year."""
    year, today = scene.years.raw[name], clock.today()
    values = {
        "year": today.year,
        "theme": year["theme"],
        "emphasis": [{"aim": "攻坚生产难题", "weight": 60}, {"aim": "党员先锋作用", "weight": 40}],
        "pool_fen": year["pool_wan"] * 1_000_000,
        "batches": [
            {
                "intake_from": (today + dt.timedelta(days=5)).isoformat(),
                "intake_to": f"{today.year}-12-20",
            }
        ],
    }
    scene.door.start("campaign", values, by=scene.world.office())


def _raise(scene: DemoScene, problem: dict[str, Any]) -> None:
    loss = problem["loss_wan"]
    values = {
        **{name: problem[name] for name in ("title", "category", "scene", "wanted")},
        "loss_year_fen": None if loss is None else loss * 1_000_000,
        "willing_join": True,
    }
    scene.door.start("intake", values, by=scene.world.people[problem["by"]])


def _is_published(scene: DemoScene, bid: Bid) -> bool:
    state = scene.records.challenge_state(scene.challenge_id(bid.challenge))
    return state == ChallengeState.PUBLISHED


def _open_publicity(scene: DemoScene) -> int | None:
    """The running notice of the list that somebody objects to."""
    number = scene.challenge_id(OBJECTION_ON)
    query = select(Publicity.id).where(
        Publicity.subject == f"challenge:{number}", Publicity.closed_at.is_(None)
    )
    with scene.records.database.read() as session:
        return session.scalar(query)


def _object(scene: DemoScene) -> None:
    values = {"publicity_id": _open_publicity(scene), "is_named": True, "reason": OBJECTION}
    scene.door.send("object", values, by=scene.world.people["tao"])


def _morning(day: dt.date) -> dt.datetime:
    return clock.start_of(day) + MORNING
