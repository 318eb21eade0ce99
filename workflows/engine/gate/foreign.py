"""What FEEL and the reader of tables say in English, in both languages."""

import re

SAYINGS = [
    (re.compile(pattern, re.DOTALL), zh)
    for pattern, zh in (
        # FEEL
        (r"unexpected character (.+)", r"有不认识的字符 \1"),
        (r"unexpected (.+)", r"此处不应有 \1"),
        (r"the expression ends too early", "表达式没有写完"),
        (r"it is empty", "表达式是空的"),
        (r"nested too deeply", "嵌套太深"),
        (r"longer than (\d+) characters", r"超过 \1 个字符"),
        (r"it is null", "没有值"),
        (r"the expression needs too many steps", "计算步骤太多"),
        (r"functions call one another too deeply", "函数互相调用太深"),
        (r"a string grows too long", "字符串太长"),
        (r"a number must be finite", "数必须是有限的"),
        # the schema of BPMN
        (r"Element '(.+)': This element is not expected\. Expected is (.+)\.", r"此处不应有 \1，应为 \2"),
        (r"Element '(.+)': This element is not expected\.", r"此处不应有 \1"),
        (r"Element '(.+)': Missing child element\(s\)\. Expected is (.+)\.", r"\1 中缺少 \2"),
        (r"Element '(.+)': The attribute '(.+)' is required but missing\.", r"\1 缺少属性 \2"),
        (r"Element '(.+)', attribute '(.+)': The attribute '.+' is not allowed\.", r"\1 不能有属性 \2"),
        (r"Element '(.+)', attribute '(.+)': '(.*)' is not a valid value of the (.+)\.", r"\1 的属性 \2 不能是 \3"),
        (r"Element '(.+)', attribute '(.+)': (.+)", r"\1 的属性 \2 有误：\3"),
        (r"Element '(.+)': Character content .*", r"\1 中不应有文字"),
        # files of decisions
        (r"larger than (\d+) bytes", r"文件大于 \1 字节"),
        (r"not encoded in UTF-8", "文件不是 UTF-8 编码"),
        (r"holds a DOCTYPE or an entity", "不允许 DOCTYPE 和实体"),
        (r"not well-formed XML: (.*)", r"不是格式良好的 XML:\1"),
        (r"the root is not a DMN definitions element", "根元素不是 DMN 的 definitions"),
        (r"the id (.+) is used more than once", r"编号 \1 重复"),
        (r"the name (.+) is used more than once", r"名称 \1 重复"),
        (r"the name (.+) is not declared \(in: (.*)\)", r"没有名为 \1 的输入（在 \2 中）"),
        (r"a boxed (.+) is not supported: write it as an expression", r"不支持框式的 \1，请写成表达式"),
        (r"(.+) is not supported", r"不支持 \1"),
        (r"this (.+) has no id", r"\1 没有编号"),
        (r"the file holds no decision", "文件中没有决策"),
        (r"requires (.+), which is not in this file", r"所需的 \1 不在本文件中"),
        (r"the requirements go in a circle: (.*)", r"决策互相需要成环：\1"),
        (r"this business knowledge model has no logic", "业务知识模型没有内容"),
        (r"(.+) has no logic", r"\1 没有内容"),
        (r"only functions written in FEEL are supported", "只支持用 FEEL 写的函数"),
        (r"a parameter is given twice", "参数重复"),
        (r"imported values are not supported", "不支持引入的值"),
        (r"only the last entry of a context may be without a name", "上下文中只有最后一项可以没有名称"),
        (r"an entry of the context is given twice", "上下文中有重复的项"),
        (r"the row has (\d+) cells, the relation (\d+) columns", r"这一行有 \1 格，表有 \2 列"),
        (r"the invocation does not say what it calls", "没有指明调用什么"),
        (r"the expression language (.+) is not supported, only FEEL", r"不支持表达式语言 \1，只支持 FEEL"),
        (r"the table has no output", "表没有输出列"),
        (r"the table has no rules", "表没有规则行"),
        (r"the table has more than (\d+) cells", r"表多于 \1 格"),
        (r"there is no hit policy (.+)", r"没有命中策略 \1"),
        (r"there is no aggregation (.+)", r"没有聚合方式 \1"),
        (r"an aggregation needs the hit policy COLLECT", "聚合只用于命中策略 COLLECT"),
        (r"an aggregation needs a single output", "聚合只能有一个输出列"),
        (r"the input has no expression", "输入列没有表达式"),
        (r"each of several outputs needs a name of its own", "多个输出列须各有不同的名称"),
        (r"the hit policy (.+) needs output values, the highest first", r"命中策略 \1 需要写明输出值，从高到低"),
        (r"either all outputs have a default or none", "输出列要么都有默认值，要么都没有"),
        (r"row (\d+) has (.+) entries, the table has (.+) columns", r"第 \1 行有 \2 格，表有 \3 列"),
        (r"an output of row (\d+) is empty; write null if that is meant", r"第 \1 行的输出为空；若确实没有值请写 null"),
        (r"the type (.+) contains itself", r"类型 \1 包含自身"),
        (r"there is no type (.+)", r"没有类型 \1"),
    )
]  # fmt: skip
PLACE = re.compile(r"(.*) \(line (\d+), column (\d+) of: (.*)\)", re.DOTALL)


def told(reason: str) -> tuple[str, str]:
    """``reason`` in Chinese and as it is; one that is not known stays English in both."""
    for pattern, zh in SAYINGS:
        match = pattern.fullmatch(reason)
        if match is not None:
            return match.expand(zh), reason
    place = PLACE.fullmatch(reason)
    if place is not None:
        return f"{told(place[1])[0]}（第 {place[2]} 行第 {place[3]} 列，在 {place[4]} 中）", reason
    return reason, reason
