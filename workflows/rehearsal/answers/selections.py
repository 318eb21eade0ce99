"""评审答辩与定帅: the sheets and the vote of the file; seat i has the scores of place i."""

import datetime as dt
from typing import Any

from workflows import clock
from workflows.rehearsal.door import Item
from workflows.rehearsal.reading import ScenarioError
from workflows.rehearsal.scene import Answer, Later, Scene, answer

A_DAY = dt.timedelta(days=1)
PATIENCE = dt.timedelta(days=30)  # a list that is held back for good does not hold up the others


@answer("selection.open")
def open_seals(_scene: Scene, _item: Item) -> Answer:
    return {"confirmed": True, "witness": "纪委监督"}


@answer("selection.confirm_draw")
def confirm_draw(_scene: Scene, _item: Item) -> Answer:
    return {"confirmed": True}


@answer("selection.declare")
def declare(scene: Scene, item: Item) -> Answer:
    return {"rows": scene.prefilled(item)["rows"]}


@answer("selection.enlarge_pool")
def enlarge_pool(scene: Scene, item: Item) -> Answer:
    """The experts of the file must do for the selection; an acceptance, whose panel the file does not know, gets others."""
    challenge = scene.challenge_of(item)
    if item.process == "selection":
        raise ScenarioError(f"{challenge.path}: a panel cannot be filled without conflict")
    rows = [{"user_id": one, "fields": list(challenge.fields)} for one in scene.world.spare_experts]
    return {"experts": rows}


@answer("selection.preview")
def preview(scene: Scene, item: Item) -> Answer:
    rows = scene.prefilled(item)["rows"]
    return {"rows": [{"label": row["label"], "text": "已阅，意见见答辩。"} for row in rows]}


@answer("selection.score")
def score(scene: Scene, item: Item) -> Answer:
    seat = scene.seat(item)
    return {"rows": [_sheet(scene, row["bid_id"], seat) for row in scene.prefilled(item)["rows"]]}


def _sheet(scene: Scene, bid_id: int, seat: int) -> dict[str, Any]:
    marks = scene.scenario.bids[scene.bids[bid_id]].scores[seat]
    return {"bid_id": bid_id, **{name: str(mark) for name, mark in marks.items()}}


@answer("selection.reconsider")
def reconsider(_scene: Scene, _item: Item) -> Answer:
    return {"rows": [], "reason": "维持原评分。"}


@answer("selection.vote")
def vote(scene: Scene, item: Item) -> Answer:
    """After all bids of that closing day are judged: a project that came of one would count against another."""
    challenge = scene.challenge_of(item)
    if clock.today() < challenge.closes_on + PATIENCE and scene.has_unjudged(challenge.closes_on):
        return Later(clock.now() + A_DAY)
    counted = challenge.vote
    return {
        "should": counted.should,
        "present": counted.present,
        "in_favour": counted.in_favour,
        "against": counted.present - counted.in_favour,
        "abstain": 0,
    }


@answer("selection.confirm_vote")
def confirm_vote(_scene: Scene, _item: Item) -> Answer:
    return {"agree": "true"}
