"""What a problem resembles: the cosine of the counts of character pairs, over open problems, lists and result cards."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import rules
from workflows.models import Challenge, Problem, ProblemState, ResultCard

EXACT = Context(prec=34, rounding=ROUND_HALF_UP)
PLACES = Decimal("0.0001")
CLOSED = (ProblemState.RESOLVED, ProblemState.MERGED, ProblemState.DECLINED, ProblemState.REJECTED)


@dataclass(frozen=True)
class Text:
    """Something that a problem may resemble: a "problem", a "challenge" or a "card" of results."""

    kind: str
    id: int
    title: str
    body: str


def pairs(text: str) -> Counter[str]:
    """How often each two letters stand side by side; case, width, spaces and punctuation do not count."""
    plain = "".join(one for one in unicodedata.normalize("NFKC", text).lower() if one.isalnum())
    return Counter(plain[place : place + 2] for place in range(len(plain) - 1))


def cosine(one: Counter[str], other: Counter[str]) -> Decimal:
    """0 (nothing in common) to 1 (the same counts), to four places; 0 where there is no text."""
    common = sum(count * other[pair] for pair, count in one.items())
    if not common:
        return Decimal(0)
    lengths = sum(n * n for n in one.values()) * sum(n * n for n in other.values())
    return EXACT.quantize(EXACT.divide(Decimal(common), EXACT.sqrt(Decimal(lengths))), PLACES)


def find(session: Session, problem: Problem) -> list[dict[str, Any]]:
    """What resembles ``problem``: {kind, id, title, score} from setting ``similar_min`` up, the closest first.

    At most as many as setting ``similar_most`` says; equal scores stand in the order of kind and id.
    """
    least = rules.setting(session, "similar_min")
    most = rules.days(session, "similar_most")
    asked = pairs(f"{problem.title}{problem.scene}{problem.wanted}")
    scored = [
        (cosine(asked, pairs(f"{one.title}{one.body}")), one) for one in _candidates(session, besides=problem)
    ]
    close = sorted((score, one.kind, one.id, one.title) for score, one in scored if score >= least)
    close.sort(key=lambda row: (-row[0], row[1], row[2]))
    return [
        {"kind": kind, "id": id_, "title": title, "score": str(score)}
        for score, kind, id_, title in close[:most]
    ]


def _candidates(session: Session, *, besides: Problem) -> Iterator[Text]:
    problems = select(Problem.id, Problem.title, Problem.scene, Problem.wanted)
    for id_, title, scene, wanted in session.execute(
        problems.where(Problem.state.not_in(CLOSED), Problem.id != besides.id)
    ):
        yield Text("problem", id_, title, scene + wanted)
    challenges = select(Challenge.id, Challenge.title, Challenge.background)
    for id_, title, background in session.execute(challenges.where(Challenge.published_at.is_not(None))):
        yield Text("challenge", id_, title, background)
    cards = select(ResultCard.id, ResultCard.title, ResultCard.summary)
    for id_, title, summary in session.execute(cards):
        yield Text("card", id_, title, summary)
