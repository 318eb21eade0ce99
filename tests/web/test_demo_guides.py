"""In the demo, and only there, the home page says what one may try first, by role."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests import factories
from tests.web.browsing import Visitor
from workflows.db import Database


@pytest.mark.parametrize(
    ("roles", "first", "path"),
    [
        (["office"], "改一张规则表，存成草稿，再试算旧案", "/rules"),
        (["vice_head"], "看看挂图作战，哪些节点落后", "/wall"),
        ([], "揭一个正在揭榜的榜单", "/challenges"),
    ],
)
def test_the_home_page_of_the_demo_says_what_to_try(
    app: Flask, database: Database, visit: Callable[[], Visitor], roles: list[str], first: str, path: str
) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang", roles=roles)
    visitor = visit()
    visitor.sign_in("wang")
    assert "演示：可以先试试" not in visitor.get("/").text
    app.config["DEMO"] = True
    assert "办理一件待办" not in visitor.get("/").text  # where nothing waits
    assert f'<a href="{path}">{first}</a>' in visitor.get("/").text
