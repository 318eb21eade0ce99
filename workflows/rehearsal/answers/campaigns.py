"""年度: planned by the office as the file says."""

from workflows.rehearsal.door import Item
from workflows.rehearsal.scene import Answer, Scene, answer


def begin(scene: Scene) -> None:
    """编制年度计划, by the office."""
    year = scene.scenario.year
    values = {
        "year": year.year,
        "theme": year.theme,
        "emphasis": [{"aim": "揭榜攻关", "weight": 100}],
        "pool_fen": year.pool_fen,
    }
    scene.door.start("campaign", values, by=scene.world.office())


@answer("campaign.review")
def review(scene: Scene, item: Item) -> Answer:
    return {"summary": scene.prefilled(item)["summary"]}
