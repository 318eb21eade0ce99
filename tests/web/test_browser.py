"""What only a real browser can tell: accessibility, the content policy, small screens, and life without JavaScript."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from tests import factories
from tools.gallery.sites import served
from workflows import work

PAGES = [
    "/",
    "/work",
    "/work?box=drafts",
    "/work/1",
    "/phrases",
    "/design",
    "/challenges",
    "/challenges/1",
    "/bids/1",
    "/notices",
    "/account",
    "/act/post_challenge",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[str]:
    """The address of a running site with a bid begun by wang."""
    folder = tmp_path_factory.mktemp("site")
    with served(folder, migrated_sqlite) as running:
        with running.database.transaction() as session:
            wang = factories.user(session, login="wang", name="王建国", roles=["office"])
            factories.notice(session, to=wang)
            challenge = factories.challenge(
                session, title="降低冬季井口冻堵次数，保障高峰期日供气量" * 3, hard=True
            )
            work.start(session, "bid", {"challenge_id": challenge.id}, actor=wang)
        yield running.address


def signed_in(browser: Browser, site: str, **settings: object) -> Page:
    page = browser.new_context(locale="zh-CN", **settings).new_page()  # type: ignore[arg-type]
    page.goto(f"{site}/sign-in")
    page.locator(".demo-accounts button[value=wang]").click()
    page.get_by_role("heading", name="王建国").wait_for()
    return page


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)])
def test_pages_are_accessible_fit_the_screen_and_break_no_rule(
    browser: Browser, site: str, scheme: str, size: dict[str, int]
) -> None:
    page = signed_in(browser, site, color_scheme=scheme, viewport=size)
    said: list[str] = []
    page.on(
        "console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES:
        page.goto(site + path)
        assert page.evaluate("() => document.documentElement.dataset.bsTheme") == scheme
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size["width"], path
        violations = Axe().run(page).response["violations"]
        said += [f"{path} {one['id']} {node['html']}" for one in violations for node in one["nodes"]]
    assert said == []
    page.context.close()


def test_a_wrong_form_puts_the_cursor_on_the_first_mistake(browser: Browser, site: str) -> None:
    page = signed_in(browser, site, viewport=DESKTOP)
    page.goto(f"{site}/work/1")
    page.locator("[name='members.0.workload_pct']").fill("130")
    page.locator(".action-bar .btn-primary").click()
    page.get_by_role("alert").wait_for()
    focused = page.evaluate("() => document.activeElement.name")
    assert focused == "members.0.workload_pct"
    page.context.close()


def test_what_is_typed_is_saved_by_itself_and_kept_while_the_network_is_away(
    browser: Browser, site: str
) -> None:
    page = signed_in(browser, site, viewport=DESKTOP)
    page.goto(f"{site}/work/1", wait_until="networkidle")
    opinion = page.locator("#f-opinion")
    opinion.fill("先写到这里")
    page.get_by_text("已保存").wait_for(timeout=20_000)
    assert page.evaluate("() => sessionStorage.length") == 0
    page.context.set_offline(True)
    opinion.fill("断网时写的")
    page.get_by_text("尚未保存").wait_for(timeout=20_000)
    page.context.set_offline(False)
    page.goto(f"{site}/work/1")
    page.get_by_text("保存的草稿").wait_for()
    page.wait_for_function("() => sessionStorage.length === 0")
    page.goto(f"{site}/work/1")
    assert opinion.input_value() == "断网时写的"
    page.get_by_role("button", name="丢弃草稿").click()
    page.get_by_text("草稿已丢弃").wait_for()
    page.context.close()


def test_keys_move_but_never_while_somebody_types(browser: Browser, site: str) -> None:
    page = signed_in(browser, site, viewport=DESKTOP)
    page.wait_for_load_state("networkidle")  # keys are heard once their script has come
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url(f"{site}/work", wait_until="networkidle")
    page.keyboard.press("j")
    assert page.evaluate("() => document.activeElement.getAttribute('href')") == "/work/1"
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="键盘快捷键")
    help_.wait_for()
    page.keyboard.press("Escape")
    page.goto(f"{site}/work/1", wait_until="networkidle")
    opinion = page.locator("#f-opinion")
    opinion.click()
    page.keyboard.type("gi?j/x")
    assert (opinion.input_value(), page.url, help_.count()) == ("gi?j/x", f"{site}/work/1", 0)
    opinion.fill("")
    page.get_by_role("button", name="情况属实，同意。").click()
    assert opinion.input_value() == "情况属实，同意。"
    page.context.close()


def test_the_action_bar_does_not_hide_what_has_the_focus(browser: Browser, site: str) -> None:
    page = signed_in(browser, site, viewport=PHONE, reduced_motion="reduce")  # nothing scrolls smoothly
    page.goto(f"{site}/work/1")
    for _ in range(25):
        page.keyboard.press("Tab")
        hidden = page.evaluate(
            """() => {
              const one = document.activeElement, bar = document.querySelector(".action-bar");
              if (!one.closest("#task")) return false;
              return one.getBoundingClientRect().bottom > bar.getBoundingClientRect().top + 1;
            }"""
        )
        assert not hidden, page.evaluate("() => document.activeElement.outerHTML")
    page.context.close()


def test_a_team_is_formed_without_javascript(browser: Browser, site: str) -> None:
    page = signed_in(browser, site, viewport=PHONE, java_script_enabled=False)
    page.goto(f"{site}/work/1")
    page.locator("[name='members.0.workload_pct']").fill("55")
    page.get_by_role("button", name="添加一行").click()
    assert page.locator("[name='members.0.workload_pct']").input_value() == "55"
    page.get_by_role("button", name="删除 第 2 行").click()
    page.locator("[name='members.1.user_id']").wait_for(state="detached")
    page.locator(".action-bar .btn-primary").click()
    page.get_by_role("heading", name="编制揭榜书").wait_for()
    page.context.close()
