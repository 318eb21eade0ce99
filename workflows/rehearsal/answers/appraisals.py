"""双挂钩考评: the scores of the file, entered by the departments that own the categories."""

import datetime as dt

from workflows.domain import appraisals
from workflows.rehearsal.door import Item
from workflows.rehearsal.scenario import Appraisal
from workflows.rehearsal.scene import Answer, Scene, answer


def period_of(scene: Scene, appraisal: Appraisal) -> str:
    """The period as the service writes it; one that it does not know is the year of the bidding."""
    is_known = appraisals.PERIOD.fullmatch(appraisal.period) is not None
    return appraisal.period if is_known else str(scene.scenario.bidding_closes_on.year)


def first_day(scene: Scene, appraisal: Appraisal) -> dt.date:
    """The first day of the period: nobody appraises what is still to come."""
    return appraisals.days_of(period_of(scene, appraisal))[0]


def begin(scene: Scene, appraisal: Appraisal) -> None:
    """开始考评, by the assessment office."""
    values = {"unit_id": scene.world.units[appraisal.unit], "period": period_of(scene, appraisal)}
    begun = scene.door.start("appraisal", values, by=scene.world.holders["role:assessment"])
    scene.appraisals[int(begun.subject_path.rpartition("/")[2])] = appraisal.unit


@answer("appraisal.score")
def score(scene: Scene, item: Item) -> Answer:
    scores = scene.appraisal_of(item).scores
    asked = [row["category"] for row in scene.prefilled(item)["rows"]]
    return {"rows": [{"category": one, "score": str(scores[one])} for one in asked]}


@answer("appraisal.confirm")
def confirm(_scene: Scene, _item: Item) -> Answer:
    return {"agree": True}
