"""规则版本: stored from the files, drafted, tried, and put in force from a day on by an authorised person."""

import datetime as dt
import difflib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from workflows import clock, db, dmn
from workflows.domain import permissions, rule_tables, rules
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import RuleState, RuleVersion, User

Row = tuple[str, int]  # file and version


def store(session: Session, files: Mapping[str, bytes]) -> list[Row]:
    """Keep every table of ``files`` (name -> content) that the database lacks; the drafts that came of it.

    A file without any version becomes version 1, in force from the beginning; one that differs from all its
    versions becomes a draft. Two servers that start at once store it once.
    """
    rules.forget(session)
    known = {tuple(row) for row in session.execute(select(RuleVersion.file, RuleVersion.digest))}
    drafts = []
    for file, content in files.items():
        if file.endswith(".dmn") and (file, rules.digest_of(content)) not in known:
            number = _keep(session, file, content.decode(), is_first_adopted=True)
            if number is not None and number > 1:
                drafts.append((file, number))
    return drafts


def versions(session: Session) -> list[RuleVersion]:
    """Every version with the people behind it, by file, the newest first."""
    query = select(RuleVersion).order_by(RuleVersion.file, RuleVersion.version.desc())
    people = (joinedload(RuleVersion.created_by), joinedload(RuleVersion.adopted_by))
    return list(session.scalars(query.options(*people)))


def get(session: Session, version_id: int) -> RuleVersion:
    """One version with its content. Raises NotFound."""
    query = select(RuleVersion).where(RuleVersion.id == version_id).options(undefer(RuleVersion.content))
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("没有这个规则版本。")
    return found


def at(session: Session, file: str, instant: dt.datetime) -> RuleVersion:
    """The version of ``file`` in force at ``instant``, with its content. Raises NotFound."""
    edition = rules.in_force(session, at=instant).get(file)
    if edition is None or edition.id is None:
        raise NotFound("没有这个规则文件。")
    return get(session, edition.id)


def tables(version: RuleVersion) -> list[dmn.TableText]:
    """What the tables of ``version`` say, for people to read."""
    return dmn.tables(version.content.encode(), file=version.file)


def is_in_force(session: Session, version: RuleVersion) -> bool:
    """Whether ``version`` decides now."""
    current = rules.in_force(session).get(version.file)
    return current is not None and current.version == version.version


def compare(session: Session, before: RuleVersion, after: RuleVersion) -> list[str]:
    """The lines in which ``after`` differs from ``before``, as a unified diff; none where they are equal."""
    old, new = (get(session, one.id).content.splitlines() for one in (before, after))
    names = (f"{before.file} {before.version}", f"{after.file} {after.version}")
    return list(difflib.unified_diff(old, new, *names, n=1, lineterm=""))


def current(session: Session, file: str) -> RuleVersion:
    """The version of ``file`` that is in force now. Raises NotFound for a file that was never stored."""
    edition = rules.in_force(session).get(file)
    number = edition.version if edition else None
    query = select(RuleVersion).where(RuleVersion.file == file, RuleVersion.version == number)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("没有这个规则文件。")
    return found


def draft(session: Session, file: str, content: str, *, note: str, actor: User) -> RuleVersion:
    """拟定: keep ``content`` as the next version of ``file``; it decides nothing until it is adopted.

    Raises Forbidden unless ``actor`` is of the office or the assessment office, NotFound for an unknown file,
    Invalid when the content cannot be read, asks or answers otherwise than the version in force, has rows that
    overlap or leaves cases out that the version in force answers, or is known.
    """
    expect_drafter(session, actor)
    current(session, file)
    _check(session, file, content)
    number = _keep(session, file, content, note=note, created_by_id=actor.id)
    if number is None:
        raise Invalid({"content": ["内容与已有的一个版本相同。"]})
    made = select(RuleVersion).where(RuleVersion.file == file, RuleVersion.version == number)
    return session.scalars(made.options(undefer(RuleVersion.content))).one()


