"""What all parts of the loader share: the problems found so far, and the compiling of expressions."""

from __future__ import annotations

from lxml import etree

from workflows import feel
from workflows.dmn.documents import id_of, line_of, text_of
from workflows.dmn.errors import Problem

NOTHING = feel.compile("null")


class Reader:
    """Collects problems instead of stopping at the first."""

    def __init__(self, file: str, names: frozenset[str]) -> None:
        self.file, self.names = file, names
        self.problems: list[Problem] = []

    def problem(self, element: etree._Element, reason: str) -> Problem:
        return Problem(self.file, id_of(element), line_of(element), reason)

    def complain(self, element: etree._Element, reason: str) -> None:
        self.problems.append(self.problem(element, reason))

    def expression(
        self, element: etree._Element, scope: frozenset[str], *, text: str | None = None
    ) -> feel.Expression:
        """The element's text as an expression over the names of ``scope``."""
        source = text_of(element) if text is None else text
        return self._compiled(element, source, scope, is_unary=False)

    def test(self, element: etree._Element, scope: frozenset[str]) -> feel.Expression:
        """The element's text as a unary test."""
        return self._compiled(element, text_of(element), scope | {"?"}, is_unary=True)

    def _compiled(
        self, element: etree._Element, text: str, scope: frozenset[str], *, is_unary: bool
    ) -> feel.Expression:
        language = element.get("expressionLanguage") or "feel"
        if "feel" not in language.lower():
            self.complain(element, f"the expression language {language!r} is not supported, only FEEL")
            return NOTHING
        make = feel.compile_unary if is_unary else feel.compile
        try:
            made = make(text, names=self.names | scope)
        except feel.FeelSyntaxError as error:
            self.complain(element, str(error))
            return NOTHING
        for name in sorted(made.names - scope - frozenset(feel.BUILTINS)):
            self.complain(element, f"the name {name!r} is not declared (in: {text[:100]})")
        return made
