"""攻坚实施: every node is handed in and verified with the final values."""

from workflows.rehearsal.door import Item
from workflows.rehearsal.scene import Answer, Scene, answer

VERIFIER = "role:verifier@"


@answer("delivery.work")
def work(scene: Scene, item: Item) -> Answer:
    measured = scene.measured(item)
    return {
        "summary": "节点任务已完成。",
        "values": [{"indicator_id": one, "value": str(value)} for one, value in measured.items()],
        "evidence": [scene.paper(item, "节点材料")],
    }


@answer("delivery.verify")
def verify(scene: Scene, item: Item) -> Answer:
    if not item.audience.startswith(VERIFIER):  # the sponsor
        return {"agree": True}
    measured = scene.measured(item, by_unit=int(item.audience.removeprefix(VERIFIER)))
    return {
        "rows": [
            {"indicator_id": one, "measured": str(value), "agree": True} for one, value in measured.items()
        ]
    }


@answer("delivery.rectify")
def rectify(scene: Scene, item: Item) -> Answer:
    return {"summary": "已整改。", "evidence": [scene.paper(item, "整改材料")]}
