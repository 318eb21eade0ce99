"""会议: the kick-off on its day, one assessment for each node; the minutes are signed as they are."""

from collections.abc import Mapping
from typing import Any

from workflows import clock
from workflows.rehearsal.door import Item
from workflows.rehearsal.scene import Answer, Scene, answer, not_before

KICKOFF, ASSESSMENT, MONTHLY = "pledge", "delivery", "monthly_meeting"  # the processes that call them


@answer("meeting.call")
def call(scene: Scene, item: Item) -> Answer:
    told = scene.prefilled(item)
    return {
        "agenda": told.get("agenda") or "按项目计划。",
        "place": "会议室",
        "planned_at": clock.now().isoformat(),
        "attendees": told["attendees"],
    }


@answer("meeting.hold")
def hold(scene: Scene, item: Item) -> Answer:
    if item.process == KICKOFF:
        started_on = scene.bid_of(item).started_on
        return not_before(started_on) or {**_minutes(scene, item), "held_on": started_on}
    if item.process == ASSESSMENT:
        node = scene.next_node(item)
        return {**_minutes(scene, item), "score": str(node.score), "opinion": "按节点成果评定。"}
    return _minutes(scene, item)


def _minutes(scene: Scene, item: Item) -> Mapping[str, Any]:
    present = scene.prefilled(item)["present"]
    return {"held_on": clock.today(), "present": present, "summary": "会议按议题进行。"}


def _chair(scene: Scene, item: Item) -> int:
    """Of the sponsor unit's two heads, who chair, one who does not belong to the team; of the plant's meetings its own."""
    if item.process == MONTHLY:
        return scene.world.holders["role:party_secretary"]
    sponsor = scene.scenario.units[scene.challenge_of(item).sponsor]
    team = {one.person for one in scene.bid_of(item).members}
    chairs = [one for one in (sponsor.admin_head, sponsor.party_secretary) if one not in team]
    return scene.world.people[(chairs or [sponsor.admin_head])[0]]


@answer("meeting.sign", by=_chair)
def sign(_scene: Scene, _item: Item) -> Answer:
    return {"agree": True}