def expect_drafter(session: Session, actor: User) -> None:
    """Raises Forbidden unless ``actor`` is of the office or the assessment office."""
    if not permissions.may_draft_rules(session, actor):
        raise Forbidden("只有揭榜挂帅办公室和考核办可以拟定规则。")


def is_own_draft(version: RuleVersion, actor: User) -> bool:
    """Whether ``actor`` may still change or drop ``version``."""
    return version.state == RuleState.DRAFT and version.created_by_id == actor.id


def revise(session: Session, version: RuleVersion, content: str, *, note: str, actor: User) -> None:
    """修改草稿: put ``content`` in the place of what the draft said. Raises Forbidden for a draft of somebody else,
    Conflict for a version that is adopted, Invalid as ``draft`` does.
    """
    expect_drafter(session, actor)
    session.refresh(version, with_for_update={"of": RuleVersion})
    _expect_own(version, actor)
    _check(session, version.file, content)
    digest = rules.digest_of(content.encode())
    same = (RuleVersion.file == version.file, RuleVersion.digest == digest, RuleVersion.id != version.id)
    if session.scalar(select(RuleVersion.id).where(*same)) is not None:
        raise Invalid({"content": ["内容与已有的一个版本相同。"]})
    version.content, version.digest, version.note = content, digest, note
    session.flush()


def discard(session: Session, version: RuleVersion, *, actor: User) -> None:
    """撤销草稿: a draft that its author gives up goes. Raises Forbidden and Conflict as ``revise`` does."""
    session.refresh(version, with_for_update={"of": RuleVersion})
    _expect_own(version, actor)
    session.delete(version)
    session.flush()


def _expect_own(version: RuleVersion, actor: User) -> None:
    if version.state != RuleState.DRAFT:
        raise Conflict("这个版本已经审定，不能再改；需要改动时请拟定新版本。")
    if version.created_by_id != actor.id:
        raise Forbidden("只有拟定人可以修改或撤销自己的草稿。")


def adopt(session: Session, version: RuleVersion, *, from_day: dt.date, actor: User) -> None:
    """审定: put ``version`` in force from the start of ``from_day`` at the plant, or from now on that is today.

    Raises Forbidden unless ``actor`` may adopt and has not drafted it, Conflict when it is adopted already,
    Invalid for a day that has passed or a draft that no longer fits the version in force.
    """
    if not permissions.may_adopt_rules(session, actor):
        raise Forbidden("只有厂级党组织书记、行政主要负责人和考核办可以审定规则。")
    if version.created_by_id == actor.id:
        raise Forbidden("拟定人不能审定自己拟定的规则，请由他人审定。")
    session.refresh(version, with_for_update={"of": RuleVersion})
    if version.state != RuleState.DRAFT:
        raise Conflict("这个版本已经审定，不能再次审定；需要改动时请拟定新版本。")
    if from_day < clock.today():
        raise Invalid({"from_day": ["生效日不能早于今天。"]})
    if (
        version.created_by_id is not None
    ):  # what a release ships may ask for more, with the code that knows it
        _check(session, version.file, get(session, version.id).content)
    version.state = RuleState.ADOPTED
    version.in_force_from = max(clock.now(), clock.start_of(from_day))
    version.adopted_by_id, version.adopted_at = actor.id, clock.now()
    session.flush()
    rules.forget(session)


def trial(
    session: Session, version: RuleVersion, decision: str, inputs: Mapping[str, Any]
) -> tuple[object, list[dict[str, object]]]:
    """试算: what ``version`` decides on ``inputs`` as JSON has them, with its trace; nothing is kept.

    Raises Invalid for an unknown decision and where the table does not decide.
    """
    model = dmn.load(get(session, version.id).content.encode(), file=version.file)
    if decision not in model.decisions:
        raise Invalid({"decision": [f"这个文件的决策有：{'、'.join(model.decisions)}。"]})
    try:
        outcome = model.evaluate(decision, _exact(inputs))
    except dmn.DecisionError as error:
        raise Invalid({"inputs": [f"不能得出结果：{error}"]}) from error
    trace = dmn.trace_to_json(outcome.trace)
    return trace[-1]["output"], trace


