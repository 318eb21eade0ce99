"""Takes the pictures, and notices what nobody should see: messages of the browser, sideways scrolling, axe's findings."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page

from tools.gallery.plan import Shot

CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
CHROMIUM += ["--disable-background-networking", "--disable-component-update"]  # how a browser is started
SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "manual": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
}
GALLERY = ("desktop", "phone", "dark")
CALM: Literal["networkidle"] = "networkidle"
REFUSED = 422
NOT_THERE = 404
SEND = ".action-bar [type=submit][form].btn-primary"


@dataclass(frozen=True)
class Picture:
    shot: Shot
    screen: str
    file: str  # beside the index
    noticed: list[str] = field(default_factory=list)


def faults(page: Page) -> list[str]:
    """What is wrong with ``page`` as it stands: that it scrolls sideways, and what axe finds; one line each."""
    wide, room = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    violations = Axe().run(page).response["violations"]
    found = [f"axe {one['id']}: {node['html'][:200]}" for one in violations for node in one["nodes"]]
    return found if wide <= room else [f"scrolls sideways: {wide} px wide", *found]


class Camera:
    """Signs people in at ``address`` by their ``password`` and pictures pages into ``folder``."""

    def __init__(self, browser: Browser, address: str, password: str, folder: Path) -> None:
        self._browser, self._address, self._password, self._folder = browser, address, password, folder
        self._contexts: dict[tuple[str, str], BrowserContext] = {}
        self.left_out: list[Shot] = []

    def take(self, shots: Iterable[Shot], screens: Iterable[str] = GALLERY) -> Iterator[Picture]:
        """Each of ``shots`` on each of ``screens``; what does not exist for its person is ``left_out``."""
        for shot in shots:
            for screen in screens:
                picture = self._picture(shot, screen)
                if picture is None:
                    self.left_out.append(shot)
                    break
                yield picture

    def seen(self, login: str, path: str, screen: str) -> bytes:
        """What ``screen`` shows ``login`` of ``path`` without scrolling, as a PNG.

        Raises RuntimeError when the page answers with an error.
        """
        page = self._context(login, screen).new_page()
        try:
            answer = page.goto(self._address + path, wait_until=CALM)
            if answer is None or not answer.ok:
                raise RuntimeError(f"{login} does not get to see {path}")
            page.evaluate("() => document.activeElement?.blur()")  # no cursor, no ring in the picture
            return page.screenshot(animations="disabled")
        finally:
            page.close()

    def close(self) -> None:
        for context in self._contexts.values():
            context.close()

    def _picture(self, shot: Shot, screen: str) -> Picture | None:
        page = self._context(shot.login, screen).new_page()
        noticed: list[str] = []
        page.on("console", lambda one: noticed.append(one.text) if one.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: noticed.append(str(error)))
        try:
            answer = page.goto(self._address + shot.path, wait_until=CALM)
            status = 0 if answer is None else answer.status
            if (status == NOT_THERE and shot.state != "error") or (shot.sends and not self._sent(page)):
                return None
            noticed = [one for one in noticed if str(REFUSED) not in one and str(NOT_THERE) not in one]
            noticed += ([] if status < 500 else [f"status {status}"]) + faults(page)
            file = f"{shot.state}-{shot.name}-{screen}.jpg"
            page.screenshot(path=self._folder / file, full_page=True, type="jpeg", quality=70)
            return Picture(shot, screen, file, noticed)
        finally:
            page.close()

    def _sent(self, page: Page) -> bool:
        """Press the button of the form; whether the page refuses it. Nothing that a page takes is sent."""
        if not page.locator(SEND).count() or not page.locator("main form [required], main .required").count():
            return False
        with page.expect_navigation(wait_until=CALM) as sent:
            page.locator(SEND).click()
        return sent.value is not None and sent.value.status == REFUSED

    def _context(self, login: str, screen: str) -> BrowserContext:
        if (login, screen) not in self._contexts:
            context = self._browser.new_context(locale="zh-CN", base_url=self._address, **SCREENS[screen])
            if login:
                self._sign_in(context, login)
            self._contexts[login, screen] = context
        return self._contexts[login, screen]

    def _sign_in(self, context: BrowserContext, login: str) -> None:
        page = context.new_page()
        page.goto(f"{self._address}/sign-in")
        page.locator("input[name=login]").fill(login)
        page.locator("input[name=password]").fill(self._password)
        page.locator("form:has(input[name=password]) [type=submit]").first.click()
        if urlsplit(page.url).path == "/sign-in":
            raise RuntimeError(f"{login} cannot sign in")
        page.close()
