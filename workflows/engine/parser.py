"""BPMN XML to the specifications that run: SpiffWorkflow's parser with our boxes in its table."""

from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser, full_tag
from SpiffWorkflow.bpmn.parser.event_parsers import (
    BoundaryEventParser,
    EndEventParser,
    EventDefinitionParser,
    IntermediateCatchEventParser,
    IntermediateThrowEventParser,
    ReceiveTaskParser,
    SendTaskParser,
    StartEventParser,
)
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.task_parsers import (
    CallActivityParser,
    ConditionalGatewayParser,
    GatewayParser,
    SubWorkflowParser,
)
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    CallActivity,
    EndEvent,
    IntermediateCatchEvent,
    IntermediateThrowEvent,
    ReceiveTask,
    SendTask,
    StartEvent,
    SubWorkflowTask,
)
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask

from workflows.engine.joins import InclusiveMeeting, ParallelMeeting
from workflows.engine.lean import make_lean
from workflows.engine.specs import (
    SOLO,
    AbstractTask,
    CycleTimer,
    DecisionTask,
    DueTimer,
    EachInTurn,
    EventSubprocessTask,
    Human,
    HumanTask,
    KeyedMessage,
    Loop,
    ProcessSpec,
    ServiceStep,
)

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
NAMESPACES = {"bpmn": BPMN, "spiff": SPIFF}


def properties(node: Any) -> dict[str, str]:
    """The extension properties of one element, by name."""
    found = node.xpath("./bpmn:extensionElements/spiff:properties/spiff:property", namespaces=NAMESPACES)
    return {item.get("name"): item.get("value", "") for item in found}


def operator(node: Any) -> str | None:
    """The name of the function that a service task calls."""
    found = node.xpath("./bpmn:extensionElements/spiff:serviceTaskOperator/@id", namespaces=NAMESPACES)
    return found[0] if found else None


def table_name(node: Any) -> str | None:
    """The id of the decision that a business rule task asks."""
    found = node.xpath("./bpmn:extensionElements/spiff:calledDecisionId/text()", namespaces=NAMESPACES)
    return found[0].strip() if found else None


class HumanTaskParser(TaskParser):  # type: ignore[misc]
    def create_task(self) -> HumanTask:
        # A multi-instance marker on a user task is a round of people; SpiffWorkflow must not see it.
        markers = self.xpath("./bpmn:multiInstanceLoopCharacteristics")
        for marker in markers:
            self.node.remove(marker)
        # The node's own lane counts; SpiffWorkflow lets a sub-process hand its lane down over it.
        own = self.process_parser.get_lane_name(self.bpmn_id)
        self.lane: str | None = own or self.lane
        task: HumanTask = super().create_task()
        said = properties(self.node)
        task.human = Human(
            step=said.get("step", ""),
            lane=self.lane or "",
            policy=said.get("round", "all") if markers else SOLO,
            veto=said.get("veto") == "true",
            lanes=tuple(said.get("roles", "").replace(",", " ").split()),
            may_be_empty=said.get("empty") == "skip",
            result=said.get("result") or (f"{self.bpmn_id}_result" if markers else None),
            **{
                key: said.get(key)
                for key in ("stage", "ratio", "assignees", "weights", "unit", "post", "due", "due_workdays")
            },
        )
        return task


class ServiceStepParser(TaskParser):  # type: ignore[misc]
    def create_task(self) -> ServiceStep:
        task: ServiceStep = super().create_task()
        task.step = operator(self.node) or ""
        return task


class DecisionParser(TaskParser):  # type: ignore[misc]
    def create_task(self) -> DecisionTask:
        task: DecisionTask = super().create_task()
        task.table = table_name(self.node) or ""
        task.result = properties(self.node).get("result", task.table)
        return task


class OurEvents(EventDefinitionParser):  # type: ignore[misc]
    """Timers and messages of our own, wherever an event stands."""

    def parse_timer_event(self, event: Any) -> DueTimer:
        for tag, timer in (("timeDate", DueTimer), ("timeDuration", DueTimer), ("timeCycle", CycleTimer)):
            found = self._xpath(event, f"./bpmn:{tag}")
            if found:
                description = self.get_event_description(event)
                return timer(self.bpmn_id, found[0].text or "", description=description)
        self.raise_validation_exception("a timer without a time")
        raise AssertionError

    def parse_message_event(self, message_event: Any) -> KeyedMessage:
        message = self.process_parser.parser.message_nodes.get(message_event.get("messageRef"))
        if message is None:
            self.raise_validation_exception("a message event without a message")
        said = properties(message)
        carries = tuple(said.get("carries", "").replace(",", " ").split())
        return KeyedMessage(
            message.get("name"), said.get("key", ""), carries, self.get_event_description(message_event)
        )


