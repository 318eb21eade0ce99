"""The door of a rehearsal through a real browser: a person signs in, finds the task in their list, fills in its form.

What to type is worked out from the same answers that the API takes; where it is typed is looked up on the page alone.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from playwright.sync_api import Browser, FilePayload, Locator, Page, Response
from sqlalchemy import select

from tests import factories
from tools.gallery import camera
from webapp import forms
from webapp.form_fields import Picks
from webapp.forms import Control
from workflows import clock, tasks, work
from workflows.db import Database
from workflows.domain import accounts
from workflows.engine.tables import Process
from workflows.models import User
from workflows.rehearsal.direct_door import DirectDoor
from workflows.rehearsal.door import Gone, Item, Refused, Started, Values

OFTEN = 1  # so often each kind of task is done in the browser; a further one is the same page again
ENTRANCES = {  # where somebody finds the link that begins a process
    "intake": "/problems",
    "appraisal": "/appraisals",
    "campaign": "/campaigns",
    "veto": "/vetoes",
}
CONFLICT = 409
PHONE = camera.SCREENS["phone"]
SCREENS = (PHONE, {**PHONE, "color_scheme": "dark"})  # in turn: everybody works on a phone


class BrowserDoor(DirectDoor):
    """Acts at ``site``, which serves ``database``; every person has a browser of their own and the same password.

    Before a form is sent its page is looked at: what axe and the browser complain of is in ``said``.
    """

    def __init__(self, database: Database, browser: Browser, site: str) -> None:
        super().__init__(database)
        self._browser, self._site = browser, site
        self._pages: dict[int, Page] = {}
        self._steps: dict[int, str] = {}
        self._papers: dict[int, tuple[str, bytes]] = {}
        self.done: Counter[str] = Counter()  # what was done in the browser, by step
        self.said: list[str] = []  # what browsers complained of

    def open_items(self, *, by: int) -> list[Item]:
        items = super().open_items(by=by)
        self._steps |= {one.id: one.step for one in items}
        return items

    def upload(self, name: str, content: bytes, *, by: int) -> int:
        """Nobody uploads apart from a form: keep the file until its form is filled in."""
        number = -1 - len(self._papers)
        self._papers[number] = (name, content)
        return number

    def start(self, process: str, values: Values, *, by: int) -> Started:
        page = self._page(by)
        entrance = ENTRANCES.get(process, f"/challenges/{values.get('challenge_id')}")
        page.goto(self._site + entrance)
        self._follow(page, page.locator(f"main a[href^='/start/{process}']").first)
        self._fill(page, work.start_form(process), values, by)
        self._press(page, process)
        with self._database.read() as session:
            newest = session.scalars(select(Process).order_by(Process.id.desc()).limit(1)).one()
            return Started(newest.id, newest.subject_path)

    def complete(self, item_id: int, values: Values, *, by: int) -> None:
        step = self._steps[item_id]
        if self.done[step] >= OFTEN:
            super().complete(item_id, self._with_files(values, by), by=by)
            return
        page = self._page(by)
        self._open(page, item_id)
        with self._database.read() as session:
            schema = tasks.task(session, item_id, actor=session.get_one(User, by)).schema
        self._fill(page, schema, values, by)
        self._press(page, step)
        self.done[step] += 1

    def _open(self, page: Page, item_id: int) -> None:
        """Find the task in the list of one's tasks, open it, and take it when several may."""
        page.goto(f"{self._site}/work")
        link = page.locator(f"main a[href='/work/{item_id}']:visible")
        while not link.count():
            further = page.locator(".pager a[rel=next]")
            if not further.count():
                raise Gone(f"{self._steps[item_id]} ({item_id}) is not in the list of who is to do it")
            self._follow(page, further)
        self._follow(page, link.first)
        claim = page.locator(".action-bar form[action$='/claim'] button")
        if claim.count():
            self._follow(page, claim)

    def _fill(self, page: Page, schema: Any, values: Values, by: int) -> None:
        for control in forms.describe(schema, values=values, picks=self._picks):
            if control.name in values:
                self._type(page, control, values[control.name], by)

    @cached_property
    def _picks(self) -> Picks:
        """People and units as the pages write them; nobody comes or goes while a rehearsal is played."""
        with self._database.read() as session:
            people = {
                f"{one.name} · {one.unit.name} · {one.login}": one.id for one in accounts.people(session)
            }
            return Picks({"person": people, "unit": {one.name: one.id for one in accounts.units(session)}})

    def _type(self, page: Page, control: Control, value: Any, by: int) -> None:
        """Type what ``control`` shows into the inputs of the same names."""
        place = page.locator(f"main [name='{control.name}']:not(button)")
        if place.count() and place.first.get_attribute("type") == "hidden":
            return  # what the page has filled in
        match control.widget:
            case "rows":
                self._rows(page, control, value, by)
            case "file":
                given = [self._papers[one] for one in value]
                sent = [
                    FilePayload(name=name, mimeType="text/plain", buffer=content) for name, content in given
                ]
                page.locator(f"main input[type=file][name='{control.name}']").set_input_files(sent)
            case "checkbox":
                place.set_checked(control.value == "true")
            case "radio":
                page.locator(f"main [name='{control.name}'][value='{control.value}']").check()
            case "many":
                for box in place.all():
                    box.set_checked(box.get_attribute("value") in control.chosen)
            case "select":
                place.select_option(control.value)
            case "datetime":
                at = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
                place.fill(clock.local(at).strftime("%Y-%m-%dT%H:%M"))
            case _:
                place.fill(control.value)

    def _rows(self, page: Page, control: Control, value: Any, by: int) -> None:
        column = next(one.name for one in control.columns if one.widget != "hidden").rpartition(".")[2]
        drawn = page.locator(f"main [name^='{control.name}.'][name$='.{column}']")
        buttons = f"button[name=_rows][value='{{}}:{control.name}{{}}']"
        while control.may_grow and drawn.count() < len(value):
            self._follow(page, page.locator(buttons.format("add", "")))
        while control.may_grow and drawn.count() > max(len(value), 1):
            self._follow(page, page.locator(buttons.format("drop", f".{drawn.count() - 1}")))
        for row, given in zip(control.rows, value, strict=False):
            for cell in row:
                name = cell.name.rpartition(".")[2]
                if name in given:
                    self._type(page, cell, given[name], by)

    def _follow(self, page: Page, place: Locator) -> None:
        """Click on a link or button and wait for the page that it leads to."""
        with page.expect_navigation():
            place.click()

    def _press(self, page: Page, what: str) -> None:
        """Look at the page, and send the form; a page that stays where it was has refused it."""
        self.said += [f"{page.url} {what} {fault}" for fault in camera.faults(page)]
        with page.expect_response(_answers_a_form) as sent:
            page.locator(".action-bar [type=submit][form].btn-primary").click()
        status = sent.value.status
        if status >= 400:
            page.wait_for_url(sent.value.url)
            told = page.locator("main").inner_text()[:1000]
            raise (Gone if status == CONFLICT else Refused)(f"{what} in the browser: {status} {told}")

    def _with_files(self, values: Mapping[str, Any], by: int) -> dict[str, Any]:
        """``values`` with the files in them handed in, for what is not done in the browser."""

        def kept(value: Any) -> Any:
            if isinstance(value, Mapping):
                return {name: kept(one) for name, one in value.items()}
            if isinstance(value, list):
                return [kept(one) for one in value]
            if isinstance(value, int) and value in self._papers:
                name, content = self._papers[value]
                return super(BrowserDoor, self).upload(name, content, by=by)
            return value

        return {name: kept(one) for name, one in values.items()}

    def _page(self, by: int) -> Page:
        if by not in self._pages:
            with self._database.read() as session:
                login = session.get_one(User, by).login
            page = self._browser.new_context(locale="zh-CN", **SCREENS[by % len(SCREENS)]).new_page()
            page.set_default_timeout(10_000)
            page.on("console", lambda one: self._heard(one.type, f"{page.url} {one.text}"))
            page.on("pageerror", lambda error: self._heard("error", f"{page.url} {error}"))
            page.goto(f"{self._site}/sign-in")
            page.locator("input[name=login]").fill(login)
            page.locator("input[name=password]").fill(factories.PASSWORD)
            self._follow(page, page.locator("form[action$='/sign-in'] [type=submit]"))
            self._pages[by] = page
        return self._pages[by]

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.said.append(text)


def _answers_a_form(answer: Response) -> bool:
    """Whether ``answer`` is that of a form that was sent: scripts of a page move it about too."""
    return answer.request.method == "POST" and answer.request.is_navigation_request()
