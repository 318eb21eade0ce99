"""Rounds: the policies as a table, what holds for every vote, and each policy in a running process."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import factories, play
from tests.engine import trial
from workflows.db import Database
from workflows.engine.errors import StepFailed
from workflows.engine.rounds import AGREED, REJECTED, Ballot, decide
from workflows.engine.tables import Round
from workflows.errors import Conflict

HALF = Decimal("0.5")
VOTES = {"+": (True, True), "0": (True, None), "-": (True, False), ".": (False, None)}


def _ballots(votes: str, sides: str = "", weights: str = "") -> list[Ballot]:
    """``votes`` one sign each: + for, - against, 0 without yes or no, . not yet."""
    return [
        Ballot(
            *VOTES[sign],
            weight=Decimal(weights[n]) if weights else Decimal(1),
            side=sides[n] if sides else "",
        )
        for n, sign in enumerate(votes)
    ]


@pytest.mark.parametrize(
    ("policy", "votes", "veto", "result"),
    [
        ("all", "...", False, None),
        ("all", "++.", False, None),
        ("all", "-+.", False, None),  # everybody is heard
        ("all", "-+.", True, REJECTED),
        ("all", "+++", False, AGREED),
        ("all", "000", False, AGREED),
        ("all", "++-", False, REJECTED),
        ("any", "...", False, None),
        ("any", "-+.", False, AGREED),
        ("any", "-..", False, None),
        ("any", "-..", True, REJECTED),
        ("any", "---", False, REJECTED),
        ("sequential", "+..", False, None),
        ("sequential", "+-.", False, REJECTED),
        ("sequential", "+++", False, AGREED),
        ("ratio", "+...", False, None),
        ("ratio", "++..", False, AGREED),
        ("ratio", "--..", False, None),
        ("ratio", "---.", False, REJECTED),
        ("ratio", "++-.", True, REJECTED),
    ],
)
def test_a_policy_decides_by_its_rule(policy: str, votes: str, veto: bool, result: str | None) -> None:
    assert decide(policy, _ballots(votes), ratio=HALF, veto=veto) == result


@pytest.mark.parametrize(
    ("votes", "weights", "result"),
    [
        ("+..", "311", AGREED),
        (".++", "311", None),
        ("-..", "311", REJECTED),
        ("+.-", "122", None),
        ("++.", "122", AGREED),
    ],
)
def test_weights_count_instead_of_heads(votes: str, weights: str, result: str | None) -> None:
    assert decide("weighted", _ballots(votes, weights=weights), ratio=HALF, veto=False) == result


@pytest.mark.parametrize(
    ("votes", "result"),
    [("+...", None), ("++..", None), ("+.+.", AGREED), ("--..", REJECTED), ("-.+.", None), ("-++.", AGREED)],
)
def test_dual_needs_both_sides(votes: str, result: str | None) -> None:
    assert decide("dual", _ballots(votes, sides="ppaa"), ratio=None, veto=False) == result


def test_a_round_that_lost_all_its_signers_is_rejected() -> None:
    assert decide("all", [], ratio=None, veto=False) == REJECTED


def test_a_round_by_share_needs_its_ratio() -> None:
    with pytest.raises(ValueError, match="needs its ratio"):
        decide("ratio", _ballots("+"), ratio=None, veto=False)


votes = st.lists(
    st.builds(
        lambda vote, weight, side: Ballot(*VOTES[vote], weight=Decimal(weight), side=side),
        st.sampled_from("+-0."),
        st.integers(1, 5),
        st.sampled_from(["party", "administration"]),
    ),
    min_size=1,
    max_size=8,
)
policies = st.sampled_from(["all", "any", "ratio", "weighted", "dual"])
ratios = st.sampled_from([Decimal(n) / 6 for n in range(1, 7)])


@given(policies, votes, ratios, st.booleans(), st.randoms())
def test_the_order_of_the_votes_does_not_matter(
    policy: str, ballots: list[Ballot], ratio: Decimal, veto: bool, random: Any
) -> None:
    shuffled = random.sample(ballots, len(ballots))
    assert decide(policy, shuffled, ratio=ratio, veto=veto) == decide(policy, ballots, ratio=ratio, veto=veto)


@given(st.one_of(policies, st.just("sequential")), votes, ratios, st.booleans())
def test_a_decided_round_stays_decided_when_the_rest_votes_the_same_way(
    policy: str, ballots: list[Ballot], ratio: Decimal, veto: bool
) -> None:
    result = decide(policy, ballots, ratio=ratio, veto=veto)
    rest = [one if one.is_done else Ballot(True, result == AGREED, one.weight, one.side) for one in ballots]
    after = decide(policy, rest, ratio=ratio, veto=veto)
    assert after == result if result is not None else after is not None


def _vote(trials: Database, process: int, signers: list[int], votes: str) -> None:
    for signer, sign in zip(signers, votes, strict=False):
        if sign != ".":
            play.complete(trials, "trial.vote", by=signer, process=process, agree=VOTES[sign][1])


# The votes in order, and what became of each signer's item; every round has three signers.
CASES = [
    ("round_all", "++.", ["done", "done", "open"], None),
    ("round_all", "+++", ["done", "done", "done"], "yes"),
    ("round_all", "-..", ["done", "open", "open"], None),
    ("round_all", "-++", ["done", "done", "done"], "no"),
    ("round_all_veto", "+-.", ["done", "done", "cancelled"], "no"),
    ("round_any", "-..", ["done", "open", "open"], None),
    ("round_any", "-+.", ["done", "done", "cancelled"], "yes"),
    ("round_any", "---", ["done", "done", "done"], "no"),
    ("round_any_veto", "-..", ["done", "cancelled", "cancelled"], "no"),
    ("round_ratio", "+..", ["done", "open", "open"], None),
    ("round_ratio", "++.", ["done", "done", "cancelled"], "yes"),
    ("round_ratio", "--.", ["done", "done", "cancelled"], "no"),
    ("round_weighted", "+..", ["done", "cancelled", "cancelled"], "yes"),
    ("round_weighted", ".++", ["open", "done", "done"], None),
    ("round_sequential", "+..", ["done", "open", "waiting"], None),
    ("round_sequential", "+++", ["done", "done", "done"], "yes"),
    ("round_sequential", "+-.", ["done", "done", "cancelled"], "no"),
]


@pytest.mark.parametrize(("name", "votes", "statuses", "result"), CASES)
def test_the_token_moves_when_the_round_is_decided(
    trials: Database, someone: int, name: str, votes: str, statuses: list[str], result: str | None
) -> None:
    signers = trial.people(trials, 3)
    data = {"signers": signers, "share": HALF, "shares": [Decimal("2.5"), 1, 1]}
    process = trial.begin(trials, name, someone, **data)
    _vote(trials, process, signers, votes)
    assert play.items(trials, process) == [
        ("sign", f"user:{signer}", status) for signer, status in zip(signers, statuses, strict=True)
    ]
    assert trial.notes(trials, someone) == ([result] if result else [])
    assert play.status(trials, process) == ("completed" if result else "running")
    with trials.read() as session:
        assert session.query(Round).one().result == {"yes": AGREED, "no": REJECTED, None: None}[result]


def test_the_end_of_a_round_sets_its_result_and_what_its_step_works_out(
    trials: Database, someone: int
) -> None:
    (signer,) = trial.people(trials, 1)
    process = trial.begin(trials, "round_all", someone, signers=[signer])
    play.complete(trials, "trial.vote", by=signer, agree=False, opinion="不行")
    acts = [(one.verb, one.actor_id, one.reason, one.after) for one in play.history(trials, process)[:3]]
    assert acts == [
        ("start", someone, "", {"user_id": someone, "signers": [signer]}),
        ("vote", signer, "不行", {"agree": False}),
        ("round", None, "", {"sign_result": "rejected", "told": "rejected"}),
    ]
    assert trial.notes(trials, someone) == ["no"]


def test_a_sequential_round_asks_one_after_another(trials: Database, someone: int) -> None:
    first, second = trial.people(trials, 2)
    process = trial.begin(trials, "round_sequential", someone, signers=[first, second])
    with trials.read() as session:
        later = play.all_items(session, process)[1].id
    with pytest.raises(Conflict, match=r"^还没有轮到您办理。$"):
        play.complete_item(trials, later, by=second, agree=True)
    play.complete(trials, "trial.vote", by=first, agree=True)
    play.complete_item(trials, later, by=second, agree=True)
    assert trial.notes(trials, someone) == ["yes"]


@pytest.mark.parametrize(
    ("name", "votes", "result"),
    [("round_dual", "++", "yes"), ("round_dual", "+-", "no"), ("round_dual_veto", "-.", "no")],
)
def test_party_and_administration_of_the_unit_sign_together(
    trials: Database, someone: int, name: str, votes: str, result: str
) -> None:
    with trials.transaction() as session:
        home = factories.unit(session)
        heads = [
            factories.user(session, of=home, roles=[f"{role}@"]).id
            for role in ("party_secretary", "admin_head")
        ]
        unit_id = home.id
    process = trial.begin(trials, name, someone, unit_id=unit_id)
    assert play.items(trials, process) == [
        ("sign", f"role:party_secretary@{unit_id}", "open"),
        ("sign", f"role:admin_head@{unit_id}", "open"),
    ]
    _vote(trials, process, heads[:1], votes)
    assert trial.notes(trials, someone) == ([] if name == "round_dual" else [result])
    _vote(trials, process, heads[1:], votes[1:])
    assert trial.notes(trials, someone) == [result]


def test_a_round_that_may_be_empty_is_passed_over(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "round_skip", someone, signers=[])
    assert play.acts(trials, process) == [
        ("start", "round_skip"),
        ("skip", "sign"),
        ("auto", "note_yes"),
        ("end", "round_skip"),
    ]
    assert (trial.notes(trials, someone), play.items(trials, process)) == (["yes"], [])


def test_a_round_with_nobody_to_ask_is_an_error(trials: Database, someone: int) -> None:
    with pytest.raises(StepFailed, match=r"^sign: there is nobody to ask$"):
        trial.begin(trials, "round_all", someone, signers=[])
    with trials.read() as session:
        assert play.processes(session) == []


def test_every_signer_needs_a_weight(trials: Database, someone: int) -> None:
    signers = trial.people(trials, 2)
    with pytest.raises(StepFailed, match=r"^sign: 2 signers, but 1 weights$"):
        trial.begin(trials, "round_weighted", someone, signers=signers, share=HALF, shares=[1])


def test_somebody_named_twice_signs_once(trials: Database, someone: int) -> None:
    (signer,) = trial.people(trials, 1)
    process = trial.begin(trials, "round_all", someone, signers=[signer, signer])
    play.complete(trials, "trial.vote", by=signer, agree=True)
    assert play.items(trials, process) == [("sign", f"user:{signer}", "done")]
    assert trial.notes(trials, someone) == ["yes"]
