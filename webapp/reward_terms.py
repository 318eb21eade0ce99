"""What people call the states and parts of rewards, appraisals and vetoes."""

from flask import Flask

from webapp.state_terms import Chip

REWARD_STATES = {
    "measuring": Chip("测算中", "○", "blue"),
    "coefficient": Chip("待考评公布", "○", "yellow"),
    "veto_check": Chip("否决审查", "◐", "yellow"),
    "confirming": Chip("核对测算表", "◐", "blue"),
    "distribution": Chip("分配中", "◐", "blue"),
    "publicity": Chip("公示中", "◐", "yellow"),
    "approving": Chip("审批中", "◐", "yellow"),
    "paying": Chip("发放中", "◐", "purple"),
    "paid": Chip("已兑现", "✓", "green"),
    "post_paid": Chip("后评价已兑现", "✓", "green"),
    "closed": Chip("已关闭", "■", "secondary"),
}
REWARD_STAGES = (
    "veto_check",
    "confirming",
    "distribution",
    "publicity",
    "approving",
    "paying",
    "paid",
    "closed",
)
BEFORE_STAGES = {
    "measuring": -1,
    "coefficient": -1,
    "post_paid": 7,
}  # states beside the line, by their place in it
PAID_STATES = {
    "paid": Chip("已发放", "✓", "green"),
    "due": Chip("办理中", "◐", "yellow"),
    "later": Chip("未到期", "○", "secondary"),
    "collected": Chip("已收回", "✓", "green"),
    "owed": Chip("待收回", "!", "red"),
}
SPLIT_STATES = {
    "refused": Chip("不符合要求", "✕", "red"),
    "proposed": Chip("待确认", "○", "blue"),
    "declined": Chip("未通过", "✕", "secondary"),
    "agreed": Chip("成员已通过", "✓", "green"),
}
APPEAL_STATES = {
    "open": Chip("待核实", "○", "blue"),
    "heard": Chip("待审定", "◐", "yellow"),
    "won": Chip("申诉成立", "✓", "green"),
    "lost": Chip("申诉不成立", "✕", "secondary"),
}
APPRAISAL_STATES = {
    "scoring": Chip("评分中", "○", "blue"),
    "confirming": Chip("待单位确认", "◐", "yellow"),
    "appealed": Chip("申诉复核", "◐", "purple"),
    "approving": Chip("审批中", "◐", "yellow"),
    "published": Chip("已公布", "✓", "green"),
    "cancelled": Chip("已作废", "✕", "secondary"),
}
VETO_STATES = {
    "proposed": Chip("待确认", "○", "blue"),
    "refused": Chip("未获确认", "✕", "secondary"),
    "notified": Chip("申诉期内", "◐", "yellow"),
    "appealed": Chip("申诉中", "◐", "purple"),
    "lifted": Chip("已撤销", "✕", "secondary"),
    "confirmed": Chip("已生效", "✕", "red"),
    "restored": Chip("已恢复", "✓", "green"),
}
REWARD_FACTORS = {
    "level": "榜单级别",
    "fixed": "固定奖（万元）",
    "benefit": "创效奖（万元）",
    "Kc": "验收系数 Kc",
    "Kt": "时效系数 Kt",
    "P": "党建得分率 P",
    "B": "经营得分率 B",
    "Kdual": "双挂钩系数 Kdual",
    "V": "否决系数 V",
    "total": "激励总额（元）",
    "plan": "兑现计划（元）",
}
INSTALMENT_KINDS = {
    "milestones": "节点预发",
    "acceptance": "验收兑现",
    "clawback": "追回",
    "post_evaluation": "后评价兑现",
    "difference": "补发差额",
}


def set_up(app: Flask) -> None:
    app.jinja_env.globals.update(
        reward_states=REWARD_STATES,
        reward_stages=REWARD_STAGES,
        paid_states=PAID_STATES,
        split_states=SPLIT_STATES,
        appeal_states=APPEAL_STATES,
        appraisal_states=APPRAISAL_STATES,
        veto_states=VETO_STATES,
        reward_factors=REWARD_FACTORS,
        instalment_kinds=INSTALMENT_KINDS,
    )


def stage_of(state: str) -> int:
    """The place of ``state`` among REWARD_STAGES, -1 before the first."""
    return BEFORE_STAGES[state] if state in BEFORE_STAGES else REWARD_STAGES.index(state)
