"""Rounds whose policy and signers are told by a variable."""

from decimal import Decimal
from typing import Any

import pytest

from tests import factories, play
from tests.conftest import MONDAY_NINE
from tests.engine import trial
from workflows import calendar
from workflows.db import Database
from workflows.engine.errors import StepFailed
from workflows.engine.tables import Round
from workflows.models import Post, PostHolding, User


def _users(ids: list[int], **more: Any) -> list[dict[str, Any]]:
    return [{"role": "leader", "user": one, **more} for one in ids]


def _begin(trials: Database, user_id: int, **terms: Any) -> int:
    return trial.begin(trials, "round_stage", user_id, terms=terms)


@pytest.mark.parametrize(
    ("terms", "votes", "statuses", "result"),
    [
        ({"policy": "all"}, "++.", ["done", "done", "open"], None),
        ({"policy": "all"}, "+++", ["done", "done", "done"], "yes"),
        ({"policy": "all", "veto": True}, "-..", ["done", "cancelled", "cancelled"], "no"),
        ({"policy": "any", "veto": False}, "-+.", ["done", "done", "cancelled"], "yes"),
        ({"policy": "sequential"}, "+..", ["done", "open", "waiting"], None),
        ({"policy": "sequential"}, "+-.", ["done", "done", "cancelled"], "no"),
        ({"policy": "ratio", "ratio": Decimal("0.5")}, "++.", ["done", "done", "cancelled"], "yes"),
    ],
)
def test_a_stage_decides_by_its_policy(
    trials: Database, someone: int, terms: dict[str, Any], votes: str, statuses: list[str], result: str | None
) -> None:
    signers = trial.people(trials, 3)
    process = _begin(trials, someone, signers=_users(signers), **terms)
    for signer, vote in zip(signers, votes, strict=True):
        if vote != ".":
            play.complete(trials, "trial.vote", by=signer, agree=vote == "+")
    assert [status for _, _, status in play.items(trials, process)] == statuses
    assert trial.notes(trials, someone) == ([result] if result else [])


def test_the_round_of_a_stage_is_stored_with_its_terms(trials: Database, someone: int) -> None:
    (signer,) = trial.people(trials, 1)
    _begin(trials, someone, policy="weighted", ratio=Decimal("0.60"), veto=True, signers=_users([signer]))
    with trials.read() as session:
        row = session.query(Round).one()
        assert (row.policy, row.ratio, row.veto, row.result) == ("weighted", "0.60", True, None)


def test_weights_of_signers_count(trials: Database, someone: int) -> None:
    heavy, light = trial.people(trials, 2)
    signers = [*_users([heavy], weight=Decimal("2.5")), *_users([light], weight=1)]
    process = _begin(trials, someone, policy="weighted", ratio=Decimal("0.7"), signers=signers)
    play.complete(trials, "trial.vote", by=heavy, agree=True)
    assert (play.status(trials, process), trial.notes(trials, someone)) == ("completed", ["yes"])


def test_a_stage_asks_people_posts_and_roles(trials: Database, someone: int) -> None:
    (named,) = trial.people(trials, 1)
    with trials.transaction() as session:
        home = session.get_one(User, named).unit_id
        post = Post(code="P1", unit_id=home, name="总工")
        session.add(post)
        session.flush()
        session.add(PostHolding(post_id=post.id, user_id=named))
        post_id = post.id
    signers = [
        {"role": "leader", "user": named, "unit": home},
        {"role": "vice", "post": post_id, "user": None},
        {"role": "office", "unit": home},
        {"role": "office", "unit": None},
        {"role": "office", "unit": None},
    ]
    process = _begin(trials, someone, policy="all", signers=signers)
    assert play.items(trials, process) == [
        ("sign", f"user:{named}", "open"),
        ("sign", f"post:{post_id}", "open"),
        ("sign", f"role:office@{home}", "open"),
        ("sign", "role:office", "open"),
    ]


def test_the_roles_of_a_dual_stage_are_its_sides(trials: Database, someone: int) -> None:
    with trials.transaction() as session:
        home = factories.unit(session)
        party = factories.user(session, of=home, roles=["party_secretary@"]).id
        admin = factories.user(session, of=home, roles=["admin_head@"]).id
        signers = [{"role": role, "unit": home.id} for role in ("party_secretary", "admin_head")]
    process = _begin(trials, someone, policy="dual", signers=signers)
    play.complete(trials, "trial.vote", by=party, agree=True)
    assert play.status(trials, process) == "running"
    play.complete(trials, "trial.vote", by=admin, agree=True)
    assert trial.notes(trials, someone) == ["yes"]


def test_a_stage_says_by_when(trials: Database, someone: int) -> None:
    (signer,) = trial.people(trials, 1)
    process = _begin(trials, someone, policy="all", due_workdays=2, signers=_users([signer]))
    with trials.read() as session:
        (item,) = play.all_items(session, process)
        assert item.due_at == calendar.deadline_after(session, 2) > MONDAY_NINE


ONE = [{"role": "leader", "user": 1}]


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ([], "a stage is a context with a policy and a list of signers"),
        ({"policy": "all"}, "a stage is a context with a policy and a list of signers"),
        ({"policy": "most", "signers": ONE}, "'most' is no policy of a round"),
        ({"policy": "all", "signers": []}, "there is nobody to ask"),
        ({"policy": "dual", "signers": []}, "there is nobody to ask"),
        ({"policy": "ratio", "signers": ONE}, "a round by ratio needs a ratio above 0 and up to 1, not None"),
        (
            {"policy": "weighted", "ratio": 2, "signers": ONE},
            "a round by weighted needs a ratio above 0 and up to 1, not 2",
        ),
        ({"policy": "all", "veto": "yes", "signers": ONE}, "'yes' is not a veto"),
        ({"policy": "all", "due_workdays": "2", "signers": ONE}, "'2' is not an id"),
        ({"policy": "dual", "signers": ONE}, "a dual round has two roles"),
        ({"policy": "all", "signers": [7]}, "a signer is a context with a role"),
        ({"policy": "all", "signers": [{"user": 7}]}, "a signer is a context with a role"),
        ({"policy": "all", "signers": [{"role": "leader", "user": "li"}]}, "'li' is not an id"),
        ({"policy": "all", "signers": [{"role": "leader", "weight": 0}]}, "0 is not a weight"),
    ],
)
def test_terms_that_make_no_round_are_an_error(
    trials: Database, someone: int, terms: object, reason: str
) -> None:
    with pytest.raises(StepFailed) as failed:
        trial.begin(trials, "round_stage", someone, terms=terms)
    assert str(failed.value) == f"sign: {reason}"
