"""What must happen in a diagram of blocks, worked out from the blocks alone: no engine, no diagram."""

from collections.abc import Callable
from typing import Any

from tests.engine.blocks import Block

Offer = tuple[str, str]  # "human", "timer" or "message", and the id


def picks(choice: int, parts: int) -> list[bool]:
    """What somebody who is asked answers: for each part whether it is taken."""
    return [bool(choice >> place & 1) for place in range(parts)]


class Scope:
    """A process or sub-process: ends when its block has, and all that goes on beside."""

    def __init__(self, block: Block, path: str) -> None:
        self.aside: list[Play] = []
        self.main: Play | None = begin(block, path, self)

    def live(self) -> list["Play"]:
        return [one for one in (self.main, *self.aside) if one is not None and not one.done]

    def offers(self) -> list[Offer]:
        return [offer for one in self.live() for offer in one.offers()]

    def do(self, offer: Offer, choice: int) -> bool:
        """Do it at whoever offers it: the first, or for a message all. Whether anybody did."""
        done = False
        for one in self.live():
            if offer in one.offers() and not (done and offer[0] != "message"):
                one.do(offer, choice)
                done = True
        return done

    @property
    def done(self) -> bool:
        return not self.live()


class Play:
    """One block under way."""

    done = False

    def offers(self) -> list[Offer]:
        raise NotImplementedError

    def do(self, offer: Offer, choice: int) -> None:
        raise NotImplementedError


class Task(Play):
    def __init__(self, id_: str, then: Callable[[int], Play | None] | None = None) -> None:
        self.id, self.then = id_, then
        self.next: Play | None = None

    def offers(self) -> list[Offer]:
        return [("human", self.id)] if self.next is None else self.next.offers()

    def do(self, offer: Offer, choice: int) -> None:
        if self.next is not None:
            self.next.do(offer, choice)
        else:
            self.next = self.then(choice) if self.then is not None else None
        self.done = self.next is None or self.next.done


class Row(Play):
    """Parts one after another; each is begun when the one before has ended."""

    def __init__(self, begins: list[Callable[[], Play]]) -> None:
        self.left = begins
        self._go_on()

    def _go_on(self) -> None:
        self.done = not self.left
        if self.left:
            self.now = self.left.pop(0)()

    def offers(self) -> list[Offer]:
        return self.now.offers()

    def do(self, offer: Offer, choice: int) -> None:
        self.now.do(offer, choice)
        if self.now.done:
            self._go_on()


class Side(Play):
    """Parts side by side; ends when all have."""

    def __init__(self, parts: list[Play]) -> None:
        self.parts = parts
        self.done = not parts

    def offers(self) -> list[Offer]:
        return [offer for one in self.parts if not one.done for offer in one.offers()]

    def do(self, offer: Offer, choice: int) -> None:
        done = False
        for one in self.parts:
            if not one.done and offer in one.offers() and not (done and offer[0] != "message"):
                one.do(offer, choice)
                done = True
        self.done = all(one.done for one in self.parts)


class Loop(Play):
    def __init__(self, first: Callable[[], Play], ask: str) -> None:
        self.first, self.ask = first, ask
        self.now, self.asking = first(), False

    def offers(self) -> list[Offer]:
        return [("human", self.ask)] if self.asking else self.now.offers()

    def do(self, offer: Offer, choice: int) -> None:
        if not self.asking:
            self.now.do(offer, choice)
            self.asking = self.now.done
        elif picks(choice, 1)[0]:
            self.now, self.asking = self.first(), False
        else:
            self.done = True


class Mark(Play):
    """A sub-process that is repeated; whoever is asked last in it says whether."""

    def __init__(self, inner: Block, path: str, outer: Scope) -> None:
        self.ask = f"{path}_ask"
        self.first: Callable[[], Play] = lambda: Inner(("seq", (inner, ("ask", self.ask))), path, outer)
        self.now: Play = self.first()
        self.again = False

    def offers(self) -> list[Offer]:
        return self.now.offers()

    def do(self, offer: Offer, choice: int) -> None:
        if offer == ("human", self.ask):
            self.again = picks(choice, 1)[0]
        self.now.do(offer, choice)
        if self.now.done and self.again:
            self.now = self.first()
        self.done = self.now.done


