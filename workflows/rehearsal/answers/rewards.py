"""激励: everybody agrees to what was measured; the split is that of the file, and is proposed once."""

import datetime as dt

from workflows import clock
from workflows.rehearsal.door import Item
from workflows.rehearsal.scene import Answer, Later, Never, Scene, answer

A_DAY = dt.timedelta(days=1)
CONTRIBUTIONS = {
    "leader": "牵头组织，确定路线并对全部指标负责。",
    "core": "承担核心攻关，完成关键节点。",
    "member": "参与现场实施和数据记录。",
    "support": "提供物资、设备和后勤支撑。",
    "mentor": "指导方案，帮带团队成员。",
}


@answer("reward.confirm_veto")
def confirm_veto(scene: Scene, _item: Item) -> Answer:
    """Nothing is measured before every veto of the file counts."""
    return {"complete": True} if scene.vetoes_count() else Later(clock.now() + A_DAY)


@answer("reward.sheet")
def sheet(_scene: Scene, _item: Item) -> Answer:
    return {"confirm": True}


@answer("reward.split")
def split(scene: Scene, item: Item) -> Answer:
    if item.process_id in scene.splits:  # it came back with problems
        return Never(stops=True)
    scene.splits.add(item.process_id)
    rows = [
        {
            "user_id": scene.world.people[one.person],
            "pct": str(one.pct),
            "contribution": CONTRIBUTIONS[one.role],
        }
        for one in scene.bid_of(item).members
    ]
    return {"rows": rows}


@answer("reward.confirm_share", "reward.unit")
def agree(_scene: Scene, _item: Item) -> Answer:
    return {"agree": True}


@answer("reward.batch")
def pay(scene: Scene, item: Item) -> Answer:
    if item.audience == "role:finance":
        return {"receipts": [scene.paper(item, "回单")]}
    return {"checked": True}


@answer("reward.collect", "veto.collect")
def collect(scene: Scene, item: Item) -> Answer:
    return {"receipts": [scene.paper(item, "回单")]}
