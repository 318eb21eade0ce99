"""bpmn/selection/panel.bpmn, seats.bpmn and panel_review.bpmn: a panel drawn by lot, and what it says of the bids."""

from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import panels, papers, recusals, scoring, selections
from workflows.domain.draws import Quota
from workflows.engine.registry import Act, Criterion, Vote, human_step, service_step
from workflows.models import User
from workflows.steps import rules as keeping
from workflows.steps.selection import Data, expect_another, panel_of
from workflows.steps.selection_forms import (
    ConfirmDrawForm,
    DeclareForm,
    EnlargeForm,
    PreviewForm,
    ReconsiderForm,
    ScoreForm,
)


def teams(session: Session, data: Data) -> papers.Teams:
    return papers.teams(session, panel_of(session, data))


def anonymous(session: Session, data: Data) -> papers.Papers:
    return papers.anonymous(session, panel_of(session, data))


def named(session: Session, data: Data) -> papers.Papers:
    return papers.named(session, panel_of(session, data))


@service_step("selection.open_panel")
def open_panel(session: Session, data: Data) -> dict[str, Any]:
    asked = data["panel_size"]
    quota = Quota(*(int(asked[name]) for name in ("size", "specialists", "externals")))
    return {"panel_id": panels.open_for(session, data["panel_subject"], quota=quota).id}


@service_step("selection.draw")
def draw(session: Session, data: Data) -> dict[str, Any]:
    panel = panel_of(session, data)
    missing = panels.draw(session, panel, at=keeping.at(data))
    return {"seats_missing": missing, "declare_ids": recusals.undeclared(panel)}


@human_step("selection.confirm_draw", title="确认抽取结果", form=ConfirmDrawForm, about=panel_of)
def confirm_draw(act: Act) -> Vote:
    expect_another(act)
    panels.confirm(panel_of(act.session, act.data), confirmed=act.values["confirmed"])
    return Vote(agree=True)


def _every_team(session: Session, data: Data, _actor: User) -> dict[str, Any]:
    return {"rows": [{"bid_id": bid.id, "conflict": False} for bid in teams(session, data).bids]}


@human_step(
    "selection.declare",
    title="回避申报",
    form=DeclareForm,
    about=teams,
    prefill=_every_team,
    confidential=True,
)
def declare(act: Act) -> Vote:
    panel = panel_of(act.session, act.data)
    recusals.declare(
        act.session,
        panel,
        rows=act.values["rows"],
        bid_ids={bid.id for bid in teams(act.session, act.data).bids},
        actor=act.actor,
        at=keeping.at(act.data),
    )
    return Vote()


@service_step("selection.clear_conflicts")
def clear_conflicts(session: Session, data: Data) -> dict[str, Any]:
    panel = panel_of(session, data)
    cleared = recusals.clear(session, panel, at=keeping.at(data))
    return {
        "seats_free": cleared.free,
        "needs_experts": cleared.needs_more_experts,
        "panel_expert_ids": [one.user_id for one in recusals.seated(panel)],
        "preview_ids": scoring.still_to_opine(session, panel),
    }


@human_step("selection.enlarge_pool", title="补充专家库", form=EnlargeForm, about=panel_of)
def enlarge_pool(act: Act) -> None:
    panel = panel_of(act.session, act.data)
    panels.enlarge(act.session, panel, rows=act.values["experts"], actor=act.actor)


@service_step("selection.label")
def label(session: Session, data: Data) -> dict[str, Any]:
    panel = panel_of(session, data)
    papers.label(session, panel)
    return {"preview_ids": scoring.still_to_opine(session, panel)}


@service_step("selection.count_seats")
def count_seats(session: Session, data: Data) -> dict[str, Any]:
    return {"seats_free": recusals.free_seats(panel_of(session, data))}


def _every_letter(session: Session, data: Data, _actor: User) -> dict[str, Any]:
    return {"rows": [{"label": one.label} for one in anonymous(session, data).papers]}


@human_step(
    "selection.preview",
    title="书面预审",
    form=PreviewForm,
    about=anonymous,
    prefill=_every_letter,
    confidential=True,
)
def preview(act: Act) -> Vote:
    panel = panel_of(act.session, act.data)
    scoring.opine(act.session, panel, rows=act.values["rows"], actor=act.actor)
    return Vote()


@service_step("selection.set_defence")
def set_defence(session: Session, data: Data) -> dict[str, Any]:
    panel = panel_of(session, data)
    selections.set_defence(session, panel, at=keeping.at(data))
    return {"panel_expert_ids": [one.user_id for one in recusals.seated(panel)]}  # some may have left since


def _every_bid(session: Session, data: Data, _actor: User) -> dict[str, Any]:
    return {"rows": [{"bid_id": slot.bid_id} for slot in panel_of(session, data).slots]}


def _criteria(session: Session, data: Data) -> dict[str, Criterion]:
    known = scoring.weights(session, at=keeping.at(data))
    return {name: Criterion(weight) for name, weight in known.items()}


@human_step(
    "selection.score",
    title="答辩打分",
    form=ScoreForm,
    about=named,
    prefill=_every_bid,
    confidential=True,
    criteria=_criteria,
)
def score(act: Act) -> Vote:
    panel, at = panel_of(act.session, act.data), keeping.at(act.data)
    scoring.sign(act.session, panel, rows=act.values["rows"], actor=act.actor, at=at)
    return Vote()


@service_step("selection.flag")
def flag(session: Session, data: Data) -> dict[str, Any]:
    return {"flagged_ids": scoring.flag(session, panel_of(session, data), at=keeping.at(data))}


def _flagged(session: Session, data: Data, actor: User) -> dict[str, Any]:
    """The sheets that stand out, as they were signed; what is left as it is, is kept."""
    return {"rows": scoring.to_reconsider(session, panel_of(session, data), actor=actor)}


@human_step(
    "selection.reconsider",
    title="复核打分",
    form=ReconsiderForm,
    about=named,
    prefill=_flagged,
    confidential=True,
    criteria=_criteria,
)
def reconsider(act: Act) -> Vote:
    panel, at, values = panel_of(act.session, act.data), keeping.at(act.data), act.values
    rows, reason = values["rows"], values["reason"]
    scoring.reconsider(act.session, panel, rows=rows, reason=reason, actor=act.actor, at=at)
    return Vote()
