"""Veto events without a process: malformed input, who sees and confirms them, acts out of turn."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows.domain import substitutes, vetoes
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import VetoState


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"clause": "V11"}, "clause", "没有这个否决条款。"),
        ({"unit_id": None}, "unit_id", "请填写单位或项目，二者选一。"),
        ({"unit_id": 999}, "unit_id", "没有这个单位。"),
        ({"clause": "V03"}, "unit_id", "这个条款针对项目团队，请选择项目。"),
        ({"clause": "V03", "unit_id": None, "project_id": 999}, "project_id", "没有这个项目。"),
        ({"effective_on": dt.date(2026, 11, 24)}, "effective_on", "事发日期不能晚于今天。"),
    ],
)
def test_a_malformed_veto_is_refused_at_its_field(
    session: Session, clock_at: Callable[..., None], changes: dict[str, Any], field: str, text: str
) -> None:
    project = factories.project(session)
    values = {
        "clause": "V06",
        "is_major": False,
        "unit_id": project.unit_id,
        "project_id": None,
        "facts": "一人轻伤。",
        "evidence": [1],
        "effective_on": dt.date(2026, 11, 20),
    }
    with pytest.raises(Invalid) as refused:
        vetoes.propose(session, {**values, **changes}, actor=factories.user(session, roles=["hse"]))
    assert refused.value.fields == {field: [text]}


def test_a_veto_is_for_those_concerned_and_the_departments(
    session: Session, clock_at: Callable[..., None]
) -> None:
    project = factories.project(session)
    hse = factories.user(session, roles=["hse"])
    values = {"clause": "V03", "is_major": False, "unit_id": None, "project_id": project.id, "facts": "造假"}
    veto = vetoes.propose(
        session, {**values, "evidence": [1], "effective_on": dt.date(2026, 11, 20)}, actor=hse
    )
    stranger = factories.user(session)
    assert vetoes.get(session, veto.id, actor=project.leader) is veto
    with pytest.raises(NotFound):
        vetoes.get(session, veto.id, actor=stranger)
    assert [vetoes.listing(session, actor=one)[1] for one in (hse, project.leader, stranger)] == [1, 1, 0]
    with pytest.raises(Forbidden, match=r"^您与这一否决事项有关，不能确认，请由他人办理。$"):
        vetoes.decide(session, veto, confirm=True, actor=project.leader)
    veto.state = VetoState.CONFIRMED
    for act in (
        lambda: vetoes.decide(session, veto, confirm=True, actor=stranger),
        lambda: vetoes.settle(session, veto, lift=True, text="", actor=stranger),
        lambda: vetoes.take_effect(session, veto),
    ):
        with pytest.raises(Conflict, match=r"^否决事项当前的状态不允许这样做，请刷新页面。$"):
            act()
    assert vetoes.of_project(session, project) == [veto]
    assert vetoes.of_unit(session, project.unit_id) == []


def test_a_substitute_of_the_proposer_neither_confirms_nor_settles(
    session: Session, clock_at: Callable[..., None]
) -> None:
    project = factories.project(session)
    proposer, stand_in, other = (factories.user(session, roles=["supervision"]) for _ in range(3))
    values = {"clause": "V03", "is_major": False, "unit_id": None, "project_id": project.id, "facts": "造假"}
    veto = vetoes.propose(
        session, {**values, "evidence": [1], "effective_on": dt.date(2026, 11, 20)}, actor=proposer
    )
    day = dt.date(2026, 11, 23)
    substitutes.appoint(
        session,
        proposer,
        substitute_id=stand_in.id,
        from_day=day,
        to_day=day,
        reason="出差",
        actor=proposer,
    )
    with pytest.raises(Forbidden, match=r"^提出人不能确认自己提出的否决事项，请由他人确认。$"):
        vetoes.decide(session, veto, confirm=True, actor=stand_in)
    vetoes.decide(session, veto, confirm=True, actor=other)
    vetoes.appeal(session, veto, reason="没有造假", actor=project.leader)
    with pytest.raises(Forbidden, match=r"^提出人、确认人和当事人不能审定申诉，请由他人办理。$"):
        vetoes.settle(session, veto, lift=False, text="", actor=stand_in)
    assert veto.state == VetoState.APPEALED
