"""答疑: questions on a challenge and what is answered to everybody."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from webapp import auth, db, idempotency
from webapp.api.fields import ID, IDEMPOTENCY_KEY, Person
from webapp.question_forms import AnswerForm, AskForm
from workflows.domain import challenges, permissions, questions
from workflows.models import Question

endpoints = Blueprint("api_questions", __name__, url_prefix="/api/v1", description="答疑")

ASKED = f"/challenges/{ID}challenge_id>/questions"


class QuestionShown(Schema):
    """Who asked is told to the office and to the asker."""

    id = fields.Integer(required=True)
    text = fields.String(required=True)
    asked_at = fields.AwareDateTime(required=True)
    asker = fields.Nested(Person, required=True, allow_none=True)
    is_own = fields.Boolean(required=True)
    answer = fields.String(required=True)
    answered_by = fields.Nested(Person, required=True, allow_none=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)


@endpoints.route(ASKED)
@endpoints.response(200, QuestionShown(many=True))
def index(challenge_id: int) -> list[questions.Shown]:
    """榜单的答疑"""
    challenge = challenges.get(db.session(), challenge_id, actor=auth.actor())
    return questions.of_challenge(db.session(), challenge, actor=auth.actor())


@endpoints.route(ASKED, methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, QuestionShown)
@endpoints.arguments(AskForm)
def ask(asked: dict[str, Any], challenge_id: int) -> questions.Shown:
    """提问

    揭榜截止前任何人都可以提问；除办公室外，没有人看得到是谁提问。
    """
    challenge = challenges.get(db.session(), challenge_id, actor=auth.actor())
    return _shown(questions.ask(db.session(), challenge, text=asked["text"], actor=auth.actor()))


@endpoints.route(f"/questions/{ID}question_id>/answer", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, QuestionShown)
@endpoints.arguments(AnswerForm)
def answer(given: dict[str, Any], question_id: int) -> questions.Shown:
    """答复

    由榜单的党政双责任人、发榜单位或办公室答复一次，所有人可见。
    """
    question = questions.get(db.session(), question_id, actor=auth.actor())
    questions.answer(db.session(), question, text=given["answer"], actor=auth.actor())
    return _shown(question)


def _shown(question: Question) -> questions.Shown:
    actor = auth.actor()
    return questions.shown(
        question, actor=actor, names_askers=permissions.may_see_askers(db.session(), actor)
    )