def _keep(
    session: Session,
    file: str,
    content: str,
    *,
    note: str = "",
    created_by_id: int | None = None,
    is_first_adopted: bool = False,
) -> int | None:
    """Write the next version of ``file``; its number, or None when a version has this content already."""
    digest = rules.digest_of(content.encode())
    while True:
        known = dict(
            session.execute(
                select(RuleVersion.digest, RuleVersion.version).where(RuleVersion.file == file)
            ).all()
        )
        if digest in known:
            return None
        number = max(known.values(), default=0) + 1
        is_adopted = is_first_adopted and number == 1
        row = {
            "file": file,
            "version": number,
            "content": content,
            "digest": digest,
            "state": RuleState.ADOPTED if is_adopted else RuleState.DRAFT,
            "note": note,
            "created_at": clock.now(),
            "created_by_id": created_by_id,
            "in_force_from": rules.BEGINNING if is_adopted else None,
        }
        if db.insert_if_missing(session, RuleVersion, row):
            return number
        # Another server has just written a version of this file: look again.


def _check(session: Session, file: str, content: str) -> None:
    """Raises Invalid unless ``content`` can be read and asks and answers as the version of ``file`` in force."""
    try:
        fresh = dmn.load(content.encode(), file=file)
    except dmn.DmnError as error:
        lines = [f"第 {one.line} 行 {one.element}：{one.reason}" for one in error.problems]
        raise Invalid({"content": lines}) from error
    now = rules.in_force(session)
    faults = _missing(rules.loaded(session, now[file]), fresh)
    for other in now.values():
        if other.file != file:
            twice = fresh.decisions.keys() & rules.loaded(session, other).decisions.keys()
            faults += [f"决策 {one} 已在 {other.file} 中。" for one in sorted(twice)]
    if faults := faults or rule_tables.coverage(session, file, fresh):
        raise Invalid({"content": faults})


def _missing(old: dmn.Model, new: dmn.Model) -> list[str]:
    """What processes ask of ``old`` and ``new`` would not answer, or would ask for and not be given."""
    faults = []
    for id_ in old.decisions:
        if id_ not in new.decisions:
            faults.append(f"缺少决策 {id_}。")
            continue
        asked, given = set(new.inputs(id_)), set(old.inputs(id_))
        faults += [f"决策 {id_} 缺少输入 {one}。" for one in sorted(given - asked)]
        faults += [f"决策 {id_} 多出输入 {one}，流程不会提供。" for one in sorted(asked - given)]
        lost = sorted(set(_outputs(old, id_)) - set(_outputs(new, id_)))
        faults += [f"决策 {id_} 缺少输出 {one}。" for one in lost]
        if id_ == rules.SETTING:
            faults += [f"缺少参数 {one}。" for one in sorted(_names(old) - _names(new))]
    return faults


def _outputs(model: dmn.Model, decision: str) -> Sequence[str]:
    logic = model.decisions[decision].logic
    return [column.name for column in logic.outputs] if isinstance(logic, dmn.Table) else []


def _names(settings: dmn.Model) -> set[str]:
    """The names of all settings, as their rows test for them."""
    logic = settings.decisions[rules.SETTING].logic
    tests = (row.tests[0] for row in logic.rules) if isinstance(logic, dmn.Table) else ()
    return {test.text.strip('"') for test in tests if test is not None}


def _exact(value: Any) -> Any:
    """JSON's floats as the decimals that were written."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {key: _exact(inner) for key, inner in value.items()}
    return [_exact(inner) for inner in value] if isinstance(value, list) else value
