"""FEEL, the expression language of DMN: pure, exact, bounded, and out of reach of Python.

``compile`` an expression once, ``evaluate`` it often::

    feel.compile("sum(amounts) > 500", names=("amounts",)).evaluate({"amounts": [Decimal("300.5"),
    200]}).value

Numbers are decimals of 34 digits, dates and times those of ``datetime``. A part that has no value is null and
leaves a note; ``require`` turns a null result into an error. There is no clock: times are passed in as data.
"""

from workflows.feel.budgets import Budget
from workflows.feel.errors import FeelError, FeelSyntaxError, Note, Refused, Undefined
from workflows.feel.expressions import Expression, Result, compile, compile_unary
from workflows.feel.functions import BUILTINS
from workflows.feel.functions.conversions import plain, written
from workflows.feel.scopes import call
from workflows.feel.values import Function, Range, YearsMonths, from_python, kind, same

__all__ = [
    "BUILTINS",
    "Budget",
    "Expression",
    "FeelError",
    "FeelSyntaxError",
    "Function",
    "Note",
    "Range",
    "Refused",
    "Result",
    "Undefined",
    "YearsMonths",
    "call",
    "compile",
    "compile_unary",
    "from_python",
    "kind",
    "plain",
    "same",
    "written",
]
