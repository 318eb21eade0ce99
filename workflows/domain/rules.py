"""规则: the decision tables and settings in force at an instant. Their versions are drafted in rule_versions.

The files in bpmn/ are version 1 of each; from then on the database decides. What was in force at an instant of the
past never changes, so a project that keeps the instant of its publication keeps its rules.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock, dmn
from workflows.errors import Conflict
from workflows.models import RuleState, RuleVersion

FOLDER = Path(__file__).parents[2] / "bpmn"
BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # from here on the first versions are in force
KNOWN = "rules in force"  # where a session keeps the adopted versions
SETTING, DEADLINE = "setting", "deadline"

# Built once: nearly every act asks it, for a due date.
_ADOPTED = select(
    RuleVersion.file, RuleVersion.version, RuleVersion.digest, RuleVersion.in_force_from, RuleVersion.id
).where(RuleVersion.state == RuleState.ADOPTED)

_models: dict[tuple[str, str], dmn.Model] = {}  # by file and digest: read once by a server
_texts: dict[tuple[str, str], list[dmn.TableText]] = {}  # the same


@dataclass(frozen=True)
class Edition:
    """One adopted version of a file, without its content."""

    file: str
    version: int
    digest: str
    since: dt.datetime
    id: int | None = None  # of its row; None while it is only shipped


@dataclass(frozen=True)
class Decided:
    """What a decision gave, by which version of which file, and how (``dmn.trace_to_json``)."""

    value: Any
    file: str
    version: int
    trace: list[dict[str, object]]


def model(session: Session, decision: str, *, at: dt.datetime | None = None) -> dmn.Model | None:
    """The file in force at ``at`` (now) that holds ``decision``, by id; None when there is none."""
    found = _find(session, decision, at)
    return found and found[1]


def decide(
    session: Session, decision: str, inputs: Mapping[str, object], *, at: dt.datetime | None = None
) -> Decided:
    """Make ``decision`` (an id) by the version in force at ``at`` (now). Numbers in and out are Decimal or int.

    Raises KeyError when no file in force holds it, dmn.DecisionError where its table does not decide.
    """
    found = _find(session, decision, at)
    if found is None:
        raise KeyError(f"no rule file in force holds the decision {decision!r}")
    edition, loaded = found
    outcome = loaded.evaluate(decision, inputs)
    return Decided(outcome.value, edition.file, edition.version, dmn.trace_to_json(outcome.trace))


def setting(session: Session, name: str, *, at: dt.datetime | None = None) -> Decimal:
    """The value of row ``name`` of the table ``setting`` in force at ``at`` (now), in the unit that the row tells.

    A fraction such as 2/3 has the 34 digits of FEEL: ask whether it is reached in a table, or divide with the
    same precision. Raises Conflict when the version in force has no such row.
    """
    try:
        row = decide(session, SETTING, {"name": name}, at=at).value
    except dmn.DecisionError as error:
        raise Conflict(f"现行规则版本没有参数 {name}，请先审定含有它的新版本。") from error
    value: Decimal = row["value"]
    return value


def days(session: Session, name: str, *, at: dt.datetime | None = None) -> int:
    """A setting that counts whole days, months or people. Raises Conflict when it is none or not whole."""
    value = setting(session, name, at=at)
    if value != value.to_integral_value():
        raise Conflict(f"参数 {name} 应为整数，请审定新版本改正。")
    return int(value)


def workdays(session: Session, step: str, *, at: dt.datetime | None = None) -> int | None:
    """The working days that table ``deadline`` gives people for ``step``; None where it sets no deadline."""
    found: Decimal | None = decide(session, DEADLINE, {"step": step}, at=at).value
    return None if found is None else int(found)


def editions(session: Session) -> list[Edition]:
    """Every adopted version, in the order of coming in force; read once in a session.

    A shipped file that has not been stored yet counts as its version 1, as which it will be stored.
    """
    if KNOWN not in session.info:
        adopted = session.execute(_ADOPTED)
        known = [
            Edition(file, version, digest, since, id_)
            for file, version, digest, since, id_ in adopted
            if since
        ]
        stored = {one.file for one in known}
        known += [
            Edition(file, 1, digest_of(content), BEGINNING)
            for file, content in shipped().items()
            if file not in stored
        ]
        session.info[KNOWN] = sorted(known, key=lambda one: (one.since, one.version))
    found: list[Edition] = session.info[KNOWN]
    return found


def forget(session: Session) -> None:
    """Let ``session`` read the adopted versions again."""
    session.info.pop(KNOWN, None)


def in_force(session: Session, *, at: dt.datetime | None = None) -> dict[str, Edition]:
    """The edition of each file at ``at`` (now), by file."""
    instant = at or clock.now()
    return {one.file: one for one in editions(session) if one.since <= instant}


def notes(session: Session, decision: str, *, at: dt.datetime | None = None) -> list[str]:
    """What each row of the table ``decision`` in force at ``at`` (now) notes about itself, in their order."""
    found = _find(session, decision, at)
    if found is None:
        raise KeyError(f"no rule file in force holds the decision {decision!r}")
    edition, _ = found
    return [note for table in texts(session, edition) if table.decision == decision for note in table.notes]


def edition(session: Session, file: str, version: int) -> Edition | None:
    """The adopted ``version`` of ``file``, if there is one."""
    return next((one for one in editions(session) if (one.file, one.version) == (file, version)), None)


def texts(session: Session, edition: Edition) -> list[dmn.TableText]:
    """What the tables of ``edition`` say."""
    key = (edition.file, edition.digest)
    if key not in _texts:
        _texts[key] = dmn.tables(content(session, edition), file=edition.file)
    return _texts[key]


def content(session: Session, edition: Edition) -> bytes:
    """The file of ``edition``: as it is shipped, if that is it by its digest, else as it was stored."""
    own = shipped().get(edition.file)
    if own is not None and digest_of(own) == edition.digest:
        return own
    chosen = (RuleVersion.file == edition.file, RuleVersion.digest == edition.digest)
    return session.scalars(select(RuleVersion.content).where(*chosen)).one().encode()


def loaded(session: Session, edition: Edition) -> dmn.Model:
    """The tables of ``edition``."""
    key = (edition.file, edition.digest)
    if key not in _models:
        _models[key] = dmn.load(content(session, edition), file=edition.file)
    return _models[key]


@lru_cache(maxsize=1)
def shipped() -> dict[str, bytes]:
    """The files of tables that come with this release, by name."""
    return {path.name: path.read_bytes() for path in sorted(FOLDER.rglob("*.dmn"))}


def digest_of(content: bytes) -> str:
    return sha256(content).hexdigest()


def _find(session: Session, decision: str, at: dt.datetime | None) -> tuple[Edition, dmn.Model] | None:
    """The edition that holds ``decision`` at ``at``: of each file the newest of that instant is looked at."""
    instant = at or clock.now()
    seen: set[str] = set()
    for edition in reversed(editions(session)):
        if edition.since <= instant and edition.file not in seen:
            seen.add(edition.file)
            known = loaded(session, edition)
            if decision in known.decisions:
                return edition, known
    return None
