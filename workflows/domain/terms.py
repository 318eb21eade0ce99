"""What people call the values that are stored as codes."""

LEVELS = {"A": "厂级重大", "B": "厂级重点", "C": "基层"}
MODES = {"single": "单揭", "multi": "一榜多揭", "race": "赛马"}
TEAM_ROLES = {"leader": "挂帅人", "core": "骨干", "member": "成员", "support": "支撑", "mentor": "导师"}
