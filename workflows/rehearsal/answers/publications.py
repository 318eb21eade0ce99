"""发榜与流标处置: what fails is withdrawn."""

from typing import Any

from workflows.rehearsal.door import Item
from workflows.rehearsal.scenario import Challenge
from workflows.rehearsal.scene import Answer, Scene, answer


def post(scene: Scene, challenge: Challenge) -> None:
    """发榜, by the office."""
    path = scene.door.send("post_challenge", posting(scene, challenge), by=scene.world.office())
    scene.challenges[int(path.rpartition("/")[2])] = challenge.code


def posting(scene: Scene, challenge: Challenge) -> dict[str, Any]:
    """What is posted; Party and administrative owner are the sponsor unit's two heads."""
    unit = scene.scenario.units[challenge.sponsor]
    world = scene.world
    return {
        "category": challenge.category,
        "title": challenge.title,
        "background": challenge.background,
        "fields": list(challenge.fields),
        "indicators": [
            {
                "name": one.name,
                "measure": one.measure,
                "baseline": str(one.baseline),
                "target": str(one.target),
                "op": one.op,
                "weight": str(one.weight),
                "verifier_unit_id": world.departments[one.verifier],
                "hard": one.hard,
            }
            for one in challenge.indicators
        ],
        "sponsor_unit_id": world.units[challenge.sponsor],
        "party_lead_id": world.people[unit.party_secretary],
        "admin_lead_id": world.people[unit.admin_head],
        "bid_to": challenge.closes_on,
        "deadline": challenge.deadline,
        "budget_fen": challenge.budget_fen,
        "est_benefit_fen": challenge.est_benefit_fen,
        "cross_units": max(challenge.cross_units, 1),
        "strategic": challenge.strategic,
        "safety_critical": challenge.safety_critical,
        **_mode(challenge),
    }


def _mode(challenge: Challenge) -> dict[str, object]:
    """Several winners of whom there is one are the same as a single one, which the form of the service wants."""
    if challenge.mode == "multi" and challenge.max_winners == 1:
        return {"mode": "single"}
    return {"mode": challenge.mode, "max_winners": challenge.max_winners}


def _owner(scene: Scene, item: Item) -> int:
    sponsor = scene.scenario.units[scene.challenge_of(item).sponsor]
    return scene.world.people[sponsor.admin_head]


@answer("publish.consult", by=_owner)
def consult(_scene: Scene, _item: Item) -> Answer:
    return {"opinion": "没有产生挂帅人，建议撤榜。"}


@answer("publish.no_bid")
def settle(_scene: Scene, _item: Item) -> Answer:
    return {"action": "withdraw", "opinion": "没有产生挂帅人，撤榜。"}
