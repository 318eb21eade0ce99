"""一票否决: entered by HSE; nobody appeals."""

from workflows.rehearsal.door import Item
from workflows.rehearsal.scenario import Veto
from workflows.rehearsal.scene import Answer, Scene, answer


def propose(scene: Scene, veto: Veto, *, project_id: int | None) -> None:
    """提出, on a project, or without one on the veto's unit; the same event only once."""
    event = (veto.clause, veto.confirmed_on, project_id or veto.unit)
    if event in scene.events:
        return
    scene.events.add(event)
    by = scene.world.holders["role:hse"]
    values = {
        "clause": veto.clause,
        "unit_id": scene.world.units[veto.unit] if veto.unit and project_id is None else None,
        "project_id": project_id,
        "facts": "按演练文件录入。",
        "evidence": [scene.door.upload("否决依据.txt", veto.path.encode(), by=by)],
        "effective_on": veto.confirmed_on,
    }
    scene.door.start("veto", values, by=by)


@answer("veto.confirm")
def confirm(_scene: Scene, _item: Item) -> Answer:
    return {"confirm": True}