class OurStart(OurEvents, StartEventParser):  # type: ignore[misc]
    pass


class OurEnd(OurEvents, EndEventParser):  # type: ignore[misc]
    pass


class OurCatch(OurEvents, IntermediateCatchEventParser):  # type: ignore[misc]
    pass


class OurThrow(OurEvents, IntermediateThrowEventParser):  # type: ignore[misc]
    pass


class OurBoundary(OurEvents, BoundaryEventParser):  # type: ignore[misc]
    pass


class OurSend(OurEvents, SendTaskParser):  # type: ignore[misc]
    pass


class OurReceive(OurEvents, ReceiveTaskParser):  # type: ignore[misc]
    pass


class OurCall(CallActivityParser):  # type: ignore[misc]
    STANDARD_LOOP_CLASS = Loop
    SEQUENTIAL_MI_CLASS = EachInTurn


class OurSubprocess(SubWorkflowParser):  # type: ignore[misc]
    STANDARD_LOOP_CLASS = Loop
    SEQUENTIAL_MI_CLASS = EachInTurn

    def create_task(self) -> Any:
        if self.node.get("triggeredByEvent") != "true":
            return super().create_task()
        self.spec_class = EventSubprocessTask
        task = super().create_task()
        start = self.xpath("./bpmn:startEvent")[0]
        task.is_interrupting = start.get("isInterrupting", "true") == "true"
        return task


class OurProcess(ProcessParser):  # type: ignore[misc]
    def create_spec(self) -> ProcessSpec:
        return ProcessSpec(name=self.bpmn_id, description=self.get_name(), filename=self.filename)


class Parser(BpmnParser):  # type: ignore[misc]
    """Parses the files of one bundle; ``specs_of`` gives what an instance of a process needs."""

    PROCESS_PARSER_CLASS = OurProcess
    OVERRIDE_PARSER_CLASSES = {
        full_tag("userTask"): (HumanTaskParser, HumanTask),
        full_tag("task"): (TaskParser, AbstractTask),
        full_tag("serviceTask"): (ServiceStepParser, ServiceStep),
        full_tag("businessRuleTask"): (DecisionParser, DecisionTask),
        full_tag("parallelGateway"): (GatewayParser, ParallelMeeting),
        full_tag("inclusiveGateway"): (ConditionalGatewayParser, InclusiveMeeting),
        full_tag("subProcess"): (OurSubprocess, SubWorkflowTask),
        full_tag("callActivity"): (OurCall, CallActivity),
        full_tag("startEvent"): (OurStart, StartEvent),
        full_tag("endEvent"): (OurEnd, EndEvent),
        full_tag("intermediateCatchEvent"): (OurCatch, IntermediateCatchEvent),
        full_tag("intermediateThrowEvent"): (OurThrow, IntermediateThrowEvent),
        full_tag("boundaryEvent"): (OurBoundary, BoundaryEvent),
        full_tag("sendTask"): (OurSend, SendTask),
        full_tag("receiveTask"): (OurReceive, ReceiveTask),
    }

    def __init__(self) -> None:
        super().__init__()
        self.message_nodes: dict[str, Any] = {}

    def add(self, root: etree._Element, file: str) -> None:
        """Take in one parsed diagram."""
        for message in root.iter(f"{{{BPMN}}}message"):
            self.message_nodes[message.get("id", "")] = message
        self.add_bpmn_xml(root, file)

    def specs_of(self, process: str) -> tuple[ProcessSpec, dict[str, ProcessSpec]]:
        """The specification of ``process`` and of all that it calls or embeds, ready to be shared."""
        spec = self.get_spec(process)
        parts = self.get_subprocess_specs(process)
        for one in (spec, *parts.values()):
            _make_shareable(one)
        return spec, parts


def _make_shareable(spec: ProcessSpec) -> None:
    """Do now what SpiffWorkflow does to a specification while an instance runs.

    It wires a loop to its body when the first child is created, and an event sub-process to the end when it
    first starts: an instance loaded by another server would stall, and one instance would change all others.
    """
    for task_spec in list(spec.task_specs.values()):
        if isinstance(task_spec, LoopTask):
            body = spec.task_specs[task_spec.task_spec]
            body.completed_event.connect(task_spec.merge_child)
    for name in spec.start.trigger_specs:
        spec.task_specs[name].connect(spec.end)
    make_lean(spec)
