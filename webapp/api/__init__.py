"""/api/v1: the same calls as the pages, as JSON. Described by /api/v1/openapi.json, read at /api/v1/docs."""

from typing import Any

from flask import Flask
from flask_smorest import Api
from werkzeug import Response
from werkzeug.exceptions import HTTPException

from webapp import errors
from webapp.api import (
    acceptances,
    accounts,
    acts,
    agreements,
    appraisals,
    approvals,
    bids,
    campaigns,
    challenges,
    changes,
    delegations,
    drafts,
    experts,
    fields,
    files,
    me,
    meetings,
    migrations,
    notices,
    operations,
    payouts,
    people,
    phrases,
    problems,
    processes,
    projects,
    publicities,
    questions,
    relations,
    results,
    rewards,
    rules,
    selections,
    sharing,
    tokens,
    units,
    vetoes,
    watching,
    work_calendar,
    work_items,
)

PROBLEM = "application/problem+json"


class JiebangApi(Api):  # type: ignore[misc]  # flask-smorest 0.47 is untyped
    """flask-smorest with our errors: its own handler drops headers such as Allow (version 0.47)."""

    ERROR_SCHEMA = fields.Problem

    def handle_http_exception(self, error: HTTPException) -> Response:
        return errors.http_error(error)

    def _register_responses(self) -> None:
        usual = Api.DEFAULT_RESPONSE_CONTENT_TYPE
        self.DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM
        super()._register_responses()
        self.DEFAULT_RESPONSE_CONTENT_TYPE = usual


def set_up(app: Flask) -> None:
    api = JiebangApi(app, spec_kwargs={"info": {"description": DESCRIPTION}, "security": [{"bearer": []}]})
    api.ma_plugin.map_to_openapi_type(fields.JsonInt, "integer", None)
    api.ma_plugin.map_to_openapi_type(fields.DecimalText, "string", "decimal")
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for part in (
        tokens,
        me,
        people,
        accounts,
        units,
        notices,
        acts,
        work_items,
        agreements,
        drafts,
        phrases,
        sharing,
        files,
        delegations,
        work_calendar,
        operations,
        watching,
        migrations,
        processes,
        campaigns,
        problems,
        challenges,
        projects,
        results,
        acceptances,
        meetings,
        changes,
        appraisals,
        vetoes,
        rewards,
        payouts,
        approvals,
        bids,
        publicities,
        questions,
        selections,
        experts,
        relations,
        rules,
    ):
        api.register_blueprint(part.endpoints)
    app.extensions["api"] = api


DESCRIPTION: Any = (
    "除取得令牌外，每个请求都须带 Authorization: Bearer 令牌。"
    "每个写请求须带 Idempotency-Key 请求头：同一键重发得到同一答复，只生效一次；取得令牌、重置密码和批量同意除外。"
    "错误按 RFC 9457 以 application/problem+json 给出。"
)
