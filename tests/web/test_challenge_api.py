"""Challenges and their approvals as programs read and make them."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.processes.cast import INDICATOR
from workflows.db import Database
from workflows.domain import accounts, approvals
from workflows.engine.tables import Message
from workflows.models import Approval, Challenge, ChallengeState, User

Speak = Callable[[Sequence[str]], "Program"]


class Program:
    """A client of the API that speaks for one user; every write has a fresh key."""

    def __init__(self, app: Flask, token: str, user_id: int) -> None:
        self.client, self.user_id = app.test_client(), user_id
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.headers)

    def act(self, name: str, **values: Any) -> Any:
        headers = {**self.headers, "Idempotency-Key": uuid.uuid4().hex}
        return self.client.post(f"/api/v1/acts/{name}", json={"values": values}, headers=headers)


@pytest.fixture
def speak(app: Flask, database: Database) -> Speak:
    def made(roles: Sequence[str] = ()) -> Program:
        with database.transaction() as session:
            user = factories.user(session, roles=roles)
            return Program(app, accounts.issue_token(session, user, name="test", days=1), user.id)

    return made


def _posting(database: Database, **changes: Any) -> dict[str, Any]:
    with database.transaction() as session:
        sponsor = factories.unit(session)
        return {
            "category": "生产所需",
            "title": "降低冻堵",
            "background": "冬季夜间井口频繁冻堵。",
            "sponsor_unit_id": sponsor.id,
            "party_lead_id": factories.user(session).id,
            "admin_lead_id": factories.user(session).id,
            "deadline": "2099-12-31",
            "budget_fen": 10_000_000,
            "est_benefit_fen": 160_000_000,
            "fields": ["集输", "防腐"],
            "indicators": [{**INDICATOR, "verifier_unit_id": sponsor.id}],
            **changes,
        }


def test_a_posting_is_stored_and_sent_to_its_approval(speak: Speak, database: Database) -> None:
    office = speak(["office"])
    posted = office.act("post_challenge", **_posting(database))
    assert posted.status_code == 201
    path = posted.get_json()["subject_path"]
    shown = office.get(path).get_json()
    assert {name: shown[name] for name in ("state", "level", "cap_fen", "fields", "published_at")} == {
        "state": "justified",
        "level": "B",
        "cap_fen": 30_000_000,
        "fields": ["集输", "防腐"],
        "published_at": None,
    }
    with database.read() as session:
        sent = session.scalars(select(Message)).one()
        assert (sent.name, sent.value) == ("MSG_CHALLENGE_REFINED", str(shown["id"]))
    listed = office.get("/challenges?state=justified&level=B").get_json()
    assert [row["id"] for row in listed["rows"]] == [shown["id"]]
    stranger = speak([])
    assert stranger.get("/challenges").get_json()["total"] == 0
    assert [stranger.get(one).status_code for one in (path, f"{path}/changes", "/challenges/999")] == [
        404
    ] * 3
    assert stranger.act("post_challenge", **_posting(database)).status_code == 403


def test_a_malformed_posting_is_refused_at_each_field(speak: Speak, database: Database) -> None:
    office = speak(["office"])
    wrong = _posting(database, budget_fen=-1, cross_units="两", fields=[""], surprise=1)
    refused = office.act("post_challenge", **wrong)
    assert refused.status_code == 422
    assert sorted(refused.get_json()["errors"]) == ["budget_fen", "cross_units", "fields.0", "surprise"]
    with database.read() as session:
        assert session.scalars(select(Challenge)).all() == []


def test_a_change_notice_is_listed_with_what_it_moved(speak: Speak, database: Database) -> None:
    office, reader = speak(["office"]), speak([])
    with database.transaction() as session:
        challenge_id = factories.challenge(session).id
    told = {"challenge_id": challenge_id, "notice": "更正单位", "reason": "笔误"}
    assert reader.act("amend_challenge", **told).status_code == 403
    assert office.act("amend_challenge", **told).status_code == 201
    (change,) = reader.get(f"/challenges/{challenge_id}/changes").get_json()
    assert (change["action"], change["text"]) == ("amend", "更正单位（理由：笔误）")
    assert change["bid_to_before"] == change["bid_to_after"]
    assert office.act("withdraw_challenge", challenge_id=challenge_id, reason="不做了").status_code == 201
    assert reader.get(f"/challenges/{challenge_id}").get_json()["state"] == "withdrawn"


@pytest.fixture
def approval_id(database: Database) -> int:
    """An approval that a vice head of the plant is asked to sign."""
    with database.transaction() as session:
        challenge = factories.challenge(session, state=ChallengeState.APPROVING)
        approval = approvals.begin(
            session,
            kind="publish",
            subject=f"challenge:{challenge.id}",
            amount_fen=10_000_000,
            level="B",
            unit_id=None,
            challenge_id=challenge.id,
            project_id=None,
        )
        approvals.set_route(session, approval, route=["vice_head", "dual"])
        return approval.id


def test_an_approval_is_read_by_who_signs_it(speak: Speak, database: Database, approval_id: int) -> None:
    vice, supervision, stranger = speak(["vice_head"]), speak(["supervision"]), speak([])
    with database.transaction() as session:
        approvals.next_stage(session, session.get_one(Approval, approval_id))
    path = f"/approvals/{approval_id}"
    assert [one.get(path).status_code for one in (vice, supervision, stranger)] == [200, 200, 404]
    assert stranger.get("/approvals/999").status_code == 404
    assert vice.get("/approvals").get_json()["total"] == 0  # nothing signed yet
    with database.transaction() as session:
        signed = {"decision": "rejected", "opinion": "不急"}
        approval = session.get_one(Approval, approval_id)
        approvals.sign(
            session, approval, role="vice_head", values=signed, actor=session.get_one(User, vice.user_id)
        )
        approvals.end_stage(session, approval, is_agreed=False)
    first, second = vice.get(path).get_json()["stages"]
    assert (first["code"], first["result"], second["result"]) == ("vice_head", "rejected", None)
    (signature,) = first["signatures"]
    assert (signature["decision"], signature["opinion"], signature["user"]["id"]) == (
        "rejected",
        "不急",
        vice.user_id,
    )
    assert [row["id"] for row in vice.get("/approvals").get_json()["rows"]] == [approval_id]
    for query, total in (("result=open", 0), ("result=rejected", 1), ("kind=reward", 0)):
        assert supervision.get(f"/approvals?{query}").get_json()["total"] == total
    assert supervision.get("/approvals?kind=nothing").status_code == 422
