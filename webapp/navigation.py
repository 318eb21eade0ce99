"""The rooms of the site, in the groups in which the side bar shows them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    endpoint: str
    title: str
    icon: str
    is_for_reviewers: bool = False  # shown to those only who were asked to review something
    is_for_administrators: bool = False


GROUPS: dict[str, tuple[Room, ...]] = {
    "工作": (
        Room("home.show", "首页", "home"),
        Room("work.boxes", "任务中心", "tasks"),
        Room("notices.index", "通知", "bell"),
        Room("substitutes.index", "请假代办", "substitute"),
    ),
    "揭榜": (
        Room("problems.index", "难题", "problem"),
        Room("challenges.index", "榜单", "challenge"),
        Room("scoring.index", "评审打分", "score", is_for_reviewers=True),
        Room("publicities.index", "公示", "notice"),
    ),
    "攻坚": (
        Room("projects.index", "攻关项目", "project"),
        Room("projects.wall", "挂图作战", "wall"),
        Room("meetings.index", "会议", "meeting"),
        Room("meetings.items", "督办事项", "item"),
    ),
    "兑现": (
        Room("acceptances.index", "成果", "result"),
        Room("appraisals.index", "双挂钩考评", "appraisal"),
        Room("rewards.index", "激励", "reward"),
        Room("vetoes.index", "否决事项", "veto"),
    ),
    "办公室": (Room("campaigns.index", "年度与批次", "year"), Room("rules.index", "规则", "rule")),
    "组织": (
        Room("organisation.units", "单位", "unit"),
        Room("people.index", "人员", "person"),
        Room("organisation.show_calendar", "工作日历", "calendar"),
        Room("definitions.index", "流程管理", "process", is_for_administrators=True),
        Room("operations.index", "运维", "pulse", is_for_administrators=True),
    ),
}

ROOMS = {room.endpoint: room for rooms in GROUPS.values() for room in rooms}


BELONGS = {
    "batch_dates": "campaigns",
    "units": "organisation",
    "posts": "organisation",
}  # blueprints to whose room they belong


def is_current(room: Room, endpoint: str | None) -> bool:
    """Whether ``endpoint`` is in ``room``: the room itself, or a page of its blueprint that is no room of its own."""
    if endpoint is None or endpoint in ROOMS:
        return room.endpoint == endpoint
    blueprint = BELONGS.get(endpoint.partition(".")[0], endpoint.partition(".")[0])
    first = next((one for one in ROOMS if one.startswith(f"{blueprint}.")), None)
    return room.endpoint == first
