"""审批: everybody asked agrees."""

from typing import Any

from workflows import clock
from workflows.rehearsal.door import Item
from workflows.rehearsal.scene import Answer, Scene, answer

OF_ROLE: dict[str, dict[str, Any]] = {"role:finance": {"budget_ok": True}, "role:hr": {"pool_ok": True}}
BODIES = ("role:party_committee", "role:exec_meeting")
PRESENT = 9


@answer("approval.sign")
def sign(scene: Scene, item: Item) -> Answer:
    agreed = {"decision": "agreed", **OF_ROLE.get(item.audience, {})}
    if item.audience in BODIES:
        return {**agreed, **_meeting(scene, item)}
    if item.audience == "role:office":  # the reply of the superior oilfield, which the office records
        return {**agreed, "reply_no": f"批复-{item.id}", "reply": [scene.paper(item, "批复")]}
    return agreed


def _meeting(scene: Scene, item: Item) -> dict[str, Any]:
    return {
        "meeting_no": f"会议-{item.id}",
        "held_on": clock.today().isoformat(),
        "should": PRESENT,
        "present": PRESENT,
        "in_favour": PRESENT,
        "against": 0,
        "abstain": 0,
        "resolution": "同意。",
        "minutes": [scene.paper(item, "会议纪要")],
    }
