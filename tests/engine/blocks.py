"""Random sound diagrams, put together from blocks, and what must happen in them, worked out from the blocks alone.

A block is a tuple of its kind and its parts (``blocks`` draws them). ``drawn`` gives the BPMN of a block; ``Play``
tells, act by act, what is offered there, without any engine: the two know nothing of each other but the ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

Block = tuple[Any, ...]
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:spiff="http://spiffworkflow.org/bpmn/'
    'schema/1.0/core" id="d" targetNamespace="t">'
)


def _lists(parts: st.SearchStrategy[Block], least: int, most: int) -> st.SearchStrategy[tuple[Block, ...]]:
    return st.lists(parts, min_size=least, max_size=most).map(tuple)


TASK: Block = ("task",)
PLAIN = st.recursive(  # what may run several times at once in one scope
    st.just(TASK), lambda inner: st.tuples(st.just("seq"), _lists(inner, 1, 2)), max_leaves=2
)


def _nested(inner: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    return st.one_of(
        st.tuples(st.just("seq"), _lists(inner, 2, 3)),
        st.tuples(st.just("par"), _lists(inner, 2, 3)),
        st.tuples(st.just("or"), _lists(inner, 2, 3)),
        st.tuples(st.just("xor"), _lists(inner, 2, 2)),
        st.tuples(st.just("loop"), inner),
        st.tuples(st.just("sub"), inner),
        st.tuples(st.just("call"), inner),
        st.tuples(st.just("mark"), inner),
        st.tuples(st.just("each"), inner),
        st.tuples(st.just("late"), inner, inner),
        st.tuples(st.just("beside"), inner, PLAIN),
        st.tuples(st.just("cycle"), inner, PLAIN),
        st.tuples(st.just("race"), inner, inner),
        st.tuples(st.just("heard"), inner, inner),
        st.tuples(st.just("halted"), inner, inner),
    )


blocks = st.recursive(st.just(TASK), _nested, max_leaves=7)


# The diagram of a block.


@dataclass
class Drawing:
    """Boxes and flows of one scope; ids are numbered over the whole diagram."""

    names: Iterator[int]
    processes: list[str]
    messages: list[str]
    lines: list[str] = field(default_factory=list)

    def box(self, tag: str, id_: str, inside: str = "", **attributes: str) -> str:
        said = "".join(f' {key}="{value}"' for key, value in attributes.items())
        self.lines.append(f'<{tag} id="{id_}"{said}>{inside}</{tag}>')
        return id_

    def flow(self, source: str, target: str, condition: str = "") -> str:
        id_ = f"f{next(self.names)}"
        inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        self.box("sequenceFlow", id_, inside, sourceRef=source, targetRef=target)
        return id_

    def scope(self, block: Block, path: str, start: str = "") -> str:
        """The inside of a process or sub-process that holds ``block``."""
        inner = Drawing(self.names, self.processes, self.messages)
        inner.box("startEvent", f"{path}_started", start)
        first, last = inner.draw(block, path)
        inner.flow(f"{path}_started", first)
        inner.flow(last, inner.box("endEvent", f"{path}_ended"))
        return "".join(inner.lines)

    def draw(self, block: Block, path: str) -> tuple[str, str]:
        """Draw ``block``; its first and last box."""
        first, last = getattr(self, f"_{block[0]}")(path, *block[1:])
        return str(first), str(last)

    def _task(self, path: str) -> tuple[str, str]:
        return (self.box("userTask", path),) * 2

    def _seq(self, path: str, parts: tuple[Block, ...]) -> tuple[str, str]:
        ends = [self.draw(one, f"{path}{place}") for place, one in enumerate(parts)]
        for (_, before), (after, _) in pairwise(ends):
            self.flow(before, after)
        return ends[0][0], ends[-1][1]

    def _par(self, path: str, parts: tuple[Block, ...]) -> tuple[str, str]:
        split, join = (self.box("parallelGateway", f"{path}_{name}") for name in ("split", "join"))
        for place, one in enumerate(parts):
            first, last = self.draw(one, f"{path}{place}")
            self.flow(split, first)
            self.flow(last, join)
        return split, join

    def _or(self, path: str, parts: tuple[Block, ...]) -> tuple[str, str]:
        ask = self.box("userTask", f"{path}_ask")
        join = self.box("inclusiveGateway", f"{path}_join")
        otherwise = self.flow(f"{path}_split", join)
        split = self.box("inclusiveGateway", f"{path}_split", default=otherwise)
        self.flow(ask, split)
        for place, one in enumerate(parts):
            first, last = self.draw(one, f"{path}{place}")
            self.flow(split, first, f"{path}_{place}")
            self.flow(last, join)
        return ask, join

    def _xor(self, path: str, parts: tuple[Block, ...]) -> tuple[str, str]:
        ask = self.box("userTask", f"{path}_ask")
        join = self.box("exclusiveGateway", f"{path}_join")
        ends = [self.draw(one, f"{path}{place}") for place, one in enumerate(parts)]
        otherwise = self.flow(f"{path}_split", ends[0][0])
        split = self.box("exclusiveGateway", f"{path}_split", default=otherwise)
        self.flow(ask, split)
        self.flow(split, ends[1][0], f"{path}_1")
        for _, last in ends:
            self.flow(last, join)
        return ask, join

    def _loop(self, path: str, inner: Block) -> tuple[str, str]:
        again = self.box("exclusiveGateway", f"{path}_again")
        first, last = self.draw(inner, f"{path}0")
        ask = self.box("userTask", f"{path}_ask")
        out = self.flow(f"{path}_split", f"{path}_out")
        self.box("exclusiveGateway", f"{path}_split", default=out)
        self.box("exclusiveGateway", f"{path}_out")
        for source, target in ((again, first), (last, ask), (ask, f"{path}_split")):
            self.flow(source, target)
        self.flow(f"{path}_split", again, f"{path}_0")
        return again, f"{path}_out"

    def _sub(self, path: str, inner: Block, marker: str = "", handler: str = "") -> tuple[str, str]:
        inside = self.scope(inner, f"{path}0") + handler
        return (self.box("subProcess", f"{path}_sub", marker + inside),) * 2

    def _call(self, path: str, inner: Block) -> tuple[str, str]:
        inside = self.scope(inner, f"{path}0")
        self.processes.append(f'<process id="{path}_called" isExecutable="true">{inside}</process>')
        return (self.box("callActivity", f"{path}_call", calledElement=f"{path}_called"),) * 2

    def _mark(self, path: str, inner: Block) -> tuple[str, str]:
        condition = f"<loopCondition>{path}_0</loopCondition>"
        marker = f"<standardLoopCharacteristics>{condition}</standardLoopCharacteristics>"
        return self._sub(path, ("seq", (inner, ("ask", f"{path}_ask"))), marker)

    def _ask(self, _path: str, id_: str) -> tuple[str, str]:
        return (self.box("userTask", id_),) * 2

    def _each(self, path: str, inner: Block) -> tuple[str, str]:
        items = f'<loopDataInputRef>things</loopDataInputRef><inputDataItem id="{path}_thing" name="{path}_thing"/>'
        marker = f'<multiInstanceLoopCharacteristics isSequential="true">{items}</multiInstanceLoopCharacteristics>'
        return self._sub(path, inner, marker)

    def _attached(self, path: str, inner: Block, time: str, *, cancels: bool) -> str:
        on = self._sub(path, inner)[0]
        event = f"<timerEventDefinition>{time}</timerEventDefinition>"
        cancel = "true" if cancels else "false"
        self.box("boundaryEvent", f"{path}_timer", event, attachedToRef=on, cancelActivity=cancel)
        return on

    def _late(self, path: str, inner: Block, instead: Block) -> tuple[str, str]:
        on = self._attached(path, inner, "<timeDuration>PT1H</timeDuration>", cancels=True)
        first, last = self.draw(instead, f"{path}1")
        join = self.box("exclusiveGateway", f"{path}_join")
        for source, target in ((f"{path}_timer", first), (last, join), (on, join)):
            self.flow(source, target)
        return on, join

    def _beside(self, path: str, inner: Block, aside: Block, time: str = "") -> tuple[str, str]:
        time = time or "<timeDuration>PT1H</timeDuration>"
        on = self._attached(path, inner, time, cancels=False)
        first, last = self.draw(aside, f"{path}1")
        self.flow(f"{path}_timer", first)
        self.flow(last, self.box("endEvent", f"{path}_aside"))
        return on, on

    def _cycle(self, path: str, inner: Block, aside: Block) -> tuple[str, str]:
        return self._beside(path, inner, aside, "<timeCycle>R2/PT1H</timeCycle>")

    def _message(self, path: str) -> str:
        key = '<spiff:property name="key" value="case_id"/>'
        self.messages.append(
            f'<message id="M_{path}" name="M_{path}"><extensionElements><spiff:properties>{key}'
            "</spiff:properties></extensionElements></message>"
        )
        return f'<messageEventDefinition messageRef="M_{path}"/>'

    def _race(self, path: str, late: Block, told: Block) -> tuple[str, str]:
        gate = self.box("eventBasedGateway", f"{path}_race")
        hour = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
        join = self.box("exclusiveGateway", f"{path}_join")
        for place, (name, inside, block) in enumerate(
            (("timer", hour, late), ("message", self._message(path), told))
        ):
            self.flow(gate, self.box("intermediateCatchEvent", f"{path}_{name}", inside))
            first, last = self.draw(block, f"{path}{place}")
            self.flow(f"{path}_{name}", first)
            self.flow(last, join)
        return gate, join

    def _heard(self, path: str, inner: Block, handler: Block, interrupts: str = "false") -> tuple[str, str]:
        inside = self.scope(handler, f"{path}1", self._message(path))
        inside = inside.replace("<startEvent", f'<startEvent isInterrupting="{interrupts}"', 1)
        return self._sub(
            path,
            inner,
            handler=f'<subProcess id="{path}_handler" triggeredByEvent="true">{inside}</subProcess>',
        )

    def _halted(self, path: str, inner: Block, handler: Block) -> tuple[str, str]:
        return self._heard(path, inner, handler, "true")


def drawn(block: Block) -> bytes:
    """The BPMN file whose process ``p`` is ``block``."""
    drawing = Drawing(iter(range(10**6)), [], [])
    inside = drawing.scope(block, "b")
    others = "".join([*drawing.messages, *drawing.processes])
    return f'{HEAD}{others}<process id="p" isExecutable="true">{inside}</process></definitions>'.encode()
