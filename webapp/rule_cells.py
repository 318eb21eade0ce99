"""The cells of decision tables for people: in words to read, and as short texts to type.

In a column of texts people type the text itself, several with 、 between them; what begins with = is FEEL as it stands.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from webapp import formats, i18n

ANY = ("", "-")
LITERAL = re.compile(r'"([^"\\]*)"')
SEVERAL = re.compile(r'"[^"\\,，、]*"(\s*,\s*"[^"\\,，、]*")*')
LIST = re.compile(r"\[(" + SEVERAL.pattern + r")\]")
VETO = re.compile(r'some event in \? satisfies event\.clause = "(\w+)"( and event\.is_major)?')
SPLIT = re.compile(r"[,，、]")
RANGE = re.compile(r"([\[(\]])\s*(-?[\d.]+)\s*\.\.\s*(-?[\d.]+)\s*([\])\[])")
COMPARED = re.compile(r"(<=|>=|<|>|=|!=)\s*(-?[\d.]+(?:\s*/\s*\d+)?)")
INVERTED = re.compile(r"not\((.*)\)", re.DOTALL)
NUMBERS = re.compile(r"-?\d[\d.]*(\s*,\s*-?\d[\d.]*)+")
SIGNS = {
    "<": "小于 {0}",
    "<=": "不超过 {0}",
    ">": "大于 {0}",
    ">=": "不低于 {0}",
    "=": "等于 {0}",
    "!=": "不等于 {0}",
}
CONSTANTS = {"true": "是", "false": "否", "null": "无"}


def words(cell: str, *, is_input: bool, terms: Mapping[str, str] | None = None) -> str:
    """``cell`` in the language of this request, codes by their ``terms``; other FEEL stays as it is written."""
    terms = terms or {}
    if is_input and cell in ANY:
        return i18n.text("不限")
    if cell in CONSTANTS:
        return i18n.text(CONSTANTS[cell])
    if SEVERAL.fullmatch(cell) or LITERAL.fullmatch(cell):
        return i18n.text("、").join(i18n.text(terms.get(one, one)) for one in LITERAL.findall(cell))
    if LIST.fullmatch(cell):
        return " → ".join(i18n.text(terms.get(one, one)) for one in LITERAL.findall(cell))
    if found := VETO.fullmatch(cell):
        return _filled("有重大的 {0} 事项" if found[2] else "有 {0} 事项", found[1])
    if found := COMPARED.fullmatch(cell):
        return _filled(SIGNS[found[1]], _number(found[2]))
    if found := RANGE.fullmatch(cell):
        return _range(*found.groups())
    if found := INVERTED.fullmatch(cell):
        return _filled("除 {0} 外", words(found[1], is_input=is_input, terms=terms))
    if NUMBERS.fullmatch(cell):
        return _filled("{0} 之一", i18n.text("、").join(_number(one.strip()) for one in cell.split(",")))
    return _number(cell)


def shown(cell: str, *, kind: str, is_input: bool) -> str:
    """``cell`` as it is typed in the form."""
    if kind != "string" or (is_input and cell in ANY):
        return cell
    if (is_input and SEVERAL.fullmatch(cell)) or (not is_input and LITERAL.fullmatch(cell)):
        return "、".join(LITERAL.findall(cell))
    return f"={cell}"


def feel_of(typed: str, *, kind: str, is_input: bool) -> str:
    """What was typed as FEEL: the inverse of ``shown``."""
    typed = typed.strip()
    if typed.startswith("="):
        return typed[1:].strip()
    if is_input and typed in ANY:
        return "-"
    if kind != "string" or typed.startswith('"') or not typed:
        return typed
    if not is_input:
        return '"' + typed.replace('"', "”") + '"'
    parts = (one.strip() for one in SPLIT.split(typed))
    return ", ".join('"' + one.replace('"', "”") + '"' for one in parts if one)


def _range(left: str, low: str, high: str, right: str) -> str:
    """Ends that do not belong are told; a whole range without a word about its ends holds both."""
    told = _filled("{0} 至 {1}", _number(low), _number(high))
    without = [_number(end) for end, out in ((low, left != "["), (high, right != "]")) if out]
    return told if not without else told + _filled("（不含 {0}）", i18n.text("、").join(without))


def _number(text: str) -> str:
    try:
        return formats.number(Decimal(text))
    except InvalidOperation:
        return text


def _filled(sentence: str, *values: str) -> str:
    translated = i18n.text(sentence)
    return translated.format(*values)
