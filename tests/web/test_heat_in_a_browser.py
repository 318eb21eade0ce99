"""The heat map as a browser draws it: the boxes are coloured and say how much, readable in the dark and on a phone."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from tests import factories
from tools.gallery.sites import served
from workflows import clock, work
from workflows.engine.tables import WorkItem

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MAP = "/operations/definitions/bid"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, installed_sqlite: Path) -> Iterator[str]:
    """The address of a running site where six teams were asked for and five put together; root administers it."""
    folder = tmp_path_factory.mktemp("site")
    now = dt.datetime.now(dt.UTC)  # the site runs by the machine's clock
    with served(folder, installed_sqlite) as running:
        with running.database.transaction() as session:
            factories.user(session, login="root", roles=["admin"])
            leader = factories.user(session)
            with clock.held_at(now - dt.timedelta(days=60)):
                for _ in range(6):
                    work.start(
                        session, "bid", {"challenge_id": factories.challenge(session).id}, actor=leader
                    )
            *done, _ = session.query(WorkItem).filter_by(node="form_team").order_by(WorkItem.id)
            for item in done:
                item.status, item.done_at = "done", now - dt.timedelta(days=30)
        yield running.address


def signed_in(browser: Browser, site: str, **settings: object) -> Page:
    page = browser.new_context(locale="zh-CN", **settings).new_page()  # type: ignore[arg-type]
    page.goto(f"{site}/sign-in")
    page.locator(".demo-accounts button[value=root]").click()
    page.wait_for_url(f"{site}/")
    return page


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)])
def test_the_pages_are_accessible_and_the_boxes_tell_their_heat(
    browser: Browser, site: str, scheme: str, size: dict[str, int]
) -> None:
    page = signed_in(browser, site, viewport=size, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in ("/operations/steps", MAP):
        page.goto(site + path, wait_until="networkidle")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"], path
        violations = Axe().run(page).response["violations"]
        said += [f"{path} {one['id']} {node['html']}" for one in violations for node in one["nodes"]]
    assert said == []
    assert page.locator(".heat-text").all_inner_texts() == [
        page.locator("td[data-label='中位数']").inner_text()
    ]
    box = page.locator("[data-element-id=form_team] .djs-visual rect").first
    plain = page.locator("[data-element-id=write_bid] .djs-visual rect").first
    fills = [one.evaluate("one => getComputedStyle(one).fill") for one in (box, plain)]
    assert fills[0] != fills[1]
    page.context.close()


def test_columns_are_sorted_by_links_without_a_script(browser: Browser, site: str) -> None:
    page = signed_in(browser, site, viewport=DESKTOP, java_script_enabled=False)
    page.goto(f"{site}{MAP}?days=90")
    page.get_by_role("link", name="在办").click()
    page.wait_for_url(f"{site}{MAP}?days=90&sort=open")
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("在办")
    page.context.close()
