"""What people call the values that are stored as codes."""

LEVELS = {"A": "厂级重大", "B": "厂级重点", "C": "基层"}
MODES = {"single": "单揭", "multi": "一榜多揭", "race": "赛马"}
TEAM_ROLES = {"leader": "挂帅人", "core": "骨干", "member": "成员", "support": "支撑", "mentor": "导师"}
LISTING_ACTIONS = {
    "extend": "延期",
    "raise": "加赏",
    "lower": "降门槛",
    "split": "拆分",
    "invite": "定向邀榜",
    "appoint": "指派专班",
    "withdraw": "撤榜",
}  # what may become of a failed list
FAIL_REASONS = {
    "no_bids": "没有团队递交申报",
    "no_eligible": "没有合格的申报",
    "vote_failed": "委员会票决没有通过",
    "below_floor": "没有申报达到入围最低分",
    "approval_rejected": "定帅审批未获同意",
    "decided": "办公室决定本榜流标",
}  # why a list found nobody to lead it
APPROVAL_KINDS = {
    "publish": "发榜审批",
    "select": "定帅审批",
    "change": "变更审批",
    "reward": "激励审批",
    "year": "年度计划审批",
    "appraisal": "考评审批",
}
APPROVAL_RESULTS = {"agreed": "同意", "returned": "退回", "rejected": "否决"}
TRIAGE_ACTIONS = {"fix": "立即整改", "merge": "合并", "escalate": "上报厂级", "decline": "不采纳"}
VERDICTS = {"list": "立榜", "revise": "修改", "reject": "不立"}
FUND_KINDS = {
    "first": "首拨",
    "node": "节点拨付",
    "return": "未使用经费收回",
    "reallocation": "赛马调剂",
}
OPINION_KINDS = {
    "material": "资料审查",
    "supplement": "补正",
    "safety": "安全环保意见",
    "site": "现场核查",
    "rectification": "验收整改",
    "recheck": "整改复验",
}
RIGHT_KINDS = {
    "patent": "专利",
    "software": "软件著作权",
    "paper": "论文",
    "secret": "技术秘密",
    "other": "其他",
}
