"""Functions on strings. Positions count characters from 1; from the end with -1."""

from __future__ import annotations

from decimal import Decimal

from workflows.feel import patterns
from workflows.feel.budgets import Budget
from workflows.feel.errors import Undefined
from workflows.feel.functions.registry import builtin, whole
from workflows.feel.values import kind


@builtin("string length", "string: string")
def length(budget: Budget, string: str) -> Decimal:
    return Decimal(len(string))


@builtin("substring", "string: string", "start position: number", "length: number?")
def substring(budget: Budget, string: str, start: Decimal, count: Decimal | None = None) -> str:
    position = whole(start)
    if position == 0 or abs(position) > max(len(string), 1):
        raise Undefined(f"there is no position {position}")
    first = position - 1 if position > 0 else len(string) + position
    characters = whole(count, default=len(string))
    if characters < 0:
        raise Undefined("the length is negative")
    return budget.text(string[first : first + characters])


@builtin("upper case", "string: string")
def upper(budget: Budget, string: str) -> str:
    return budget.text(string.upper())


@builtin("lower case", "string: string")
def lower(budget: Budget, string: str) -> str:
    return budget.text(string.lower())


@builtin("trim", "string: string")
def trim(budget: Budget, string: str) -> str:
    return budget.text(string.strip())


@builtin("contains", "string: string", "match: string")
def contains(budget: Budget, string: str, match: str) -> bool:
    return match in string


@builtin("starts with", "string: string", "match: string")
def starts_with(budget: Budget, string: str, match: str) -> bool:
    return string.startswith(match)


@builtin("ends with", "string: string", "match: string")
def ends_with(budget: Budget, string: str, match: str) -> bool:
    return string.endswith(match)


@builtin("substring before", "string: string", "match: string")
def before(budget: Budget, string: str, match: str) -> str:
    return budget.text(string[: max(string.find(match), 0)])


@builtin("substring after", "string: string", "match: string")
def after(budget: Budget, string: str, match: str) -> str:
    at = string.find(match)
    return "" if at < 0 else budget.text(string[at + len(match) :])


@builtin("string join", "list: list", "delimiter: string?")
def join(budget: Budget, items: list[object], delimiter: str | None = None) -> str:
    parts = []
    for item in items:
        if isinstance(item, str):
            parts.append(item)
        elif item is not None:
            raise Undefined(f"cannot join {kind(item)}")
    gap = delimiter or ""
    budget.spend((sum(map(len, parts)) + len(gap) * len(parts)) // 64)
    return budget.text(gap.join(parts))


@builtin("matches", "input: string", "pattern: string", "flags: string?")
def matches(budget: Budget, text: str, pattern: str, flags: str | None = None) -> bool:
    return patterns.compile(pattern, flags or "", budget).search(text, 0, budget) is not None


@builtin("replace", "input: string", "pattern: string", "replacement: string", "flags: string?")
def replace(budget: Budget, text: str, pattern: str, replacement: str, flags: str | None = None) -> str:
    """``$1`` in the replacement is the first group, ``\\$`` a dollar sign."""
    program = patterns.compile(pattern, flags or "", budget)
    out, done = [], 0
    for groups in program.matches(text, budget):
        start, end = groups[0]
        filled = patterns.fill(replacement, text, groups)
        out.append(budget.text(text[done:start] + filled))
        done = end
    out.append(text[done:])
    return budget.text("".join(out))


@builtin("split", "string: string", "delimiter: string")
def split(budget: Budget, text: str, delimiter: str) -> list[str]:
    """The delimiter is a pattern."""
    parts, done = [], 0
    for groups in patterns.compile(delimiter, "", budget).matches(text, budget):
        start, end = groups[0]
        parts.append(budget.text(text[done:start]))
        done = end
    return [*parts, budget.text(text[done:])]
