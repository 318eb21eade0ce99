"""bpmn/acceptance/acceptance_follow_up.bpmn: the result handed on, and looked at again a year later."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Session

from workflows.domain import post_evaluations, results
from workflows.engine.registry import Act, Vote, human_step, round_end, service_step
from workflows.engine.tables import WorkItem
from workflows.steps.acceptance import about
from workflows.steps.acceptance_forms import CardForm, RealisedForm, RolloutForm, UsageForm
from workflows.steps.pledge import meeting_about, project_of

Data = Mapping[str, Any]


@service_step("acceptance.begin_follow_up")
def begin_follow_up(session: Session, data: Data) -> dict[str, Any]:
    sponsor = {"role": "sponsor", "unit": data["sponsor_unit_id"]}
    return {
        "post_at": post_evaluations.begins_at(session, about(session, data)),
        "post_stage": {"policy": "all", "signers": [{"role": "finance"}, sponsor]},
    }


@human_step("acceptance.card", title="编制成果卡", form=CardForm, about=about)
def make_card(act: Act) -> None:
    project = project_of(act.session, act.data)
    results.make_card(act.session, project, values=act.values, actor=act.actor)


@human_step("acceptance.plan_rollout", title="安排推广", form=RolloutForm, about=about)
def plan_rollout(act: Act) -> dict[str, Any]:
    project = project_of(act.session, act.data)
    given = results.plan_rollout(act.session, project, rows=act.values["rows"], actor=act.actor)
    meeting = meeting_about(project, kind="exchange")
    return {"rollout_item_ids": given, "wants_share_meeting": act.values["share_meeting"], **meeting}


def _post_form(_session: Session, _data: Data, item: WorkItem) -> type[Schema]:
    return UsageForm if item.role == "sponsor" else RealisedForm


@human_step("acceptance.post_evaluate", title="后评价", form=RealisedForm, about=about, form_of=_post_form)
def post_evaluate(act: Act) -> Vote:
    project = project_of(act.session, act.data)
    if act.item.role == "sponsor":
        said = {name: act.values[name] for name in ("is_in_use", "usage")}
        post_evaluations.tell_usage(act.session, project, **said, actor=act.actor)
    else:
        said = {name: act.values[name] for name in ("realised_fen", "remark")}
        post_evaluations.evaluate(act.session, project, **said, actor=act.actor)
    return Vote()


@round_end("acceptance.post_evaluate")
def end_post_evaluation(session: Session, data: Data) -> None:
    post_evaluations.finish(session, project_of(session, data))


@service_step("acceptance.close")
def close(session: Session, data: Data) -> None:
    results.close(session, project_of(session, data))
