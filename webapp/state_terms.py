"""What people call the states and kinds of things, and the chips that show them."""

from dataclasses import dataclass

from flask import Flask

from webapp import gantt
from workflows.domain import approvals, change_terms, meetings
from workflows.domain.terms import (
    APPROVAL_KINDS,
    FUND_KINDS,
    LEVELS,
    LISTING_ACTIONS,
    MODES,
    OPINION_KINDS,
    RIGHT_KINDS,
    TEAM_ROLES,
    TRIAGE_ACTIONS,
    VERDICTS,
)


@dataclass(frozen=True)
class Chip:
    """A state: its text, a shape that needs no colour, and the colour beside it."""

    text: str
    shape: str
    colour: str


CHALLENGE_STATES = {
    "refining": Chip("凝练", "○", "secondary"),
    "justified": Chip("待报批", "○", "secondary"),
    "approving": Chip("审批中", "◐", "yellow"),
    "rejected": Chip("未获批准", "✕", "secondary"),
    "approved": Chip("待发布", "○", "secondary"),
    "published": Chip("揭榜中", "●", "blue"),
    "bidding_closed": Chip("已截止", "◐", "yellow"),
    "failed": Chip("流标", "✕", "red"),
    "withdrawn": Chip("撤榜", "✕", "secondary"),
    "reviewing": Chip("评审中", "◐", "purple"),
    "proposed": Chip("拟定帅", "◐", "purple"),
    "in_publicity": Chip("公示中", "◐", "yellow"),
    "awarded": Chip("已定帅", "✓", "green"),
    "contracted": Chip("已签约", "✓", "green"),
    "executing": Chip("攻坚中", "●", "blue"),
    "suspended": Chip("已暂停", "◐", "red"),
    "accepting": Chip("验收中", "◐", "purple"),
    "accepted": Chip("验收通过", "✓", "green"),
    "not_accepted": Chip("验收不通过", "✕", "red"),
    "rewarding": Chip("激励中", "◐", "purple"),
    "archived": Chip("已归档", "■", "secondary"),
    "terminated": Chip("已终止", "✕", "red"),
}
BID_STATES = {
    "draft": Chip("编制中", "○", "secondary"),
    "sealed": Chip("已密封", "■", "blue"),
    "opened": Chip("已开榜", "◐", "purple"),
    "eligible": Chip("合格", "✓", "green"),
    "ineligible": Chip("不合格", "✕", "red"),
    "reviewing": Chip("评审中", "◐", "purple"),
    "proposed": Chip("拟中", "◐", "purple"),
    "reserve": Chip("候补", "○", "yellow"),
    "lost": Chip("未中", "✕", "secondary"),
    "in_publicity": Chip("公示中", "◐", "yellow"),
    "won": Chip("中榜", "✓", "green"),
    "disqualified": Chip("取消资格", "✕", "red"),
    "withdrawn": Chip("已撤回", "✕", "secondary"),
    "lapsed": Chip("逾期未递交", "✕", "secondary"),
}
PROJECT_STATES = {
    "pledging": Chip("签订军令状", "○", "yellow"),
    "abandoned": Chip("放弃签约", "✕", "secondary"),
    "initiating": Chip("启动中", "◐", "blue"),
    "running": Chip("实施中", "●", "blue"),
    "rectifying": Chip("整改中", "!", "yellow"),
    "suspended": Chip("已暂停", "◐", "red"),
    "accepting": Chip("验收中", "◐", "purple"),
    "accepted": Chip("验收通过", "✓", "green"),
    "not_accepted": Chip("验收不通过", "✕", "red"),
    "closed": Chip("已结题", "■", "secondary"),
    "terminated": Chip("已终止", "✕", "red"),
    "eliminated": Chip("已淘汰", "✕", "secondary"),
}
RAG_LIGHTS = {
    "green": Chip("绿灯", "●", "green"),
    "yellow": Chip("黄灯", "▲", "yellow"),
    "orange": Chip("橙灯", "◆", "orange"),
    "red": Chip("红灯", "■", "red"),
}
MILESTONE_STATES = {
    "planned": Chip("未到", "○", "secondary"),
    "in_progress": Chip("进行中", "●", "blue"),
    "submitted": Chip("待考核", "◐", "purple"),
    "passed": Chip("通过", "✓", "green"),
    "conditional": Chip("有条件通过", "!", "yellow"),
    "failed": Chip("不通过", "✕", "red"),
    "waived": Chip("豁免", "■", "secondary"),
}
APPROVAL_STATES = {
    None: Chip("审批中", "◐", "yellow"),
    "agreed": Chip("同意", "✓", "green"),
    "returned": Chip("退回", "◐", "yellow"),
    "rejected": Chip("否决", "✕", "red"),
}
PROBLEM_STATES = {
    "submitted": Chip("待点题", "○", "blue"),
    "fixing": Chip("立即整改", "●", "green"),
    "resolved": Chip("已整改", "✓", "green"),
    "merged": Chip("已合并", "✓", "secondary"),
    "declined": Chip("不采纳", "✕", "secondary"),
    "escalated": Chip("待凝练", "◐", "yellow"),
    "refining": Chip("凝练论证", "◐", "purple"),
    "adopted": Chip("已立榜", "✓", "green"),
    "rejected": Chip("不立榜", "✕", "secondary"),
}
SEAT_STATES = {
    "drawn": Chip("已抽取", "○", "secondary"),
    "sitting": Chip("在席", "✓", "green"),
    "replaced": Chip("已回避", "✕", "secondary"),
}
PUBLICITY_RESULTS = {
    "open": Chip("公示中", "●", "blue"),
    "off": Chip("已撤销", "✕", "secondary"),
    "clear": Chip("无异议", "✓", "green"),
    "dismissed": Chip("异议不成立", "✓", "green"),
    "partly": Chip("异议部分成立", "!", "yellow"),
    "upheld": Chip("异议成立", "✕", "red"),
}
OBJECTION_STATES = {
    "filed": Chip("待受理", "○", "secondary"),
    "refused": Chip("不予受理", "✕", "secondary"),
    "investigating": Chip("调查核实", "●", "blue"),
    "concluded": Chip("待答复", "◐", "yellow"),
    "replied": Chip("已答复", "◐", "purple"),
    "reviewing": Chip("复核中", "◐", "purple"),
    "settled": Chip("已办结", "✓", "green"),
}
MEETING_STATES = {
    "planned": Chip("待通知", "○", "secondary"),
    "called": Chip("已通知", "●", "blue"),
    "recorded": Chip("待签发", "◐", "yellow"),
    "returned": Chip("纪要退回", "!", "yellow"),
    "signed": Chip("已签发", "✓", "green"),
}
YEAR_STATES = {
    "draft": Chip("审批中", "○", "secondary"),
    "returned": Chip("退回修改", "◐", "yellow"),
    "rejected": Chip("未获批准", "✕", "secondary"),
    "open": Chip("进行中", "●", "blue"),
    "reviewing": Chip("年度总结", "◐", "purple"),
    "closed": Chip("已结束", "■", "secondary"),
}
BATCH_STATES = {
    "planned": Chip("未开始", "○", "secondary"),
    "open": Chip("征集中", "●", "blue"),
    "closed": Chip("征集已截止", "■", "secondary"),
}
ACTION_ITEM_STATES = {
    "draft": Chip("未签发", "○", "secondary"),
    "open": Chip("办理中", "●", "blue"),
    "reported": Chip("待销号", "◐", "yellow"),
    "closed": Chip("已销号", "✓", "green"),
}
ACCEPTANCE_STATES = {
    "applying": Chip("待申请", "○", "secondary"),
    "checking": Chip("资料审查", "◐", "yellow"),
    "supplementing": Chip("补正", "!", "yellow"),
    "verifying": Chip("核验核效", "●", "blue"),
    "scoring": Chip("验收会", "◐", "purple"),
    "rectifying": Chip("整改中", "!", "yellow"),
    "rechecking": Chip("复验中", "◐", "yellow"),
    "in_publicity": Chip("公示中", "◐", "yellow"),
    "assessing": Chip("责任认定", "◐", "red"),
    "accepted": Chip("验收通过", "✓", "green"),
    "not_accepted": Chip("验收不通过", "✕", "red"),
}
CHANGE_STATES = {
    "pending": Chip("办理中", "◐", "yellow"),
    "applied": Chip("已生效", "✓", "green"),
    "rejected": Chip("未获同意", "✕", "red"),
}
ITEM_STATES = {
    "waiting": Chip("未到", "○", "secondary"),
    "open": Chip("待办", "●", "blue"),
    "done": Chip("已办", "✓", "green"),
    "cancelled": Chip("已取消", "✕", "secondary"),
}
PROCESS_STATES = {
    "running": Chip("办理中", "●", "blue"),
    "suspended": Chip("已暂停", "‖", "yellow"),
    "completed": Chip("已办结", "✓", "green"),
    "terminated": Chip("已终止", "✕", "secondary"),
}
MIGRATION_STATES = {
    "planned": Chip("待迁移", "○", "blue"),
    "done": Chip("已迁移", "✓", "green"),
    "refused": Chip("不能迁移", "✕", "red"),
    "undoing": Chip("正在撤回", "◐", "yellow"),
    "undone": Chip("已撤回", "↶", "secondary"),
}
SEVERITIES = {
    "refuse": Chip("不符合", "✕", "red"),
    "warn": Chip("提醒", "!", "yellow"),
    "cure": Chip("可补正", "◐", "yellow"),
    "cured": Chip("已补正", "✓", "green"),
}
PLEDGE_SHORT = {  # by whether the indicator is a hard one
    True: Chip("劣于目标，资格审查将不予通过", "✕", "red"),
    False: Chip("劣于目标", "!", "yellow"),
}


