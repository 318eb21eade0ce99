"""出题与凝练: an employee of the sponsor unit raises the problem, the office condenses it, experts find it worth listing."""

from workflows.rehearsal.answers import publications
from workflows.rehearsal.door import Item
from workflows.rehearsal.scenario import Challenge
from workflows.rehearsal.scene import Answer, Scene, answer, subject

MOST_EXPERTS = 5
FULL_MARKS = {"necessity": 25, "feasibility": 25, "indicators": 25, "benefit": 15, "spread": 10}
SCREENING = ("s1", "s2", "s3", "s4", "s5", "s6")


def raise_problem(scene: Scene, challenge: Challenge) -> None:
    """填报难题; where nobody can judge the challenge the office posts it at once."""
    if not experts_for(scene, challenge):
        publications.post(scene, challenge)
        return
    values = {"title": challenge.title, "category": challenge.category, "scene": challenge.background}
    begun = scene.door.start("intake", values, by=_proposer(scene, challenge))
    scene.problems[int(begun.subject_path.rpartition("/")[2])] = challenge.code


def experts_for(scene: Scene, challenge: Challenge) -> list[int]:
    """Who judges it: experts who neither own it, nor proposed it, nor lead a bid on it (D3 would refuse that bid)."""
    unit = scene.scenario.units[challenge.sponsor]
    leaders = {bid.leader for bid in scene.scenario.bids_on(challenge.code)}
    barred = {scene.world.people[one] for one in (unit.party_secretary, unit.admin_head, *leaders)}
    barred.add(_proposer(scene, challenge))
    free = [scene.world.people[one] for one in scene.scenario.experts]
    return [one for one in free if one not in barred][:MOST_EXPERTS]


def _proposer(scene: Scene, challenge: Challenge) -> int:
    """The unit's own business department: the one person of it that the file does not name."""
    return scene.world.holders[f"role:sponsor@{scene.world.units[challenge.sponsor]}"]


@answer("intake.triage")
def triage(_scene: Scene, _item: Item) -> Answer:
    return {"action": "escalate", "opinion": "影响全厂，上报。", **dict.fromkeys(SCREENING, 5)}


@answer("intake.refine")
def refine(scene: Scene, item: Item) -> Answer:
    challenge = scene.scenario.challenges[scene.problems[subject(item)[1]]]
    return {**publications.posting(scene, challenge), "expert_ids": experts_for(scene, challenge)}


@answer("intake.justify")
def justify(_scene: Scene, _item: Item) -> Answer:
    return {**FULL_MARKS, "verdict": "list"}
