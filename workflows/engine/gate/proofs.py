"""Each process proved: sound by its token game, and run by the engine as the game says."""

import copy
from collections.abc import Mapping, Sequence

from lxml import etree

from workflows.engine.gate.compiling import compile_net
from workflows.engine.gate.diagrams import Diagram, id_of, tag
from workflows.engine.gate.games import MOST_MARKINGS, MOST_SECONDS, PATH, Clock, Finding, Game, TooLarge
from workflows.engine.gate.nets import Contract, TooMany, contract_of
from workflows.engine.gate.walks import MOST_BYTES, TooBig, walk
from workflows.engine.plain_form import is_drawn

Processes = Mapping[str, tuple[Diagram, etree._Element]]


def check(diagrams: Sequence[Diagram], doubtful: Sequence[Diagram]) -> None:
    """Complain of every process in ``doubtful`` that is not sound. All diagrams have passed the other rules."""
    processes = {id_of(one): (diagram, one) for diagram in diagrams for one in diagram.all("process")}
    contracts = {id_: contract_of(diagram, one) for id_, (diagram, one) in processes.items()}
    for diagram, process in [one for one in processes.values() if one[0] in doubtful]:
        called = {one.get("calledElement", "") for one in process.iter() if tag(one) == "callActivity"}
        _check(diagram, process, {id_: contracts[id_] for id_ in called})


def _check(diagram: Diagram, process: etree._Element, contracts: Mapping[str, Contract]) -> None:
    clock = Clock()
    try:
        net = compile_net(diagram, process, contracts)
        findings = Game(net, clock).play()
        if not findings:
            alone = {diagram.file: _alone(diagram.root, id_of(process))}
            found = walk(net, alone, contracts, clock)
            findings = [] if found is None else [found]
    except TooMany as error:
        return _too_large(diagram, error.element)
    except TooLarge:
        return _too_large(diagram, process)
    except TooBig as error:
        path = _path(tuple(error.args[0]))
        return diagram.complain(process, "state_budget", path=path, most=f"{MOST_BYTES >> 10} KiB")
    for finding in findings:
        _tell(diagram, process, finding)
    return None


def _too_large(diagram: Diagram, element: etree._Element) -> None:
    diagram.complain(element, "too_large_to_prove", most=MOST_MARKINGS, seconds=f"{MOST_SECONDS:g}")


def _tell(diagram: Diagram, process: etree._Element, finding: Finding) -> None:
    element = next((one for one in process.iter() if one.get("id") == finding.node), process)
    path, at = _path(finding.path), list(finding.at)
    match finding.code:
        case "deadlock":
            diagram.complain(element, "deadlock", path=path, place=at)
        case "engine_differs":
            diagram.complain(element, "engine_differs", path=path, wanted=at[0], found=at[1])
        case "engine_fails":
            diagram.complain(element, "engine_fails", path=path, error=at[0])
        case "dead":
            diagram.complain(element, "dead")
        case code:
            diagram.complain(element, code, path=path)


def _path(nodes: tuple[str, ...]) -> str:
    told = [node for node in nodes if is_drawn(node)]
    return ("… → " if len(told) > PATH else "") + " → ".join(told[-PATH:])


def _alone(root: etree._Element, process: str) -> bytes:
    """The diagram without its other processes, which may be among those that this one calls, and without its layout."""
    kept = copy.deepcopy(root)
    for child in list(kept):
        is_other = tag(child) == "process" and id_of(child) != process
        if is_other or tag(child) == "collaboration" or not tag(child):
            kept.remove(child)
    return etree.tostring(kept)
