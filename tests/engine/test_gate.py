"""What may not run is refused at the door, with file, element, line and reason."""

import itertools
import time
from pathlib import Path

import pytest

from tests.engine import bad_diagrams
from tests.engine.bad_diagrams import SIGN, WRONG, round_of
from tests.engine.spoiling import spoilt
from workflows import watch
from workflows.domain.permissions import ROLES
from workflows.engine import gate
from workflows.engine.definitions import Files, read_folder
from workflows.engine.errors import Defect
from workflows.engine.gate import variables
from workflows.engine.gate.diagrams import Diagram, read
from workflows.engine.gate.words import WORDS
from workflows.engine.registry import HUMAN, SERVICE
from workflows.steps.variables import VARIABLES

GOOD = read_folder(Path(__file__).parent / "diagrams" / "good")
NAMES = gate.Names(
    frozenset({"x.write", "x.sign", "x.gather"}),
    frozenset({"office", "sys"}),
    human=frozenset({"x.write", "x.sign"}),
)
KNOWN = gate.Names(frozenset(HUMAN) | frozenset(SERVICE) | NAMES.steps, frozenset(ROLES) | NAMES.roles)
MESSAGE = (
    '<message id="m" name="MSG_DONE"><extensionElements><s:properties xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core">'
    '<s:property name="key" value="bid_id" /></s:properties></extensionElements></message>'
)


def mutated(old: str, new: str, *, file: str = "main.bpmn") -> Files:
    text = GOOD[file].decode()
    assert old in text
    return {**GOOD, file: text.replace(old, new, 1).encode()}


def told(defects: list[Defect]) -> str:
    return "\n".join(map(str, defects))


def test_a_good_diagram_passes() -> None:
    assert gate.defects_of(GOOD, NAMES) == []


def test_a_round_whose_terms_a_variable_tells_passes() -> None:
    told = round_of("stage", "stage=terms", "result=said", "due=until")
    assert gate.defects_of(mutated(SIGN + bad_diagrams.ROLES, told), NAMES) == []


def test_the_shipped_diagrams_pass() -> None:
    watch.check_definitions()


