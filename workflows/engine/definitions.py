"""Definitions by digest: a diagram with all that it calls and asks, parsed once per process of the server."""

import hashlib
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import orjson
import zstandard
from lxml import etree
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock, db, dmn
from workflows.engine import plain_form
from workflows.engine.parser import BPMN, NAMESPACES, Parser, table_name
from workflows.engine.specs import HumanTask, KeyedMessage, ProcessSpec
from workflows.engine.tables import DefinitionFile
from workflows.errors import NotFound

# Both describe every task of the instance for a log line before asking whether anybody listens.
for _name in ("spiff.task", "spiff.workflow"):
    logging.getLogger(_name).setLevel(logging.WARNING)

Files = dict[str, bytes]  # file name -> content


@dataclass(frozen=True)
class Definition:
    """One version of a process, shared by all its instances on this server; never changed."""

    digest: str
    process: str
    title: str
    files: Files
    spec: ProcessSpec
    parts: dict[str, ProcessSpec]
    tables: Mapping[str, dmn.Model]  # by id of the decision

    @cached_property
    def catches(self) -> dict[str, str]:
        """The messages that a running instance may wait for, and the variable that each is found by."""
        starts = set(self.spec.bpmn_start_events)
        events = (event for one in self._specs() for event in _messages_of(one) if event[0] not in starts)
        return {message.name: message.key for _, message in events}

    @cached_property
    def keys(self) -> frozenset[str]:
        """The variables by whose values messages find an instance."""
        return frozenset(self.catches.values())

    @cached_property
    def starts_on(self) -> list[KeyedMessage]:
        """The messages that start a new instance."""
        return [message for spec, message in _messages_of(self.spec) if spec in self.spec.bpmn_start_events]

    @cached_property
    def humans(self) -> dict[str, HumanTask]:
        """Every user task by the id of its node."""
        return {
            spec.bpmn_id: spec
            for one in self._specs()
            for spec in one.task_specs.values()
            if isinstance(spec, HumanTask)
        }

    @cached_property
    def labels(self) -> dict[str, str]:
        """The name of every box by the id of its node."""
        boxes = (box for one in self._specs() for box in one.task_specs.values())
        return {box.bpmn_id: box.bpmn_name or "" for box in boxes if getattr(box, "bpmn_id", None)}

    def _specs(self) -> Iterator[ProcessSpec]:
        yield self.spec
        yield from self.parts.values()


def _messages_of(spec: ProcessSpec) -> Iterator[tuple[Any, KeyedMessage]]:
    for task_spec in spec.task_specs.values():
        if isinstance(task_spec, CatchingEvent):
            event = task_spec.event_definition
            several = event.event_definitions if isinstance(event, MultipleEventDefinition) else [event]
            yield from ((task_spec, one) for one in several if isinstance(one, KeyedMessage))


