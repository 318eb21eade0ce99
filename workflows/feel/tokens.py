"""Text to tokens.

Names with spaces and signs in them are found by longest match against the declared names.
"""

from __future__ import annotations

import functools
import re

from lark import Token

from workflows.feel.errors import FeelSyntaxError, position
from workflows.feel.functions import BUILTINS

MAX_TEXT = 10_000
MAX_NESTING = 40

LITERALS = frozenset({"null", "true", "false"})
KEYWORDS = LITERALS | frozenset(
    {"if", "then", "else", "for", "in", "return", "some", "every", "satisfies"}
    | {"and", "or", "between", "instance", "of", "function"}
)
MEMBERS = ("time offset", "start included", "end included")
TYPES = ("date and time", "days and time duration", "years and months duration")
SIGNS = {
    "..": "_TO", "**": "POWER", "<=": "COMPARE", ">=": "COMPARE", "!=": "COMPARE", "<": "COMPARE",
    ">": "COMPARE", "=": "COMPARE", "+": "PLUS", "-": "MINUS", "*": "STAR", "/": "SLASH", "(": "LPAR",
    ")": "_RPAR", "[": "LSQB", "]": "_RSQB", "{": "LBRACE", "}": "_RBRACE", ",": "_COMMA", ":": "_COLON",
    ".": "_DOT", "@": "AT", "?": "NAME",
}  # fmt: skip
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")
BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w)")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
WORD = re.compile(r"[^\W\d]\w*")
SIGN = re.compile(r"\.\.|\*\*|[<>!]=|[-<>=+*/()\[\]{},:.@?]")
# Where a name is being given, it runs up to the sign or word that must follow it.
NEW_NAME = r"[^\W\d]\w*(?:[ \t]+\w+)*?"
ITERATOR = re.compile(rf"({NEW_NAME})(?=\s+in\b)")
PARAMETER = re.compile(rf"({NEW_NAME})(?=\s*[,:)])")
KEY = re.compile(rf"({NEW_NAME}|[^\s{{}}\[\](),:\"][^{{}}\[\](),:\"]*?)(?=\s*:)")
# ``[1..5[``: an opening bracket that no expression can follow closes a range.
NOTHING_FOLLOWS = re.compile(r"\s*(?:$|[,)\]}]|(?:and|or|then|else|return|satisfies)\b)")
ENDS_OPERAND = frozenset({"NAME", "NUMBER", "STRING", "_RPAR", "_RSQB", "_RBRACE", "LITERAL"})


@functools.lru_cache(maxsize=512)
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    """One alternation of all names that are more than a plain word, the longest first."""
    parts = [
        r"\s+".join(re.escape(word) for word in name.split())
        + (r"(?!\w)" if name.rstrip()[-1].isalnum() else "")
        for name in sorted(names, key=len, reverse=True)
    ]
    return re.compile("|".join(parts) or r"(?!)")


STANDARD = frozenset(name for name in (*BUILTINS, *MEMBERS, *TYPES) if " " in name)


class Tokens:
    """One pass over one text. ``open`` holds what is still open: brackets, iterations, parameter lists."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        self.text, self.at = text, 0
        self.declared = frozenset(name for name in names if name.strip() and not WORD.fullmatch(name))
        self.found: list[Token] = []
        self.open: list[str] = []

    def all(self) -> list[Token]:
        """The tokens in order. Raises FeelSyntaxError at the first place that is none."""
        if len(self.text) > MAX_TEXT:
            raise FeelSyntaxError(self.text, line=1, column=1, reason=f"longer than {MAX_TEXT} characters")
        while self._skip_blank():
            self._next()
        return self.found

    def fail(self, reason: str) -> FeelSyntaxError:
        line, column = position(self.text, self.at)
        return FeelSyntaxError(self.text, line=line, column=column, reason=reason)

    @property
    def last(self) -> str:
        return self.found[-1].type if self.found else ""

    def _skip_blank(self) -> bool:
        match = BLANK.match(self.text, self.at)
        if match:
            self.at = match.end()
        return self.at < len(self.text)

    def _emit(self, type_: str, raw: str, value: str | None = None) -> None:
        self.found.append(Token(type_, raw if value is None else value, start_pos=self.at))
        self.at += len(raw)

    def _next(self) -> None:
        if self._new_name() or self._declared_name():
            return
        if match := WORD.match(self.text, self.at):
            self._word(match.group())
        elif match := NUMBER.match(self.text, self.at):
            self._emit("NUMBER", match.group())
        elif match := STRING.match(self.text, self.at):
            self._emit("STRING", match.group())
        elif match := SIGN.match(self.text, self.at):
            self._sign(match.group())
        else:
            raise self.fail(f"unexpected character {self.text[self.at]!r}")

    def _new_name(self) -> bool:
        """A name given here: an iterator, a parameter, a named argument, or the key of a context entry."""
        top = self.open[-1] if self.open else ""
        pattern = None
        if top in ("for", "some", "every") and self.last in ("_FOR", "_SOME", "_EVERY", "_COMMA"):
            pattern = ITERATOR
        elif top == "function" and self.last in ("LPAR", "_COMMA"):
            pattern = PARAMETER
        elif top == "{" and self.last in ("LBRACE", "_COMMA"):
            pattern = KEY
        elif top == "(" and self.last in ("LPAR", "_COMMA"):
            match = PARAMETER.match(self.text, self.at)
            if not match or not self.text[match.end() :].lstrip().startswith(":"):
                return False
            pattern = PARAMETER
        match = pattern.match(self.text, self.at) if pattern else None
        if not match:
            return False
        name = " ".join(match.group(1).split())
        if not WORD.fullmatch(name):
            self.declared |= {name}
        self._emit("NAME", match.group(1), name)
        return True

    def _declared_name(self) -> bool:
        words = WORD.match(self.text, self.at)
        best = _pattern(self.declared).match(self.text, self.at)
        standard = _pattern(STANDARD).match(self.text, self.at)
        if standard and (not best or standard.end() > best.end()):
            best = standard
        if not best or not best.group() or (words and words.end() >= best.end()):
            return False
        self._emit("NAME", best.group(), " ".join(best.group().split()))
        return True

    def _word(self, word: str) -> None:
        if word not in KEYWORDS or self.last == "_DOT":
            self._emit("NAME", word)
            return
        if word in LITERALS:
            self._emit("LITERAL", word)
            return
        if word in ("for", "some", "every", "function"):
            self._push(word)
        if word in ("return", "satisfies") and self.open and self.open[-1] in ("for", "some", "every"):
            self.open.pop()
        self._emit("_" + word.upper(), word)

    def _sign(self, sign: str) -> None:
        type_ = SIGNS[sign]
        if sign == "]" and self.last not in ENDS_OPERAND and self.last != "LSQB":
            type_ = "RANGE_OPEN"
            self._push("[")
        elif sign == "[" and self.last in ENDS_OPERAND and NOTHING_FOLLOWS.match(self.text, self.at + 1):
            type_ = "RANGE_CLOSE"
            self._pop()
        elif sign in OPENING and self.last != "_FUNCTION":
            self._push(sign)
        elif sign in CLOSING:
            self._pop()
        self._emit(type_, sign)

    def _push(self, opened: str) -> None:
        self.open.append(opened)
        if len(self.open) > MAX_NESTING:
            raise self.fail("nested too deeply")

    def _pop(self) -> None:
        if self.open:
            self.open.pop()
