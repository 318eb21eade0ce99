"""From a diagram to its token game."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

from lxml import etree

from workflows.engine.gate.diagrams import (
    Diagram,
    children,
    id_of,
    is_event_subprocess,
    kind_of,
    tag,
)
from workflows.engine.gate.elements import LOOP, MULTIPLE
from workflows.engine.gate.events import CODES, code_of
from workflows.engine.gate.nets import Contract, Kind, Move, Net, Scope, TooMany
from workflows.engine.gate.wiring import Wiring

MOST_WAYS = 63  # ways through one inclusive gateway: six flows


def compile_net(diagram: Diagram, process: etree._Element, contracts: Mapping[str, Contract]) -> Net:
    """The token game of ``process``, which has passed the rules on elements, flows, events and calls.

    ``contracts``: of each process that it calls. Raises TooMany.
    """
    return _Compiler(diagram, contracts, Net(id_of(process))).whole(process)


class _Compiler:
    def __init__(self, diagram: Diagram, contracts: Mapping[str, Contract], net: Net) -> None:
        self.diagram, self.contracts, self.net = diagram, contracts, net
        self.bits: dict[tuple[str, str], int] = {}
        self.onces: dict[int, int] = defaultdict(int)  # place of a holder -> marks of its boundaries
        self.ending: list[tuple[int, Scope]] = []  # moves, by number, that empty a scope

    def place(self, kind: str, id_: str) -> int:
        if (kind, id_) not in self.bits:
            self.bits[kind, id_] = 1 << len(self.net.places)
            self.net.places.append((kind, id_))
            if kind in ("busy", "at", "in"):
                self.net.standing |= self.bits[kind, id_]
        return self.bits[kind, id_]

    def move(self, kind: Kind, node: str, need: int, clear: int, put: int, **more: object) -> None:
        self.net.moves.append(Move(kind, node, node, need, clear, put, **more))  # type: ignore[arg-type]

    def whole(self, process: etree._Element) -> Net:
        running = self.place("in", id_of(process))
        self.net.standing &= ~running
        scope = _ScopeCompiler(self, process, Scope(running), None).build()
        for start in children(process, "startEvent"):
            self.net.starts.append((id_of(start), running | scope.out_of(start)))
        self.move(Kind.LATE, id_of(process), running, running | scope.scope.mask, 0,
                  zero=scope.scope.mask & ~scope.scope.done)  # fmt: skip
        for number, ended in self.ending:  # its places are all known only now
            self.net.moves[number] = replace(
                self.net.moves[number], clear=self.net.moves[number].clear | ended.mask
            )
        self.net.moves = [self._with_marks(move) for move in self.net.moves]
        return self.net

    def _with_marks(self, move: Move) -> Move:
        """What ends a holder forgets which of its boundaries have gone off."""
        gone = move.clear & ~move.put
        marks = sum(mark for holder, mark in self.onces.items() if gone & holder)
        return replace(move, clear=move.clear | marks) if marks else move


class _ScopeCompiler(Wiring):
    """One process or sub-process. ``around``: that of the scope it stands in."""

    def __init__(
        self, whole: _Compiler, element: etree._Element, scope: Scope, around: "_ScopeCompiler | None"
    ) -> None:
        super().__init__(whole.diagram, element)
        self.whole, self.scope, self.around = whole, scope, around
        whole.net.targets |= {id_of(flow): flow.get("targetRef", "") for flow in self.flows}

    def build(self) -> "_ScopeCompiler":
        self.whole.net.nodes |= self.nodes
        for flow in children(self.element, "sequenceFlow"):
            self.flow(flow)
        inner = [node for node in self.nodes.values() if tag(node) == "subProcess"]
        for node in inner:
            self._subprocess(node)
        for node in self.nodes.values():
            if tag(node) not in ("subProcess", "startEvent", "boundaryEvent"):
                self._node(node)
        self._joins()
        return self

    # Places.

    def _place(self, kind: str, id_: str) -> int:
        bit = self.whole.place(kind, id_)
        self.scope.mask |= bit
        return bit

    def flow(self, flow: etree._Element) -> int:
        return self._place("flow", id_of(flow))

    def out_of(self, node: etree._Element) -> int:
        """The tokens that a node gives off when it is done: one on each outgoing flow (there is one, but at gateways)."""
        return sum(self.flow(flow) for flow in self.out[id_of(node)])

    # Moves.

    def _node(self, node: etree._Element) -> None:
        name, id_ = tag(node), id_of(node)
        if name in ("exclusiveGateway", "inclusiveGateway"):
            self._choosing(node)
        elif name == "parallelGateway":
            need = sum(self.flow(flow) for flow in self.into[id_])
            self.whole.move(Kind.AUTO, id_, need, need, self.out_of(node))
        elif name == "eventBasedGateway":
            self._race(node)
        elif name == "endEvent":
            self._end(node)
        elif name == "intermediateThrowEvent" and kind_of(node) == "escalation":
            self._throw(node, "escalation", self.out_of(node))
        elif name in ("userTask", "receiveTask", "callActivity") or name == "intermediateCatchEvent":
            if not self.is_raced(node):
                self._waiting(node)
        else:
            for flow in self.into[id_]:
                self.whole.move(Kind.AUTO, id_, self.flow(flow), self.flow(flow), self.out_of(node))

    def _choosing(self, node: etree._Element) -> None:
        id_ = id_of(node)
        out = self.out[id_]
        at = self._place("at" if len(out) > 1 else "through", id_)
        if tag(node) == "exclusiveGateway" or len(self.into[id_]) == 1:
            for flow in self.into[id_]:
                self.whole.move(Kind.AUTO, id_, self.flow(flow), self.flow(flow), at)
        if len(out) == 1:
            self.whole.move(Kind.AUTO, id_, at, at, self.flow(out[0]))
            return
        for way in self._ways(node):
            put, ends = sum(map(self.flow, way)), tuple(flow.get("targetRef", "") for flow in way)
            self.whole.net.moves.append(Move(Kind.CHOICE, id_, id_, at, at, put, way=ends))

    def _ways(self, node: etree._Element) -> list[tuple[etree._Element, ...]]:
        out = self.out[id_of(node)]
        if tag(node) == "exclusiveGateway":
            return [(flow,) for flow in out]
        default = [flow for flow in out if id_of(flow) == node.get("default")]
        return [
            *_subsets([flow for flow in out if flow not in default], node),
            *((flow,) for flow in default),
        ]

    def _joins(self) -> None:
        """Inclusive joins, last: what holds one up is any place from which a token may still come."""
        for id_, node in self.nodes.items():
            if tag(node) != "inclusiveGateway" or len(self.into[id_]) < 2:
                continue
            at = self._place("at" if len(self.out[id_]) > 1 else "through", id_)
            sources = {id_of(flow): self.upstream(flow, id_) for flow in self.into[id_]}
            for there in _subsets(self.into[id_], node):
                need = sum(map(self.flow, there))
                missing = [flow for flow in self.into[id_] if flow not in there]
                coming = set().union(*(sources[id_of(flow)] for flow in missing))
                coming -= set().union(*(sources[id_of(flow)] for flow in there))
                zero = sum(self.whole.bits.get(place, 0) for place in coming) | sum(map(self.flow, missing))
                self.whole.move(Kind.LATE, id_, need, need, at, zero=zero)

    def _race(self, node: etree._Element) -> None:
        id_ = id_of(node)
        busy = self._place("busy", id_)
        for flow in self.into[id_]:
            self.whole.move(Kind.AUTO, id_, self.flow(flow), self.flow(flow), busy)
        for flow in self.out[id_]:
            event = self.nodes[flow.get("targetRef", "")]
            self.whole.move(Kind.OUTSIDE, id_of(event), busy, busy, self.out_of(event))

    def _waiting(self, node: etree._Element) -> None:
        id_ = id_of(node)
        busy, out = self._place("busy", id_), self.out_of(node)
        contract = (
            self.whole.contracts.get(node.get("calledElement", "")) if tag(node) == "callActivity" else None
        )
        for flow in self.into[id_]:
            self._enter(node, self.flow(flow), busy, out)
        if contract is None or contract.ends:
            self.whole.move(Kind.OUTSIDE, id_, busy, busy, out)
            if contract is not None and children(node, LOOP, MULTIPLE):
                self.whole.move(Kind.OUTSIDE, id_, busy, busy, busy)
        for kind, code in sorted(contract.thrown) if contract is not None else ():
            if (catcher := self.catcher(id_, kind, code)) is not None:
                self.whole.move(Kind.OUTSIDE, id_of(catcher), busy, busy, self.out_of(catcher))
        self._boundaries(node, busy, 0)

    def _enter(self, node: etree._Element, flow: int, busy: int, out: int, *way: str) -> None:
        """The token comes in; a multi-instance over an empty list is passed over at once."""
        puts = [busy, out] if tag(node) != "userTask" and children(node, MULTIPLE) else [busy]
        for put in puts:
            kind = Kind.CHOICE if len(puts) > 1 else Kind.AUTO
            self.whole.net.moves.append(
                Move(kind, f"{id_of(node)} {flow}", id_of(node), flow, flow, put, is_told=bool(way), way=way)
            )

    def _boundaries(self, holder: etree._Element, busy: int, inside: int) -> None:
        """Messages and timers at the boundary of what waits; ``inside`` are the places that an interrupt empties."""
        for event in self.boundaries[id_of(holder)]:
            if kind_of(event) in CODES:
                continue
            out = self.out_of(event)
            if event.get("cancelActivity") != "false":
                self.whole.move(Kind.OUTSIDE, id_of(event), busy, busy | inside, out)
                continue
            zero = self._region(event)
            if any(tag(part) == "timeCycle" for part in event.iter()):
                self.whole.move(Kind.OUTSIDE, id_of(event), busy, 0, out, zero=zero)
            else:
                once = self._place("once", id_of(event))
                self.scope.done |= once
                self.whole.onces[busy] |= once
                self.whole.move(Kind.OUTSIDE, id_of(event), busy, 0, out | once, zero=zero | once)

    def _region(self, event: etree._Element) -> int:
        """The places on the way of a boundary event that are not on the main way too: it goes off when they are free."""
        own = self.reached([id_of(event)]) & self.beside
        flows = [flow for id_ in own for flow in self.out[id_]]
        busy = [
            self.whole.bits.get((kind, id_), 0) or self._later(kind, id_)
            for id_ in own
            for kind in ("busy", "in")
        ]
        return sum({self.flow(flow) for flow in flows} | set(busy))

    def _later(self, kind: str, id_: str) -> int:
        """The place of a node that is not compiled yet."""
        name = tag(self.nodes[id_])
        waits = name in (
            "userTask",
            "receiveTask",
            "callActivity",
            "intermediateCatchEvent",
            "eventBasedGateway",
        )
        if kind == "busy" and waits and not self.is_raced(self.nodes[id_]):
            return self._place(kind, id_)
        return self._place(kind, id_) if kind == "in" and name == "subProcess" else 0

    def _end(self, node: etree._Element) -> None:
        id_, kind = id_of(node), kind_of(node)
        for flow in map(self.flow, self.into[id_]):
            if kind == "terminate":
                self.whole.move(Kind.LATE, id_, flow, flow | self.scope.mask, 0)
                self._ends_scope()
        if kind in CODES:
            self._throw(node, kind, self._done(node))
        elif kind != "terminate":
            for flow in map(self.flow, self.into[id_]):
                self.whole.move(Kind.AUTO, id_, flow, flow, self._done(node))

    def _done(self, node: etree._Element) -> int:
        """The mark of an end event, which is reached once; but from a boundary that does not interrupt again and again."""
        aside = [
            id_of(event)
            for events in self.boundaries.values()
            for event in events
            if event.get("cancelActivity") == "false"
        ]
        if id_of(node) in self.reached(aside):
            return 0
        done = self._place("done", id_of(node))
        self.scope.done |= done
        return done

    def _throw(self, node: etree._Element, kind: str, put: int) -> None:
        """An error or escalation leaves this scope, for the boundary around it or for whoever calls the process."""
        catcher = None
        if self.around is not None:
            catcher = self.around.catcher(id_of(self.element), kind, code_of(self.diagram, node, kind))
        for flow in map(self.flow, self.into[id_of(node)]):
            if catcher is not None and self.around is not None:
                out = self.around.out_of(catcher)
                move = Move(
                    Kind.LATE,
                    id_of(node),
                    id_of(node),
                    flow,
                    flow | self.scope.running,
                    out,
                    way=(id_of(catcher),),
                )
                self.whole.net.moves.append(move)
                self._ends_scope()
            elif kind == "error":
                self.whole.move(Kind.LATE, id_of(node), flow, flow | self.scope.running, 0)
                self._ends_scope()
            else:
                self.whole.move(Kind.AUTO, id_of(node), flow, flow, put)

    def _ends_scope(self) -> None:
        """Let the last move empty the whole scope."""
        self.whole.ending.append((len(self.whole.net.moves) - 1, self.scope))

    def _subprocess(self, node: etree._Element) -> None:
        id_ = id_of(node)
        running = self._place("in", id_)
        inner = _ScopeCompiler(self.whole, node, Scope(running), self).build()
        self.scope.mask |= inner.scope.mask
        first = next(iter(children(node, "startEvent")))
        begun = running | inner.out_of(first)
        empty = inner.scope.mask & ~inner.scope.done
        if is_event_subprocess(node):
            self._event_subprocess(node, first, begun, running)
            self.whole.move(Kind.LATE, id_, running, running | inner.scope.mask, 0, zero=empty)
            return
        out = self.out_of(node)
        for flow in map(self.flow, self.into[id_]):
            self._enter(node, flow, begun, out, id_of(first))
        ends = [out, begun] if children(node, LOOP, MULTIPLE) else [out]
        for put in ends:
            self.whole.move(
                Kind.LATE, id_, running, running | inner.scope.mask, put, zero=empty, is_told=False
            )
        self._boundaries(node, running, inner.scope.mask)

    def _event_subprocess(
        self, node: etree._Element, first: etree._Element, begun: int, running: int
    ) -> None:
        """A message starts it while its scope runs; one at a time, as what runs twice does not meet."""
        id_ = id_of(first)
        move = Move(Kind.OUTSIDE, id_, id_, self.scope.running, 0, begun, zero=running)
        self.whole.net.moves.append(move)
        if first.get("isInterrupting", "true") == "true":
            self._ends_scope()


def _subsets(flows: list[etree._Element], node: etree._Element) -> list[tuple[etree._Element, ...]]:
    if 2 ** len(flows) - 1 > MOST_WAYS:
        raise TooMany(node)
    return [some for size in range(1, len(flows) + 1) for some in combinations(flows, size)]
