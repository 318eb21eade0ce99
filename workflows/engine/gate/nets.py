"""A process as a token game: places are the bits of a number, moves take tokens from some and put them on others.

A flow is a place, and so is what waits (a user task, a receive task, a caught event, an event-based gateway, a call) and
each running sub-process. A marking is the set of places that hold a token; a second token on a place is an error
that the game finds (lack of synchronisation). What is called is a box that ends, or throws what its process throws.

Automatic steps run within one transaction, so of the markings between them only those matter that a choice, a
terminate, an error or an inclusive join makes different.
"""

import enum
from dataclasses import dataclass, field

from lxml import etree

from workflows.engine.gate.diagrams import (
    Diagram,
    id_of,
    kind_of,
    nodes_in,
    tag,
)
from workflows.engine.gate.events import CODES, code_of

MOST_WAYS = 63  # ways through one inclusive gateway: six flows


class TooMany(Exception):
    """A gateway has more ways through it than can be proved."""

    def __init__(self, element: etree._Element) -> None:
        super().__init__(id_of(element))
        self.element = element


class Kind(enum.IntEnum):
    """When a move happens: what comes first here, happens before what comes later."""

    AUTO = 0  # by itself, the same whatever else happens
    CHOICE = 1  # by itself, one of several of the same group
    LATE = 2  # by itself, but what it does depends on what has happened before
    OUTSIDE = 3  # when a person, the clock, a message or a called process says so


@dataclass(frozen=True)
class Move:
    """May happen where all of ``need`` and none of ``zero`` hold a token; takes from ``clear``, puts on ``put``."""

    kind: Kind
    group: str  # of a choice: the node that chooses; otherwise the node that moves
    node: str  # what is told in a path, and counts as reached
    need: int
    clear: int
    put: int
    zero: int = 0
    is_told: bool = True  # in a path: not when a token only begins to wait
    way: tuple[
        str, ...
    ] = ()  # further nodes that count as reached; of a gateway those that its flows lead to


@dataclass
class Scope:
    """The places of a process or sub-process: ``mask`` holds all of them, those of inner scopes too, not its own."""

    running: int
    mask: int = 0
    done: int = 0  # end events reached


@dataclass
class Net:
    """``starts``: what sets a process off, each with its marking. ``places``: the name and node of each bit."""

    process: str
    moves: list[Move] = field(default_factory=list)
    starts: list[tuple[str, int]] = field(default_factory=list)
    places: list[tuple[str, str]] = field(default_factory=list)  # kind ("flow", "busy", "in", …) and id
    targets: dict[str, str] = field(default_factory=dict)  # of each flow: the node that it leads to
    nodes: dict[str, etree._Element] = field(default_factory=dict)
    standing: int = 0  # the places that can be seen from outside: who waits, which gateway has to choose

    def told(self, marking: int) -> list[str]:
        """The nodes at which the tokens of ``marking`` stand."""
        found = [place for bit, place in enumerate(self.places) if marking >> bit & 1]
        inner = [self.targets.get(id_, id_) for kind, id_ in found if kind in ("flow", "at", "busy")]
        return list(dict.fromkeys(inner or [id_ for kind, id_ in found if kind == "in"]))

    def seen(self, marking: int) -> frozenset[str]:
        """What can be seen of ``marking`` from outside."""
        marking &= self.standing
        return frozenset(id_ for bit, (_, id_) in enumerate(self.places) if marking >> bit & 1)


@dataclass(frozen=True)
class Contract:
    """How a process can end when it is called: in the ordinary way, or with one of these errors or escalations."""

    thrown: frozenset[tuple[str, str]]  # kind and code
    ends: bool


def contract_of(diagram: Diagram, process: etree._Element) -> Contract:
    """What leaves ``process`` when it is called."""
    thrown, ends = set(), False
    for node in nodes_in(process):
        kind = kind_of(node) if tag(node) in ("endEvent", "intermediateThrowEvent") else None
        if kind in CODES:
            thrown.add((kind, code_of(diagram, node, kind)))
        ends |= tag(node) == "endEvent" and kind != "error"
    return Contract(frozenset(thrown), ends)
