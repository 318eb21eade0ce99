"""Decision tables in a process: the one drawn with it, or the one that is in force instead."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import play
from tests.engine import trial
from workflows import dmn
from workflows.db import Database
from workflows.engine.errors import StepFailed
from workflows.engine.registry import HOOKS


def test_a_decision_table_decides_and_leaves_its_trace(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "decided", someone, amount=250)
    assert trial.notes(trials, someone) == ["yes"]
    decided = play.history(trials, process)[1]
    step = {
        "decision": "费用",
        "inputs": {"amount": "250"},
        "rules": [{"row": 2, "id": "large", "annotations": []}],
        "output": "3.75",
        "notes": [],
    }
    assert (decided.verb, decided.node) == ("decide", "choose")
    assert decided.after == {"fee": "3.750", "trace": [step]}


def test_a_decision_asks_only_for_what_the_process_knows(trials: Database, someone: int) -> None:
    message = r"^choose: trial_fee needs amount, which the process does not know$"
    with pytest.raises(StepFailed, match=message):
        trial.begin(trials, "decided", someone)


def _dearer(session: Session, decision: str, data: Mapping[str, Any]) -> dmn.Model | None:
    """What stands in force instead of the drawn table: other fees, for the amounts of case 1 only."""
    assert decision == "trial_fee"
    if data.get("case_id") != 1:
        return None
    text = (trial.DIAGRAMS / "trial_fee.dmn").read_text().replace("0.015", "0.03")
    return dmn.load(text.encode(), file="stored.dmn")


@pytest.mark.parametrize(("case_id", "fee"), [(1, "7.50"), (2, "3.750")])
def test_a_stored_table_decides_instead_of_the_drawn_one(
    trials: Database, someone: int, monkeypatch: pytest.MonkeyPatch, case_id: int, fee: str
) -> None:
    monkeypatch.setattr(HOOKS, "table", _dearer)
    process = trial.begin(trials, "decided", someone, amount=250, case_id=case_id)
    assert play.history(trials, process)[1].after["fee"] == fee


def test_a_store_that_fails_names_the_box(
    trials: Database, someone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_session: Session, _decision: str, _data: Mapping[str, Any]) -> dmn.Model | None:
        raise KeyError("gone")

    monkeypatch.setattr(HOOKS, "table", lost)
    with pytest.raises(StepFailed, match=r"^choose: KeyError: 'gone'$"):
        trial.begin(trials, "decided", someone, amount=250)