def read_xml(content: bytes) -> etree._Element:
    """Parse XML that is not trusted: no DOCTYPE, no entities, no network; a diagram in its plain form.

    Raises XMLSyntaxError, ValueError.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    root = etree.fromstring(content, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("a DOCTYPE is not allowed")
    plain_form.rewrite(root)
    return root


def read_folder(folder: Path) -> Files:
    """All diagrams and tables below ``folder``, by file name; names are unique over the whole folder."""
    files: Files = {}
    for path in sorted([*folder.rglob("*.bpmn"), *folder.rglob("*.dmn")]):
        if path.name in files:
            raise ValueError(f"two files are called {path.name}")
        files[path.name] = path.read_bytes()
    return files


def bundles(files: Files) -> dict[str, Files]:
    """For each executable process the files that it needs: its diagram, those it calls, the tables they ask."""
    roots = {name: read_xml(content) for name, content in files.items() if name.endswith(".bpmn")}
    home = {process: name for name, root in roots.items() for process in _process_ids(root)}
    decisions = {
        decision: name
        for name, content in files.items()
        if name.endswith(".dmn")
        for decision in dmn.load(content, file=name).decisions
    }
    return {process: _closure(home[process], roots, home, decisions, files) for process in home}


def _process_ids(root: etree._Element) -> list[str]:
    return [
        node.get("id", "") for node in root.iter(f"{{{BPMN}}}process") if node.get("isExecutable") == "true"
    ]


def _closure(
    first: str, roots: Mapping[str, Any], home: Mapping[str, str], decisions: Mapping[str, str], files: Files
) -> Files:
    needed, waiting = set[str](), [first]
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        if name not in roots:
            continue
        called = roots[name].xpath("//bpmn:callActivity/@calledElement", namespaces=NAMESPACES)
        asked = [table_name(node) for node in roots[name].iter(f"{{{BPMN}}}businessRuleTask")]
        waiting += [home[one] for one in called if one in home]
        waiting += [decisions[one] for one in asked if one is not None and one in decisions]
    return {name: files[name] for name in sorted(needed)}


def digest_of(process: str, files: Files) -> str:
    """SHA-256 over the process and the names and contents of its files."""
    lengths = [[name, hashlib.sha256(content).hexdigest()] for name, content in sorted(files.items())]
    return hashlib.sha256(orjson.dumps([process, lengths])).hexdigest()


@lru_cache(maxsize=4)
def _digested(files: tuple[tuple[str, bytes], ...]) -> list[tuple[str, str, Files]]:
    """Process, digest and files of every bundle: the same files are taken apart once in a process."""
    return [(one, digest_of(one, bundle), bundle) for one, bundle in bundles(dict(files)).items()]


def build(process: str, files: Files) -> Definition:
    """Parse a bundle. The diagrams are taken to be right: engine.gate says so before they get here."""
    parser = Parser()
    tables: dict[str, dmn.Model] = {}
    for name, content in files.items():
        if name.endswith(".bpmn"):
            parser.add(read_xml(content), name)
        else:
            model = dmn.load(content, file=name)
            tables |= dict.fromkeys(model.decisions, model)
    spec, parts = parser.specs_of(process)
    return Definition(digest_of(process, files), process, spec.description, files, spec, parts, tables)


class Library:
    """The definitions that this server knows: the current one of each process, and older ones once asked for."""

    def __init__(self) -> None:
        self._by_digest: dict[str, Definition] = {}
        self._current: dict[str, Definition] = {}
        self._lock = threading.Lock()

    def install(self, files: Files) -> list[Definition]:
        """Make the processes in ``files`` the current ones; one that is known already is not parsed again."""
        built = [
            self._by_digest.get(digest) or build(process, bundle)
            for process, digest, bundle in _digested(tuple(files.items()))
        ]
        with self._lock:
            self._by_digest |= {one.digest: one for one in built}
            self._current |= {one.process: one for one in built}
        return built

    def put(self, one: Definition) -> None:
        """Make ``one`` the current version of its process."""
        with self._lock:
            self._by_digest[one.digest] = one
            self._current[one.process] = one

    def digests(self) -> dict[str, str]:
        """The current version of each process."""
        return {one.process: one.digest for one in list(self._current.values())}

    def files(self) -> Files:
        """The files of all current versions, by name; of two that differ, that of the process which it draws."""
        current = list(self._current.values())
        found = {name: content for one in current for name, content in one.files.items()}
        for one in current:
            for name, content in one.files.items():
                if name.endswith(".bpmn") and one.process in _process_ids(read_xml(content)):
                    found[name] = content
        return found

    def current(self, process: str) -> Definition:
        if process not in self._current:
            raise NotFound("没有这个流程。")
        return self._current[process]

    def starting_on(self, message: str) -> list[Definition]:
        """The current processes that ``message`` starts."""
        return [one for one in self._current.values() if any(m.name == message for m in one.starts_on)]

    def titles(self) -> dict[str, str]:
        return {one.process: one.title for one in self._current.values()}

    def get(self, session: Session, digest: str) -> Definition:
        """The definition that a process runs on, from the database when this server has not met it yet."""
        known = self._by_digest.get(digest)
        if known is None:
            row = session.execute(select(DefinitionFile).where(DefinitionFile.digest == digest)).scalar_one()
            texts = orjson.loads(zstandard.ZstdDecompressor().decompress(row.files))
            known = build(row.process, {name: text.encode() for name, text in texts.items()})
            with self._lock:
                self._by_digest[digest] = known
        return known

    def store(self, session: Session) -> int:
        """Write every current definition that the database does not have; how many there were.

        Another server that starts at the same time may write the same ones: whoever is second changes nothing.
        """
        have = set(session.scalars(select(DefinitionFile.digest)))
        return self.write(session, [one for one in self._current.values() if one.digest not in have])

    def write(self, session: Session, definitions: Iterable[Definition]) -> int:
        """Write these versions where the database lacks them; how many were given."""
        given = list(definitions)
        for one in given:
            texts = {name: content.decode() for name, content in one.files.items()}
            row = {
                "digest": one.digest,
                "process": one.process,
                "files": zstandard.ZstdCompressor().compress(orjson.dumps(texts)),
                "stored_at": clock.now(),
            }
            db.insert_if_missing(session, DefinitionFile, row)
        return len(given)


LIBRARY = Library()
