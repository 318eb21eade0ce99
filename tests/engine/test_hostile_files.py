"""What is sent to hurt is refused quickly, with little memory, and nothing of it runs or is fetched."""

import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from workflows import dmn
from workflows.engine import gate
from workflows.engine.definitions import read_folder

GOOD = read_folder(Path(__file__).parent / "diagrams" / "good")
DIAGRAM, TABLE = GOOD["main.bpmn"].decode(), GOOD["grade.dmn"].decode()
NAMES = gate.Names(
    frozenset({"x.write", "x.sign", "x.gather"}),
    frozenset({"office", "sys"}),
    tables=frozenset({"grade"}),
    variables=frozenset({"leader_id", "bid_to", "n", "unsafe", "call_id", "bid_id"}),
)
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
MARK = Path("/tmp/jiebang-escaped")  # what a hostile expression would leave behind

PYTHON = [
    f"open('{MARK}', 'w')",
    f"__import__('os').system('touch {MARK}')",
    f"().__class__.__base__.__subclasses__()[0].__init__.__globals__['open']('{MARK}', 'w')",
    f"[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0](['touch', '{MARK}'])",
    f"(lambda: open('{MARK}', 'w'))()",
    f"exec(\"open('{MARK}', 'w')\")",
    f"{{{{ cycler.__init__.__globals__.os.system('touch {MARK}') }}}}",
    f"${{T(java.lang.Runtime).getRuntime().exec('touch {MARK}')}}",
]
GREEDY = [
    "9 ** 9 ** 9 ** 9",
    "for a in 1..1000, b in 1..1000, c in 1..1000 return a",
    "count(for a in 1..99999999 return a) > 1",
    "(function(f) f(f))(function(f) f(f))",
    "string length(for a in 1..1000000 return string(a))",
    'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "^(a+)+$")',
    "(" * 5000 + "1" + ")" * 5000,
    "-" * 20000 + "1",
    "[" * 3000 + "]" * 3000,
]
# Where text reaches an evaluator: each of the 14 fields with the text that stands there.
FIELDS: dict[str, tuple[str, str]] = {
    "condition of a flow": ("main.bpmn", 'grade = "A"'),
    "condition of an inclusive flow": ("main.bpmn", "unsafe = true"),
    "condition of a loop": ("main.bpmn", "n &lt; 3"),
    "number of rounds": ("main.bpmn", ">3</loopCardinality"),
    "list of rounds": ("main.bpmn", "<loopCardinality>3</loopCardinality>"),
    "duration of a timer": ("main.bpmn", "<timeDuration>PT24H</timeDuration>"),
    "date of a timer": ("main.bpmn", "<timeDuration>PT24H</timeDuration>"),
    "cycle of a timer": ("main.bpmn", "R3/PT24H"),
    "assignees": ("main.bpmn", "leader_id"),
    "due": ("main.bpmn", "bid_to"),
    "ratio": ("main.bpmn", '"0.5"'),
    "input of a table": ("grade.dmn", "<text>points</text>"),
    "cell of a table": ("grade.dmn", "&gt;= 60"),
    "answer of a table": ("grade.dmn", '"A"</text>'),
}


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def put(place: str, text: str) -> bytes:
    """The good file with ``text`` in one of its fields."""
    file, old = FIELDS[place]
    said = escaped(text)
    new = {
        "number of rounds": f">{said}</loopCardinality",
        "list of rounds": f"<loopDataInputRef>{said}</loopDataInputRef>",
        "duration of a timer": f"<timeDuration>{said}</timeDuration>",
        "date of a timer": f"<timeDate>{said}</timeDate>",
        "ratio": f'"{said}"',
        "input of a table": f"<text>{said}</text>",
        "answer of a table": f"{said}</text>",
    }.get(place, said)
    content = GOOD[file].decode()
    assert old in content
    return content.replace(old, new, 1).encode()


