"""验收: applied for on the day of the file, measured, audited and scored as it says, evaluated a year later."""

from typing import Any

from workflows import clock
from workflows.rehearsal.door import Item
from workflows.rehearsal.scene import Answer, Scene, answer, not_before

VERIFIER = "role:verifier@"
CRITERIA = ("targets", "tech", "benefit", "papers", "reach")
CHECKS = ("diligent", "compliant", "honest", "reported", "mitigated")


@answer("acceptance.apply")
def apply(scene: Scene, item: Item) -> Answer:
    acceptance = scene.bid_of(item).acceptance
    return not_before(acceptance.applied_on) or {
        "report": [scene.paper(item, "自验报告")],
        "rows": _measured(scene, item),
        **_claim(acceptance.net_benefit_fen),
    }


def _claim(net_fen: int | None) -> dict[str, Any]:
    """What the team claims: what is found in the end."""
    if net_fen is None:
        return {}
    return {
        "claim_formula": "总效益减去成本。",
        "claim_gross_fen": max(net_fen, 0),
        "claim_cost_fen": max(-net_fen, 0),
    }


@answer("acceptance.check_form")
def check_form(scene: Scene, item: Item) -> Answer:
    return {"complete": True, "received_on": scene.bid_of(item).acceptance.applied_on}


@answer("acceptance.verify")
def verify(scene: Scene, item: Item) -> Answer:
    return {"rows": _measured(scene, item, by_unit=int(item.audience.removeprefix(VERIFIER)))}


def _measured(scene: Scene, item: Item, *, by_unit: int | None = None) -> list[dict[str, Any]]:
    measured = scene.measured(item, by_unit=by_unit)
    return [{"indicator_id": one, "measured": str(value)} for one, value in measured.items()]


@answer("acceptance.audit_benefit")
def audit_benefit(scene: Scene, item: Item) -> Answer:
    found = scene.bid_of(item).acceptance.net_benefit_fen
    return {"method": "按财务口径核算。", "net_benefit_fen": found}


@answer("acceptance.safety")
def assess_safety(_scene: Scene, _item: Item) -> Answer:
    return {"is_ok": True, "opinion": "符合安全环保要求。"}


@answer("acceptance.site")
def visit_site(_scene: Scene, _item: Item) -> Answer:
    return {"visited_on": clock.today(), "is_ok": True, "findings": "现场与申请一致。"}


@answer("acceptance.score")
def score(scene: Scene, item: Item) -> Answer:
    """Every member of the panel gives each criterion the same score, which so is the mean."""
    given = str(scene.bid_of(item).acceptance.score)
    return dict.fromkeys(CRITERIA, given)


@answer("acceptance.rectify")
def rectify(scene: Scene, item: Item) -> Answer:
    return {"text": "已按验收意见整改。", "evidence": [scene.paper(item, "整改材料")]}


@answer("acceptance.reaccept")
def reaccept(scene: Scene, item: Item) -> Answer:
    if scene.bid_of(item).acceptance.rectified:
        return {"agree": True}
    return {"agree": False, "opinion": "没有整改到位。"}


@answer("due_diligence.assess")
def assess_diligence(_scene: Scene, _item: Item) -> Answer:
    """Nobody is exempted: what was paid in advance is paid back."""
    return {**dict.fromkeys(CHECKS, False), "cause": "other", "opinion": "不符合尽职免责条件。"}


@answer("acceptance.card")
def make_card(scene: Scene, item: Item) -> Answer:
    return {"title": scene.challenge_of(item).title, "summary": "成果已通过验收。"}


@answer("acceptance.plan_rollout")
def plan_rollout(_scene: Scene, _item: Item) -> Answer:
    return {"rows": []}


@answer("acceptance.post_evaluate")
def evaluate(scene: Scene, item: Item) -> Answer:
    if item.audience == "role:finance":
        return {"realised_fen": scene.bid_of(item).realised_fen}
    return {"is_in_use": True, "usage": "成果仍在应用。"}
