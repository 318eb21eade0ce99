"""Tokens to nodes, by the grammar of ``grammar.lark``; what was parsed once is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import DecimalException
from functools import cache
from pathlib import Path
from typing import Any, cast

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args
from lark.lexer import Lexer

from workflows.feel import temporals
from workflows.feel.errors import FeelSyntaxError, Undefined, position
from workflows.feel.nodes import (
    Between,
    Binary,
    Compared,
    Condition,
    Constant,
    InstanceOf,
    Logic,
    Name,
    Negative,
    Node,
    RangeNode,
    TooDeep,
)  # fmt: skip
from workflows.feel.nodes import (
    Path as Member,
)
from workflows.feel.scopes import (
    Call,
    ContextNode,
    Filtered,
    FunctionNode,
    Iterated,
    ListNode,
    Loop,
    Quantified,
)
from workflows.feel.tokens import Tokens
from workflows.feel.unary_tests import CompareTest, Tested, Tests, ValueTest
from workflows.feel.values import ANY, ARITHMETIC, KINDS

ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL)
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
LITERALS = {"null": None, "true": True, "false": False}
TYPES = frozenset(KINDS.values()) | {ANY}


class Bad(Exception):
    """A token that fits the grammar and yet means nothing."""

    def __init__(self, at: int, reason: str) -> None:
        self.at, self.reason = at, reason


def _unescaped(token: Token) -> str:
    def replaced(match: re.Match[str]) -> str:
        sign = match.group(1)
        if sign in ESCAPED:
            return ESCAPED[sign]
        if len(sign) > 1 and int(sign[1:], 16) <= 0x10FFFF:
            return chr(int(sign[1:], 16))
        raise Bad(_at(token), f"unknown escape \\{sign}")

    return ESCAPE.sub(replaced, token[1:-1])


def _at(part: object) -> int:
    if isinstance(part, Token):
        return part.start_pos or 0
    return part.at if isinstance(part, Node) else 0


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """One method per rule of the grammar."""

    def expression_text(self, body: Node) -> Node:
        return body

    def number(self, token: Token) -> Node:
        try:
            return Constant(_at(token), ARITHMETIC.create_decimal(str(token)))
        except DecimalException:
            raise Bad(_at(token), "the number is out of range") from None

    def string(self, token: Token) -> Node:
        return Constant(_at(token), _unescaped(token))

    def literal(self, token: Token) -> Node:
        return Constant(_at(token), LITERALS[token])

    def at_literal(self, sign: Token, token: Token) -> Node:
        try:
            return Constant(_at(sign), temporals.any_literal(_unescaped(token)))
        except Undefined as error:
            raise Bad(_at(token), str(error)) from None

    def name(self, token: Token) -> Node:
        return Name(_at(token), str(token))

    def bracketed(self, opening: Token, body: Node) -> Node:
        return body

    def list(self, opening: Token, *items: Node | None) -> Node:
        return ListNode(_at(opening), [item for item in items if item])

    def entry(self, key: Token, value: Node) -> tuple[Token, Node]:
        return key, value

    def context(self, opening: Token, *entries: tuple[Token, Node] | None) -> Node:
        given = [entry for entry in entries if entry]
        keys = tuple(_unescaped(key) if key.type == "STRING" else str(key) for key, _ in given)
        for index, (token, _) in enumerate(given):
            if keys[index] in keys[:index]:
                raise Bad(_at(token), f"the key {keys[index]!r} is given twice")
        return ContextNode(_at(opening), keys, [value for _, value in given])

    def range_with_end(self, opening: Token, start: Node, end: Node) -> Node:
        return RangeNode(_at(opening), start, end, is_start_included=opening == "[", is_end_included=True)

    def range_without_end(self, opening: Token, start: Node, end: Node, closing: Token | None = None) -> Node:
        return RangeNode(_at(opening), start, end, is_start_included=opening == "[", is_end_included=False)

    def negative(self, sign: Token, body: Node) -> Node:
        return Negative(_at(sign), (body,))

    def binary(self, left: Node, sign: Token, right: Node) -> Node:
        return Binary(_at(sign), str(sign), left, right)

    def compared(self, left: Node, sign: Token, right: Node) -> Node:
        return Compared(_at(sign), str(sign), left, right)

    def conjunction(self, left: Node, right: Node) -> Node:
        return Logic(left, right, decisive=False)

    def disjunction(self, left: Node, right: Node) -> Node:
        return Logic(left, right, decisive=True)

    def between(self, *parts: Node) -> Node:
        return Between(parts[0].at, parts)

    def condition(self, *parts: Node) -> Node:
        return Condition(parts[0].at, parts)

    def path(self, source: Node, name: Token) -> Node:
        return Member(_at(name), source, str(name))

    def filtered(self, source: Node, opening: Token, test: Node) -> Node:
        return Filtered(_at(opening), (source, test))

    def arguments(self, *arguments: Node) -> tuple[tuple[str, ...], tuple[Node, ...]]:
        return (), arguments

    def named_arguments(self, *parts: Any) -> tuple[tuple[str, ...], tuple[Node, ...]]:
        names = tuple(map(str, parts[::2]))
        if len(set(names)) < len(names):
            raise Bad(_at(parts[0]), "an argument is given twice")
        return names, parts[1::2]

    def call(self, called: Node, _: Token, given: tuple[tuple[str, ...], tuple[Node, ...]] | None) -> Node:
        names, arguments = given or ((), ())
        return Call(called.at, called, arguments, names)

    def iterator(self, name: Token, source: Node) -> Iterated:
        return Iterated(str(name), source)

    def iterator_range(self, name: Token, start: Node, end: Node) -> Iterated:
        return Iterated(str(name), start, end)

    def loop(self, *parts: Any) -> Node:
        return Loop(parts[0].source.at, parts[:-1], parts[-1])

    def some(self, *parts: Any) -> Node:
        return Quantified(parts[0].source.at, parts[:-1], parts[-1], decisive=True)

    def every(self, *parts: Any) -> Node:
        return Quantified(parts[0].source.at, parts[:-1], parts[-1], decisive=False)

    def parameter(self, name: Token, type_: str | None) -> tuple[str, str]:
        return str(name), type_ or ANY

    def function(self, opening: Token, *parts: Any) -> Node:
        given = tuple(part for part in parts[:-1] if part is not None)
        if len({name for name, _ in given}) < len(given):
            raise Bad(_at(opening), "a parameter is given twice")
        return FunctionNode(_at(opening), given, parts[-1])

    def type(self, *words: Token) -> str:
        name = " ".join(words)
        if name not in TYPES:
            raise Bad(_at(words[0]), f"there is no type {name!r}")
        return name

    def function_type(self) -> str:
        return "function"

    def instance_of(self, source: Node, type_: str) -> Node:
        return InstanceOf(source.at, source, type_)

    def value_test(self, body: Node) -> Node:
        return ValueTest(body.at, body)

    def compare_test(self, sign: Token, bound: Node) -> Node:
        return CompareTest(_at(sign), str(sign), bound)

    def compare_test_in_brackets(self, _: Token, sign: Token, bound: Node, *closing: Token) -> Node:
        return CompareTest(_at(sign), str(sign), bound)

    def tests(self, *tests: Node) -> Node:
        return Tests(tests[0].at, tests)

    test_list = tests

    def unary_text(self, tests: Node) -> Node:
        return tests

    def negated_tests(self, sign: Token, _: Token, tests: Node) -> Node:
        return Tests(_at(sign), tests.parts, is_negated=True)

    def tested(self, value: Node, test: Node) -> Node:
        return Tested(value.at, (value, test))

    def tested_list(self, value: Node, _: Token, tests: Node) -> Node:
        return Tested(value.at, (value, tests))


class _Lexer(Lexer):
    """Hands on the tokens that tokens.py has found."""

    def __init__(self, lexer_conf: object) -> None:
        pass

    def lex(self, tokens: Any) -> Iterator[Token]:  # type: ignore[override]
        yield from tokens


@cache
def _parser() -> Lark:
    """Made when something is parsed: making it takes as long as starting many a command."""
    return Lark(
        Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8"),
        parser="lalr",
        lexer=_Lexer,
        start=["expression_text", "unary_text"],
        transformer=_Builder(),
        maybe_placeholders=True,
    )


def parse(text: str, names: frozenset[str], *, is_unary: bool) -> Node:
    """The tree of ``text``. Raises FeelSyntaxError, and nothing else."""
    tokens: Any = Tokens(text, names).all()
    if is_unary:
        _mark_negation(tokens)
    try:
        return cast(Node, _parser().parse(tokens, start="unary_text" if is_unary else "expression_text"))
    except UnexpectedInput as error:
        raise _explained(text, error) from None
    except Bad as error:
        raise _failure(text, error.at, error.reason) from None
    except TooDeep as error:
        raise _failure(text, error.at, "nested too deeply") from None


def _mark_negation(tokens: list[Token]) -> None:
    """``not(...)`` around a whole cell negates its tests; anywhere else it is the function."""
    if len(tokens) < 3 or tokens[0] != "not" or tokens[1].type != "LPAR":
        return
    depth = 0
    for index, token in enumerate(tokens[1:], 1):
        depth += (token.type == "LPAR") - (token.type == "_RPAR")
        if depth == 0:
            if index == len(tokens) - 1:
                tokens[0].type = "NOT"
            return


def _failure(text: str, at: int, reason: str) -> FeelSyntaxError:
    line, column = position(text, at)
    return FeelSyntaxError(text, line=line, column=column, reason=reason)


def _explained(text: str, error: UnexpectedInput) -> FeelSyntaxError:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return _failure(text, error.token.start_pos or 0, f"unexpected {str(error.token)[:40]!r}")
    return _failure(
        text, len(text.rstrip()), "the expression ends too early" if text.strip() else "it is empty"
    )