@pytest.mark.parametrize(
    ("old", "new", "element", "reason"), WRONG, ids=[f"{one[2]} {one[3]}" for one in WRONG]
)
def test_what_would_go_wrong_is_refused(old: str, new: str, element: str, reason: str) -> None:
    files = mutated(old, new)
    defects = gate.defects_of(files, NAMES)
    assert [one for one in defects if one.element == element and reason in one.reason_zh], told(defects)


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 1, "不是格式良好"),
        (b"<a>\n<b>\n</a>", 3, "不是格式良好"),
        (b"\n<!DOCTYPE a><a />", 2, "DOCTYPE"),
        (b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>', 1, "DOCTYPE"),
        (b"<a>\xff</a>", 1, "UTF-8"),
        ('<?xml version="1.0" encoding="GBK"?><a />'.encode("gbk"), 1, "GBK"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a />'.encode("utf-16"), 1, "UTF-8"),
        (b"<a>" * 60 + b"</a>" * 60, 1, "嵌套超过"),
        (b"<a>" * 300 + b"</a>" * 300, 1, "嵌套超过"),
        (b"<a>" + b" " * (1 << 20) + b"</a>", 1, "大于 1 MiB"),
        (b"<a />", 1, "不是 BPMN 2.0"),
        (b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" />', 1, "没有可执行的流程"),
    ],
)
def test_what_is_no_diagram_is_refused(content: bytes, line: int, reason: str) -> None:
    [defect] = gate.defects_of({"x.bpmn": content}, NAMES)
    assert (defect.file, defect.line, reason in defect.reason_zh) == ("x.bpmn", line, True), told([defect])


def test_a_file_that_is_neither_diagram_nor_table_is_refused() -> None:
    [defect] = gate.defects_of({"x.txt": b""}, NAMES)
    assert defect == Defect(
        "x.txt",
        "file_kind",
        "definitions",
        1,
        "只接受 .bpmn 和 .dmn 文件",
        "Only .bpmn and .dmn files are taken",
    )


def test_all_defects_of_all_files_are_told_at_once() -> None:
    files = mutated("x.gather", "x.lost") | {"grade.dmn": b"<a />", "called.bpmn": b"<b"}
    files["main.bpmn"] = files["main.bpmn"].replace(b'default="f_no"', b"")
    defects = gate.defects_of(files, NAMES)
    assert [(one.file, one.element) for one in defects] == [
        ("called.bpmn", "definitions"),
        ("grade.dmn", "definitions"),
        ("main.bpmn", "gather"),
        ("main.bpmn", "judge"),
        ("main.bpmn", "g_ok"),
        ("main.bpmn", "ask"),
        ("main.bpmn", "f_no"),
    ]


def test_a_wrong_table_is_refused_with_its_place() -> None:
    defects = gate.defects_of(mutated("&gt;= 60", "&gt;= = 60", file="grade.dmn"), NAMES)
    assert ("grade.dmn", "gi1", 7) in [(one.file, one.element, one.line) for one in defects], told(defects)


def test_a_decision_is_made_by_one_table_only() -> None:
    [defect] = gate.defects_of({**GOOD, "zzz.dmn": GOOD["grade.dmn"]}, NAMES)
    assert defect == Defect(
        "zzz.dmn",
        "decision_twice",
        "grade",
        3,
        "决策 grade 在 grade.dmn 中已有",
        "The decision grade is made in grade.dmn already",
    )


def test_a_message_has_one_key_in_all_files() -> None:
    other = GOOD["called.bpmn"].replace(b"<process", MESSAGE.encode() + b"<process", 1)
    [defect] = gate.defects_of({**GOOD, "called.bpmn": other}, NAMES)
    assert (defect.file, defect.element) == ("main.bpmn", "m_done")
    assert defect.reason_zh == "消息 MSG_DONE 的关联键是 call_id，在 called.bpmn 中是 bid_id"


def test_processes_that_call_one_another_are_refused() -> None:
    back = b'<callActivity id="back" calledElement="main" /><sequenceFlow id="b" sourceRef="back" targetRef="called_ended" />'
    other = GOOD["called.bpmn"].replace(b'targetRef="called_ended" />', b'targetRef="back" />' + back)
    defects = gate.defects_of({**GOOD, "called.bpmn": other}, NAMES)
    assert [one.reason_zh.partition("：")[0] for one in defects] == ["流程互相调用成环"], told(defects)


def test_a_process_started_by_a_message_cannot_be_called() -> None:
    event = b'<startEvent id="called_started"><messageEventDefinition messageRef="m" /></startEvent>'
    other = GOOD["called.bpmn"].replace(b'<startEvent id="called_started" />', event)
    other = other.replace(b"<process", MESSAGE.replace("bid_id", "call_id").encode() + b"<process", 1)
    [defect] = gate.defects_of({**GOOD, "called.bpmn": other}, NAMES)
    assert (defect.element, defect.reason_zh) == ("ask", "流程 called 没有无消息的开始事件，不能被调用")


def test_without_names_steps_lanes_and_defaults_are_not_asked_for() -> None:
    files = mutated("x.gather", "x.lost")
    for old, new in (("x.write", "x.lost"), ('name="office"', 'name="anyone"')):
        files["main.bpmn"] = files["main.bpmn"].replace(old.encode(), new.encode())
    no_default = '<sequenceFlow id="f_no" sourceRef="g_ok" targetRef="g_wait"><conditionExpression>b</conditionExpression>'
    text = files["main.bpmn"].decode().replace(' default="f_no"', "")
    text = text.replace(
        '<sequenceFlow id="f_no" sourceRef="g_ok" targetRef="g_wait" />', f"{no_default}</sequenceFlow>"
    )
    assert gate.defects_of({**files, "main.bpmn": text.encode()}, None) == []


def test_what_the_engine_cannot_build_is_refused_not_raised() -> None:
    chain = [f'<receiveTask id="n{n}" messageRef="m" />' for n in range(600)]
    ids = ["called_started", *(f"n{n}" for n in range(600)), "called_ended"]
    flows = [
        f'<sequenceFlow id="to_{b}" sourceRef="{a}" targetRef="{b}" />' for a, b in itertools.pairwise(ids)
    ]
    text = GOOD["called.bpmn"].decode()
    text = text.replace(
        '<sequenceFlow id="f_c1" sourceRef="called_started" targetRef="called_ended" />',
        "".join(chain + flows),
    )
    text = text.replace("<process", MESSAGE + "<process", 1)
    [defect] = gate.defects_of({"called.bpmn": text.encode()}, NAMES)
    assert (defect.file, defect.element) == ("called.bpmn", "called")
    assert defect.reason_zh.startswith("引擎无法读取这个流程")


def test_a_broken_diagram_stops_the_start_and_names_the_place(tmp_path: Path) -> None:
    text = (watch.FOLDER / "bid" / "eligibility_review.bpmn").read_text()
    for path in watch.FOLDER.rglob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "eligibility_review.bpmn").write_text(
        text.replace('default="flow_g_eligible_reject_bid"', "")
    )
    lines = text.split("\n")
    gateway = next(n for n, line in enumerate(lines, 1) if 'exclusiveGateway id="g_eligible"' in line)
    flow = next(
        n for n, line in enumerate(lines, 1) if 'sequenceFlow id="flow_g_eligible_reject_bid"' in line
    )
    with pytest.raises(watch.DefinitionError) as caught:
        watch.check_definitions(tmp_path)
    assert str(caught.value).split("\n") == [
        f"eligibility_review.bpmn:{gateway}: g_eligible: 有多条出线的网关必须有默认连线",
        f"eligibility_review.bpmn:{flow}: flow_g_eligible_reject_bid: 不是默认连线，缺少条件",
    ]


