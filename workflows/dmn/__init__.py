"""Decision tables and the decisions around them, after DMN 1.1 to 1.5; the cells are FEEL.

``load`` a file once, ``evaluate`` its decisions often::

    model = dmn.load(path.read_bytes(), file="eligibility.dmn")
    outcome = model.evaluate("eligibility", {"team_size": 4, ...})

A table that does not decide (an overlap in UNIQUE, no rule, a value that is not allowed) raises
DecisionError: there is no silent first match. The outcome's trace says which rows decided.
"""

from workflows.dmn.coverage import Overlap, gaps, holes, overlaps, region
from workflows.dmn.editing import Difference, RowText, differences, rewrite
from workflows.dmn.errors import DecisionError, DmnError, Problem
from workflows.dmn.loading import load
from workflows.dmn.models import Decision, InputData, Model
from workflows.dmn.showing import TableText, tables
from workflows.dmn.tables import Output, Table
from workflows.dmn.traces import MatchedRule, Outcome, Step, trace_to_json

__all__ = [
    "Decision",
    "DecisionError",
    "Difference",
    "DmnError",
    "InputData",
    "MatchedRule",
    "Model",
    "Outcome",
    "Output",
    "Overlap",
    "Problem",
    "RowText",
    "Step",
    "Table",
    "TableText",
    "differences",
    "gaps",
    "holes",
    "load",
    "overlaps",
    "region",
    "rewrite",
    "tables",
    "trace_to_json",
]
