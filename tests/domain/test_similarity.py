"""How alike two texts are: the cosine of their counts of character pairs."""

from collections import Counter
from decimal import Decimal

import pytest

from workflows.domain import similarity


def test_pairs_leave_out_punctuation_case_and_width() -> None:
    expected = Counter({"3号": 1, "号站": 1, "站p": 1, "p1": 1})
    assert similarity.pairs("３号站，（P1）。") == similarity.pairs("3号 站p1") == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("冻堵冻堵", "冻堵", "0.8944"),  # 2 / √5
        ("井口冻堵", "井口冻堵", "1"),
        ("井口冻堵", "食堂排队", "0"),
        ("井口冻堵", "", "0"),
        ("冻", "冻", "0"),  # no pair
        ("井口冻堵", "管线冻堵", "0.3333"),  # 1 / 3
    ],
)
def test_the_cosine_is_exact_to_four_places(one: str, other: str, expected: str) -> None:
    assert similarity.cosine(similarity.pairs(one), similarity.pairs(other)) == Decimal(expected)


def test_the_cosine_does_not_depend_on_the_order() -> None:
    one, other = similarity.pairs("三号站井口冬季冻堵"), similarity.pairs("冬季井口经常冻堵影响供气")
    assert similarity.cosine(one, other) == similarity.cosine(other, one)
