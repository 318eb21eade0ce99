"""schemathesis: the API answers what its description says, and never with a server error, whatever is sent."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests import factories
from webapp import create_app
from workflows import work
from workflows.domain import accounts

load_all_checks()
# A form's own schema judges "values", and a reused key is refused: neither can be said in OpenAPI.
UNSUITABLE = {"positive_data_acceptance"}
SUITABLE = [name for name in CHECKS.get_all_names() if name not in UNSUITABLE]
EVERY = list(HealthCheck)
EXAMPLES = 8 if os.environ.get("JIEBANG_WHOLE") else 5  # of each operation and mode

Api = tuple[OpenApiSchema, dict[str, str]]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Api]:
    """The API with a challenge, a bid and a task, and the headers of somebody with several roles."""
    folder = tmp_path_factory.mktemp("api")
    shutil.copyfile(migrated_sqlite, folder / "jiebang.db")
    app = create_app(DATA=folder, DATABASE_URL="", JOBS_EMBEDDED=False, RATE_SIGN_IN="100000 per minute")
    app.config["RATE_SIGN_IN_ADDRESS"] = "100000 per minute"
    database = app.extensions["database"]
    with database.transaction() as session:
        user = factories.user(session, roles=["office", "supervision", "party_secretary@", "hse@"])
        for _ in range(3):
            work.start(session, "bid", {"challenge_id": factories.challenge(session).id}, actor=user)
        factories.bid(session, on=factories.challenge(session), leader=factories.user(session))
        token = accounts.issue_token(session, user, name="test", days=1)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app), {"Authorization": f"Bearer {token}"}
    database.engine.dispose()


def _is_sent_whole(case: schemathesis.Case[Any]) -> bool:
    """An empty list leaves no trace in an address: a query that is wrong only by it arrives as a right one."""
    return all(value not in ([], {}, None) for value in (case.query or {}).values())


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_as_described(api: Api, mode: GenerationMode) -> None:
    schema, headers = api
    checks: list[Any] = list(CHECKS.get_by_names(SUITABLE))
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    for operation in operations:
        cases = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=EVERY
        )
        @given(case=cases)
        def check(case: schemathesis.Case[Any]) -> None:
            assume(_is_sent_whole(case))
            case.call_and_validate(headers=headers, checks=checks)

        try:
            check()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # it takes no input, so none of it can be wrong
    assert len(operations) == schema.statistic.operations.total >= 13