class Handler(Play):
    """An event sub-process that has started."""

    def __init__(self, block: Block, path: str) -> None:
        self.scope = Scope(block, path)

    def offers(self) -> list[Offer]:
        return self.scope.offers()

    def do(self, offer: Offer, choice: int) -> None:
        self.scope.do(offer, choice)
        self.done = self.scope.done


class Inner(Play):
    """A sub-process with whatever is attached to it: a timer, or a message that it hears."""

    def __init__(self, block: Block, path: str, outer: Scope, kind: str = "", other: Block = ()) -> None:
        self.scope, self.path, self.outer, self.kind, self.other = (
            Scope(block, f"{path}0"),
            path,
            outer,
            kind,
            other,
        )
        self.timers = {"late": 1, "beside": 1, "cycle": 2}.get(kind, 0)
        self.messages = 99 if kind == "heard" else int(kind == "halted")
        self.instead: Play | None = None
        self.handler: Play | None = None

    def offers(self) -> list[Offer]:
        if self.instead is not None:
            return self.instead.offers()
        attached = [("timer", f"{self.path}_timer")] if self.timers else []
        if self.messages and (self.handler is None or self.handler.done):
            attached.append(("message", f"M_{self.path}"))
        return [*self.scope.offers(), *attached]

    def do(self, offer: Offer, choice: int) -> None:
        if self.instead is not None:
            self.instead.do(offer, choice)
        elif offer == ("timer", f"{self.path}_timer"):
            self._time()
        elif offer == ("message", f"M_{self.path}"):
            self._hear()
        else:
            self.scope.do(offer, choice)
        self.done = self.scope.done if self.instead is None else self.instead.done

    def _time(self) -> None:
        self.timers -= 1
        play = begin(self.other, f"{self.path}1", self.outer)
        if self.kind == "late":
            self.instead = play
        else:
            self.outer.aside.append(play)

    def _hear(self) -> None:
        self.messages -= 1
        if self.kind == "halted":
            self.scope.main, self.scope.aside = None, []
        self.handler = Handler(self.other, f"{self.path}1")
        self.scope.aside.append(self.handler)


class Race(Play):
    def __init__(self, path: str, late: Block, told: Block, scope: Scope) -> None:
        self.begins = {
            ("timer", f"{path}_timer"): lambda: begin(late, f"{path}0", scope),
            ("message", f"M_{path}"): lambda: begin(told, f"{path}1", scope),
        }
        self.now: Play | None = None

    def offers(self) -> list[Offer]:
        return list(self.begins) if self.now is None else self.now.offers()

    def do(self, offer: Offer, choice: int) -> None:
        if self.now is None:
            self.now = self.begins[offer]()
        else:
            self.now.do(offer, choice)
        self.done = self.now.done


def begin(block: Block, path: str, scope: Scope) -> Play:
    kind, *parts = block
    made: dict[str, Callable[..., Play]] = {
        "task": lambda: Task(path),
        "ask": Task,
        "seq": lambda parts: Row([_later(one, f"{path}{n}", scope) for n, one in enumerate(parts)]),
        "par": lambda parts: Side([begin(one, f"{path}{n}", scope) for n, one in enumerate(parts)]),
        "or": lambda parts: Task(f"{path}_ask", lambda choice: _taken(parts, path, scope, choice)),
        "xor": lambda parts: Task(
            f"{path}_ask",
            lambda choice: begin(parts[picks(choice, 2)[1]], f"{path}{int(picks(choice, 2)[1])}", scope),
        ),
        "loop": lambda inner: Loop(_later(inner, f"{path}0", scope), f"{path}_ask"),
        "mark": lambda inner: Mark(inner, path, scope),
        "each": lambda inner: Row([lambda: Inner(inner, path, scope)] * 2),
        "sub": lambda inner: Inner(inner, path, scope),
        "call": lambda inner: Inner(inner, path, scope),
        "race": lambda late, told: Race(path, late, told, scope),
        **{
            attached: lambda inner, other: Inner(inner, path, scope, kind, other)
            for attached in ("late", "beside", "cycle", "heard", "halted")
        },
    }
    return made[kind](*parts)


def _later(block: Block, path: str, scope: Scope) -> Callable[[], Play]:
    return lambda: begin(block, path, scope)


def _taken(parts: Any, path: str, scope: Scope, choice: int) -> Play | None:
    taken = [n for n, is_taken in enumerate(picks(choice, len(parts))) if is_taken]
    return Side([begin(parts[n], f"{path}{n}", scope) for n in taken]) if taken else None
