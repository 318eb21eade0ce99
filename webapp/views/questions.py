"""答疑: ask about a challenge, and answer to everybody; both stand on the page of the challenge."""

from flask import Blueprint, flash, make_response, redirect, request, url_for
from flask_babel import gettext
from werkzeug import Response

from webapp import auth, db, idempotency
from webapp.question_forms import AnswerForm, AskForm
from webapp.views import challenges as page
from workflows import work
from workflows.domain import challenges, questions
from workflows.errors import Invalid

pages = Blueprint("questions", __name__)


@pages.post(f"{page.CHALLENGE}/questions")
@idempotency.once
def ask(challenge_id: int) -> Response:
    session, actor = db.session(), auth.actor()
    challenge = challenges.get(session, challenge_id, actor=actor)
    try:
        given = work.validate(AskForm, {"text": request.form.get("text", "")})
    except Invalid as refused:
        return make_response(page.drawn(challenge, refused={"text": refused.fields["text"]}), refused.status)
    questions.ask(session, challenge, text=given["text"], actor=actor)
    flash(gettext("已提问。发榜单位答复后会通知您，其他人看不到是谁提问。"))
    return _back(challenge_id)


@pages.post("/questions/<int(min=1,max=2147483647):question_id>/answer")
@idempotency.once
def answer(question_id: int) -> Response:
    session, actor = db.session(), auth.actor()
    question = questions.get(session, question_id, actor=actor)
    try:
        given = work.validate(AnswerForm, {"answer": request.form.get("answer", "")})
    except Invalid as refused:
        errors = {f"answer-{question_id}": refused.fields["answer"]}
        return make_response(page.drawn(question.challenge, refused=errors), refused.status)
    questions.answer(session, question, text=given["answer"], actor=actor)
    flash(gettext("已答复，所有人都能看到。"))
    return _back(question.challenge_id)


def _back(challenge_id: int) -> Response:
    return make_response(redirect(url_for("challenges.show", challenge_id=challenge_id, _anchor="questions")))
