"""How the nodes of one process or sub-process hang together."""

from collections import defaultdict

from lxml import etree

from workflows.engine.gate.diagrams import Diagram, children, id_of, kind_of, nodes_in, tag
from workflows.engine.gate.events import code_of


class Wiring:
    """The nodes of a scope by id, the flows in and out of each, and the boundary events of each.

    ``beside``: the nodes that are reached only from boundary events that do not interrupt.
    """

    def __init__(self, diagram: Diagram, element: etree._Element) -> None:
        self.diagram, self.element = diagram, element
        self.nodes = {id_of(node): node for node in nodes_in(element)}
        self.into: dict[str, list[etree._Element]] = defaultdict(list)
        self.out: dict[str, list[etree._Element]] = defaultdict(list)
        self.flows = children(element, "sequenceFlow")
        for flow in self.flows:
            self.into[flow.get("targetRef", "")].append(flow)
            self.out[flow.get("sourceRef", "")].append(flow)
        self.boundaries: dict[str, list[etree._Element]] = defaultdict(list)
        for node in self.nodes.values():
            if tag(node) == "boundaryEvent":
                self.boundaries[node.get("attachedToRef", "")].append(node)
        self.beside = self._beside()

    def is_raced(self, node: etree._Element) -> bool:
        sources = (self.nodes.get(flow.get("sourceRef", "")) for flow in self.into[id_of(node)])
        return any(source is not None and tag(source) == "eventBasedGateway" for source in sources)

    def catcher(self, holder: str, kind: str, code: str) -> etree._Element | None:
        """The boundary event of ``holder`` that catches this error or escalation."""
        for event in self.boundaries[holder]:
            if kind_of(event) == kind and code_of(self.diagram, event, kind) in ("", code):
                return event
        return None

    def upstream(self, flow: etree._Element, join: str) -> set[tuple[str, str]]:
        """The places of this scope from which a token may come to ``flow`` without passing ``join``."""
        found: set[tuple[str, str]] = set()
        pending = [flow]
        while pending:
            flow = pending.pop()
            source = flow.get("sourceRef", "")
            while source in self.nodes and tag(self.nodes[source]) == "boundaryEvent":
                source = self.nodes[source].get("attachedToRef", "")
            if source == join:
                continue
            found |= {(kind, source) for kind in ("busy", "at", "through", "in")}
            for before in self.into[source]:
                if ("flow", id_of(before)) not in found:
                    found.add(("flow", id_of(before)))
                    pending.append(before)
        return found

    def reached(self, first: list[str]) -> set[str]:
        """The nodes on any way from ``first``, over boundary events that interrupt as well."""
        found, pending = set(first), list(first)
        while pending:
            id_ = pending.pop()
            after = {flow.get("targetRef", "") for flow in self.out[id_]}
            after |= {id_of(one) for one in self.boundaries[id_] if one.get("cancelActivity") != "false"}
            new = (after & set(self.nodes)) - found
            found |= new
            pending += new
        return found

    def _beside(self) -> set[str]:
        """The nodes that are reached only from boundary events that do not interrupt."""
        starts = [id_ for id_, node in self.nodes.items() if tag(node) == "startEvent"]
        return set(self.nodes) - self.reached(starts)
