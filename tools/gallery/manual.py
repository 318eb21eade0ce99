"""The pictures that docs/manual shows: which page as whom, found in the demo, so that they can be taken anew."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from tools.gallery import plan
from tools.gallery.camera import Camera
from workflows.engine.tables import OPEN, WorkItem
from workflows.models import (
    Bid,
    BidState,
    CampaignYear,
    Challenge,
    ChallengeState,
    Project,
    Publicity,
    RewardCase,
    RewardState,
    RuleVersion,
    User,
)

FOLDER = Path("docs/manual/images")
COLOURS = 256


@dataclass(frozen=True)
class Page:
    """A page as ``login`` sees it."""

    login: str
    path: str


Find = Callable[[Session], Page]


@dataclass(frozen=True)
class View:
    """One picture: its ``file`` in FOLDER, where the page is found, and on which of camera.SCREENS."""

    file: str
    find: Find
    screen: str = "manual"


def fixed(login: str, path: str) -> Find:
    return lambda _session: Page(login, path)


def task(step: str, path: str = "/work/{id}") -> Find:
    """The open task of ``step`` that came last, or the page ``path``, as somebody who is asked sees it."""

    def find(session: Session) -> Page:
        query = select(WorkItem).where(WorkItem.step == step, WorkItem.status == OPEN)
        for item in session.scalars(query.order_by(WorkItem.id.desc())):
            login = plan.asked(session, item)
            if login is not None:
                return Page(login, path.format(id=item.id))
        raise LookupError(f"the demo has no open task {step} that somebody is asked to do")

    return find


def newest(model: Any, path: str, *where: Any, login: str) -> Find:
    """The newest ``model`` for which ``where`` holds, at ``path`` with its id in it."""

    def find(session: Session) -> Page:
        found = session.scalar(select(model.id).where(*where).order_by(model.id.desc()).limit(1))
        if found is None:
            raise LookupError(f"the demo has no {model.__name__} to show at {path}")
        return Page(login, path.format(id=found))

    return find


def of_its_leader(model: Any, path: str, *where: Any) -> Find:
    """As ``newest``, as the leader of the project or bid sees it."""

    def find(session: Session) -> Page:
        query = select(model.id, User.login).join(User, model.leader_id == User.id)
        found = session.execute(query.where(*where).order_by(model.id.desc()).limit(1)).first()
        if found is None:
            raise LookupError(f"the demo has no {model.__name__} to show at {path}")
        return Page(found.login, path.format(id=found.id))

    return find


def rules(file: str, path: str) -> Find:
    return newest(RuleVersion, path, RuleVersion.file == file, login="office")


RED = Project.rag == "red"
VIEWS = (
    View("cockpit.png", fixed("director", "/")),
    View("wall.png", fixed("director", "/wall")),
    View(
        "challenge.png",
        newest(Challenge, "/challenges/{id}", Challenge.state == ChallengeState.PUBLISHED, login="leader"),
    ),
    View("bid-write.png", task("bid.write")),
    View("bid-sealed.png", of_its_leader(Bid, "/bids/{id}", Bid.state == BidState.SEALED)),
    View("pledge-sign.png", task("pledge.sign")),
    View("project.png", of_its_leader(Project, "/projects/{id}", RED)),
    View("report-phone.png", of_its_leader(Project, "/act/report?project_id={id}", RED), "phone"),
    View(
        "reward.png",
        newest(RewardCase, "/rewards/{id}", RewardCase.state == RewardState.APPROVING, login="director"),
    ),
    View("triage.png", task("intake.triage")),
    View(
        "selection.png",
        newest(
            Challenge,
            "/challenges/{id}/selection",
            Challenge.state == ChallengeState.REVIEWING,
            login="office",
        ),
    ),
    View(
        "publicity.png", newest(Publicity, "/publicities/{id}", Publicity.closed_at.is_(None), login="office")
    ),
    View("year.png", newest(CampaignYear, "/campaigns/{id}", login="office")),
    View("tasks.png", fixed("hse", "/work")),
    View("approval.png", task("approval.sign")),
    View("scoring.png", task("selection.score", "/scoring")),
    View("score-sheet.png", task("selection.score")),
    View("rule.png", rules("acceptance_verdict.dmn", "/rules/{id}")),
    View("rule-edit.png", rules("acceptance_verdict.dmn", "/rules/{id}/edit?table=acceptance_verdict")),
    View("people-import.png", fixed("admin", "/people/import")),
)


def take(camera: Camera, session: Session, folder: Path, *, only: str = "") -> int:
    """Write the pictures into ``folder``, the ``only`` ones whose name has that in it; all bytes written.

    Raises LookupError when the demo has not what a picture shows, RuntimeError when its page cannot be seen.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = 0
    for view in VIEWS:
        if only in view.file:
            page = view.find(session)
            content = small(camera.seen(page.login, page.path, view.screen))
            (folder / view.file).write_bytes(content)
            size += len(content)
            print(f"  {view.file} {len(content) // 1024} KB", flush=True)
    return size


def small(png: bytes) -> bytes:
    """The same picture in at most COLOURS colours."""
    kept = BytesIO()
    reduced = Image.open(BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    reduced.save(kept, "PNG", optimize=True)
    return kept.getvalue()
