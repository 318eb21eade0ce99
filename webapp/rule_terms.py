"""What people call the codes that stand in decision tables."""

from collections.abc import Mapping

from flask import Flask

from webapp.state_terms import Chip
from workflows import clock
from workflows.domain import approvals, change_terms, permissions
from workflows.domain.terms import APPROVAL_KINDS, LISTING_ACTIONS, MODES

TITLES = {
    "setting.dmn": "参数",
    "deadline.dmn": "办理时限",
    "reminder.dmn": "催办规则",
    "challenge_level.dmn": "榜单定级",
    "approval_route.dmn": "审批路由",
    "bid_count.dmn": "收榜判断",
    "eligibility.dmn": "揭榜资格",
    "conflict.dmn": "利益冲突",
    "panel_size.dmn": "评审组人数",
    "score_criterion.dmn": "评分标准",
    "rag.dmn": "红黄绿灯",
    "node_action.dmn": "节点考核处理",
    "change_route.dmn": "变更路由",
    "exemption.dmn": "容错免责",
    "acceptance_criterion.dmn": "验收评分标准",
    "acceptance_verdict.dmn": "验收结论",
    "reward_base.dmn": "创效奖",
    "timeliness.dmn": "时效系数",
    "split_check.dmn": "分配方案审查",
    "payout_plan.dmn": "兑现计划",
    "category_weight.dmn": "13 类考核细则",
    "dual_link.dmn": "双挂钩系数",
    "veto.dmn": "一票否决",
}  # of the files, by name
ABOUT = {
    "setting.dmn": "单个的数值：期限、比例、人数、分数线",
    "deadline.dmn": "每个环节给几个工作日",
    "reminder.dmn": "到期前后提醒谁、报给谁",
    "challenge_level.dmn": "榜单是 A、B 还是 C 级，固定奖和封顶多少",
    "approval_route.dmn": "什么事项、多少金额，依次经过哪些审批",
    "bid_count.dmn": "收到几份申报时怎么办",
    "eligibility.dmn": "什么情况不能揭榜，什么情况要提醒",
    "conflict.dmn": "哪种关系的专家要回避",
    "panel_size.dmn": "评审组几人，其中专业和外部专家各几人",
    "score_criterion.dmn": "答辩评分看哪几项，各占多少",
    "rag.dmn": "落后多少亮什么灯",
    "node_action.dmn": "节点考核多少分，随后怎么办",
    "change_route.dmn": "哪种变更由谁批准",
    "exemption.dmn": "做到什么可以免责",
    "acceptance_criterion.dmn": "验收评分看哪几项，各占多少",
    "acceptance_verdict.dmn": "验收多少分是什么结论，验收系数多少",
    "reward_base.dmn": "创效按几档累进计奖",
    "timeliness.dmn": "提前或延误时奖励乘以多少",
    "split_check.dmn": "个人分配比例要守哪些限",
    "payout_plan.dmn": "节点、验收、后评价各兑现多少",
    "category_weight.dmn": "考评哪 13 类，各占多少，由谁评分",
    "dual_link.dmn": "党建和经营得分率合起来是什么系数",
    "veto.dmn": "哪些事故和行为一票否决，系数多少",
}  # what each decides, in a line
STATES = {
    "draft": Chip("草稿", "○", "yellow"),
    "in_force": Chip("现行", "✓", "green"),
    "coming": Chip("待生效", "◐", "blue"),
    "past": Chip("已被代替", "■", "secondary"),
}
STAGES = {code: kind.title for code, kind in approvals.KINDS.items()}
ANYWHERE: Mapping[str, str] = {
    "green": "绿灯",
    "yellow": "黄灯",
    "orange": "橙灯",
    "red": "红灯",
    "refuse": "不符合",
    "warn": "提醒",
    "both": "单位和团队",
    "unit": "单位",
    "team": "团队",
    "grid": "矩阵",
    "product": "乘积",
    "exempt": "免责",
    "liable": "追责",
    "pending": "整改中",
    "passed": "整改通过",
    "failed": "整改未通过",
    "recuse": "回避",
    "disclose": "公开说明",
}
OF_TABLE: Mapping[str, Mapping[str, str]] = {
    "approval_route": {**APPROVAL_KINDS, **STAGES},
    "node_action": {
        **MODES,
        "pass": "通过",
        "pass_with_point": "通过并加分",
        "conditional": "有条件通过",
        "retry": "限期整改",
        "eliminate": "淘汰",
        "change_leader_review": "研究换帅",
        "terminate_review": "研究终止",
    },
    "bid_count": {
        "none": "流标处理",
        "extend": LISTING_ACTIONS["extend"],
        "single": "单一申报，按严格比例票决",
        "review": "进入评审",
        "sealed": "截止时",
        "opened": "资格审查后",
    },
    "change_route": {**STAGES, **{str(code): title for code, title in change_terms.KINDS.items()}},
    "exemption": {
        "technical": "技术路线探索失败",
        "market": "市场变化",
        "policy": "政策变化",
        "unforeseen": "不可预见",
        "other": "其他原因",
    },
    "reminder": {
        "notify": "提醒",
        "urge": "催办",
        "copy": "催办并抄送分管领导",
        "escalate": "报所在单位党政负责人",
        "assign": "另请办公室改派",
    },
    "conflict": {
        "same_team": "本人在该团队",
        "same_unit": "同一单位",
        "kin": "亲属",
        "mentor": "师徒",
        "joint_project": "同项目",
        "co_author": "共同署名",
        "economic": "经济利益",
        "helped_write": "参与编写",
        "other": "其他情形",
    },
    "category_weight": {**permissions.ROLES, "P": "党建 P", "B": "经营 B"},
}


def of(decision: str) -> dict[str, str]:
    """The words for the codes of one table."""
    return {**ANYWHERE, **OF_TABLE.get(decision, {})}


def set_up(app: Flask) -> None:
    app.jinja_env.globals.update(rule_titles=TITLES, rule_states=STATES, now=clock.now)