def judged(content: bytes) -> tuple[list[gate.Defect], float, int]:
    """The refusals, the seconds of the processor and the bytes at most that judging took (which is done twice)."""
    alone = {"file.dmn" if b"omg.org/spec/DMN/" in content else "file.bpmn": content}
    began = time.thread_time()
    gate.defects_of(alone, NAMES)
    seconds = time.thread_time() - began
    tracemalloc.start()
    defects = gate.defects_of(alone, NAMES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return defects, seconds, peak


@pytest.mark.parametrize("place", FIELDS)
@pytest.mark.parametrize("text", PYTHON)
def test_an_expression_cannot_escape(place: str, text: str) -> None:
    MARK.unlink(missing_ok=True)
    content = put(place, text)
    defects, _, _ = judged(content)
    if place == "input of a table" and not defects:  # it may be the name of an input, that nobody gives
        with pytest.raises(dmn.DecisionError):
            dmn.load(content, file="grade.dmn").evaluate("grade", {})
    else:
        assert [one for one in defects if one.code != "unknown_process"]
    assert not MARK.exists()


@pytest.mark.parametrize("place", FIELDS)
@pytest.mark.parametrize("text", GREEDY, ids=lambda text: text[:20])
def test_a_greedy_expression_costs_little(place: str, text: str) -> None:
    """Refused, or let in where it is worked out only when the process runs (and refused then)."""
    _, seconds, peak = judged(put(place, text))
    assert seconds < 1
    assert peak < 100 << 20


@dataclass
class Listener:
    """A server on this machine, and who called it."""

    port: int
    callers: list[str] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    heard, done = Listener(server.getsockname()[1]), threading.Event()

    def listen() -> None:
        while not done.is_set():
            with suppress(TimeoutError):
                heard.callers.append(str(server.accept()[1]))

    thread = threading.Thread(target=listen)
    thread.start()
    yield heard
    done.set()
    thread.join()
    server.close()


BOMBS = {
    "a billion laughs": f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>',
    "a quadratic blow-up": f'<!DOCTYPE a [<!ENTITY l9 "{"x" * 100_000}">]>',
    "a file": '<!DOCTYPE a [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
    "an address": '<!DOCTYPE a [<!ENTITY l9 SYSTEM "http://127.0.0.1:PORT/">]>',
    "a foreign DTD": '<!DOCTYPE a SYSTEM "http://127.0.0.1:PORT/a.dtd">',
    "a parameter entity": '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:PORT/p"> %p;]>',
    "an empty DOCTYPE": "<!DOCTYPE a>",
    "an internal default": '<!DOCTYPE a [<!ATTLIST process isExecutable CDATA "true">]>',
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("good", [DIAGRAM, TABLE], ids=["diagram", "table"])
def test_a_doctype_is_refused_before_it_is_read(bomb: str, good: str, listener: Listener) -> None:
    doctype = BOMBS[bomb].replace("PORT", str(listener.port))
    declaration, rest = good.split("?>", 1)
    content = f"{declaration}?>{doctype}{rest.replace('开始', '&l9;').replace('points', '&l9;')}".encode()
    [found], seconds, peak = judged(content)
    assert found.code in ("doctype", "table")
    assert "DOCTYPE" in found.reason_zh
    assert "DOCTYPE" in found.reason_en
    assert seconds < 1
    assert peak < 100 << 20
    time.sleep(0.15)
    assert listener.callers == []


@pytest.mark.parametrize(
    "content",
    [
        b"<a>" * 200_000,
        b"<a " + b" ".join(b'a%d="1"' % n for n in range(50_000)) + b" />",
        DIAGRAM.replace("开始", "x" * 2_000_000).encode(),
        DIAGRAM.replace("<endEvent id=\"finished\" />", '<textAnnotation id="t" />' * 30_000).encode(),
        DIAGRAM.replace("<lane id", "<documentation>a</documentation>" * 20_000 + "<lane id").encode(),
        b"\x00" * 1000,
        "<定义 />".encode("utf-16"),
        b"",
    ],
    ids=["deep", "attributes", "long", "many nodes", "many texts", "zeros", "utf-16", "empty"],
)  # fmt: skip
def test_size_and_depth_are_bounded(content: bytes) -> None:
    defects, seconds, peak = judged(content)
    assert defects
    assert seconds < 1
    assert peak < 100 << 20