def set_up(app: Flask) -> None:
    app.jinja_env.globals.update(
        kind_of_node=gantt.kind_of,
        node_bars=gantt.node_bars,
        project_bar=gantt.project_bar,
        project_marks=gantt.project_marks,
        challenge_states=CHALLENGE_STATES,
        approval_kinds=APPROVAL_KINDS,
        approval_states=APPROVAL_STATES,
        bid_states=BID_STATES,
        fund_kinds=FUND_KINDS,
        milestone_states=MILESTONE_STATES,
        project_states=PROJECT_STATES,
        rag_lights=RAG_LIGHTS,
        listing_actions={**LISTING_ACTIONS, "amend": "变更公告", "single": "延期"},
        problem_states=PROBLEM_STATES,
        year_states=YEAR_STATES,
        batch_states=BATCH_STATES,
        item_states=ITEM_STATES,
        migration_states=MIGRATION_STATES,
        process_states=PROCESS_STATES,
        meeting_kinds=meetings.KINDS,
        meeting_states=MEETING_STATES,
        acceptance_states=ACCEPTANCE_STATES,
        action_item_states=ACTION_ITEM_STATES,
        opinion_kinds=OPINION_KINDS,
        right_kinds=RIGHT_KINDS,
        change_kinds=change_terms.KINDS,
        change_states=CHANGE_STATES,
        objection_states=OBJECTION_STATES,
        publicity_results=PUBLICITY_RESULTS,
        seat_states=SEAT_STATES,
        severities=SEVERITIES,
        pledge_short=PLEDGE_SHORT,
        levels=LEVELS,
        modes=MODES,
        triage_actions=TRIAGE_ACTIONS,
        verdicts=VERDICTS,
        stage_titles={code: kind.title for code, kind in approvals.KINDS.items()},
        team_roles=TEAM_ROLES,
    )