def test_what_the_schema_does_not_allow_is_refused() -> None:
    """Parts in another order than BPMN has them; every rule of ours would let it pass."""
    condition = "<conditionExpression>unsafe = true</conditionExpression>"
    files = mutated(condition, f"{condition}<documentation>late</documentation>")
    [defect] = gate.defects_of(files, NAMES)
    assert (defect.code, defect.element) == ("schema", "f_unsafe"), defect
    assert "此处不应有 documentation" in defect.reason_zh
    assert "'documentation': This element is not expected" in defect.reason_en


DECLARED = frozenset({"leader_id", "bid_to", "n", "unsafe", "call_id", "bid_id", "terms"})


def test_variables_that_nobody_declares_are_refused() -> None:
    names = gate.Names(NAMES.steps, NAMES.roles, variables=DECLARED, human=NAMES.human)
    assert gate.defects_of(GOOD, names) == []
    files = mutated("unsafe = true", "unsave = true")
    files["main.bpmn"] = files["main.bpmn"].replace(b'value="leader_id"', b'value="laeder_id"')
    files["main.bpmn"] = files["main.bpmn"].replace(
        b'name="carries" value="bid_id"', b'name="carries" value="bid"'
    )
    told = [(one.code, one.element, one.reason_en) for one in gate.defects_of(files, names)]
    assert told == [
        ("undeclared_name", "m_done", "There is no variable bid"),
        ("undeclared", "write", "write: there is no variable laeder_id"),
        ("undeclared", "f_unsafe", "f_unsafe: there is no variable unsave"),
    ]


def test_rows_that_overlap_are_refused_with_the_double_region() -> None:
    files = mutated("&lt; 60", "&lt;= 60", file="grade.dmn")
    [defect] = gate.defects_of(files, NAMES)
    assert (defect.code, defect.element, defect.reason_zh) == (
        "table_overlap", "grade_low", "第 1 行与第 2 行重叠：points = 60 时两行同时适用",
    )  # fmt: skip


def test_cases_that_no_row_is_for_are_refused_with_the_missing_region() -> None:
    files = mutated("&lt; 60", "&lt; 55", file="grade.dmn")
    found = [(one.code, one.element, one.reason_en) for one in gate.defects_of(files, NAMES)]
    assert found == [("table_gap", "grade", "No row applies for: points = [55..60)")]


def test_a_single_table_is_judged_as_well() -> None:
    assert gate.examine(GOOD["grade.dmn"]).ok
    [found] = gate.examine(GOOD["grade.dmn"].replace(b'hitPolicy="UNIQUE"', b'hitPolicy="BOGUS"')).refusals
    assert (found.code, found.reason_zh) == ("table", "没有命中策略 'BOGUS'")


def test_tables_that_the_campaign_keeps_need_not_be_in_the_file() -> None:
    """And without names of the campaign nobody asks for tables."""
    alone = {name: content for name, content in GOOD.items() if name != "grade.dmn"}
    [missing] = gate.defects_of(alone, NAMES)
    assert (missing.code, missing.element) == ("unknown_table", "judge")
    kept = gate.Names(NAMES.steps, NAMES.roles, tables=frozenset({"grade"}), human=NAMES.human)
    assert gate.defects_of(alone, kept) == []
    assert gate.defects_of(alone, None) == []


def test_the_variables_of_the_campaign_are_those_that_its_diagrams_read() -> None:
    files = read_folder(watch.FOLDER)
    roots = {name: read(content, name) for name, content in files.items() if name.endswith(".bpmn")}
    none = gate.Names(frozenset(), frozenset(), variables=frozenset())
    diagrams = [Diagram(name, root, none) for name, root in roots.items() if not isinstance(root, Defect)]
    for diagram in diagrams:
        variables.check([diagram])
    told = [one.reason_en for diagram in diagrams for one in diagram.defects]
    assert {one.rpartition(" ")[2] for one in told} == VARIABLES


@pytest.mark.parametrize("seed", range(60))
def test_a_spoilt_file_is_judged_never_a_crash(seed: int) -> None:
    files = {**GOOD, **read_folder(watch.FOLDER)}
    _name, content = spoilt(files, seed)
    began = time.process_time()
    report = gate.examine(content, names=KNOWN)
    assert time.process_time() - began < 5
    assert all(one.line >= 1 and one.element and one.reason_zh and one.reason_en for one in report.refusals)
    assert all(one.code in WORDS for one in report.refusals)
