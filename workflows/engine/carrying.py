"""An instance carried from one version of its definition to another: the same tokens in the boxes of the new diagrams.

Only what is under way is carried. Boxes map by their ids within the scope that maps, or as the operator says; what
follows is drawn up anew. A token keeps its serial, and with it its work items; a timer that runs keeps its instant.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, CallActivity
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows.engine.codec import Instance
from workflows.engine.collapse import collapse
from workflows.engine.definitions import Definition
from workflows.engine.errors import StepFailed
from workflows.engine.gate.markings import box_id
from workflows.engine.joins import ARRIVED, EndMeeting, Meeting, ways_in
from workflows.engine.lean import PREDICTED
from workflows.engine.motion import Motion
from workflows.engine.specs import SOLO, DueTimer, EachInTurn, HumanTask, KeyedMessage
from workflows.engine.waiting import events_of, timers_of

TIMED = ("due", "fired", "rounds")  # what a task keeps of a timer, before the timer's name


@dataclass(frozen=True)
class Note:
    """Something to tell of a box: its id, and a sentence for people."""

    node: str
    text: str


@dataclass
class Carried:
    """``workflow`` under the new definition; of use only without ``problems``, which are why it cannot be carried.

    ``notes`` tell what is otherwise than before; ``nodes`` where each token stood, and where it stands now.
    """

    workflow: Instance
    problems: list[Note] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    nodes: dict[str, str] = field(default_factory=dict)


def carry(old: Instance, before: Definition, after: Definition, mapping: Mapping[str, str]) -> Carried:
    """Carry ``old`` from the version ``before`` to ``after``; ``mapping`` gives new ids of boxes by old ones.

    ``old`` is collapsed on the way, and otherwise as it was.
    """
    collapse(old)
    new = Instance(after.spec, after.parts, deserializing=True)
    Motion(after, new)  # by whose expressions new timers find their instants
    carrier = _Carrier(Carried(new), before, after, mapping)
    carrier.scope(old, new)
    new.last_serial = old.last_serial
    drawn = set(after.labels)
    new.passed = {mapping.get(node, node) for node in old.passed} & drawn
    return carrier.done


class _Carrier:
    def __init__(
        self, done: Carried, before: Definition, after: Definition, mapping: Mapping[str, str]
    ) -> None:
        self.done, self.before, self.after, self.mapping = done, before, after, mapping
        self.origins = {new: old for old, new in mapping.items()}

    def scope(self, old: Any, new: Any) -> None:
        """Carry what is under way in one process or sub-process."""
        new.data, new.success, new.completed = dict(old.data), old.success, old.completed
        root = self._copy(old.task_tree, new, new.spec.start, None)
        new.task_tree = root
        for task in old.task_tree.children:
            if isinstance(task.task_spec, BoundaryEventSplit):
                self._box(_main(task), root, split=task)
            elif task.has_state(PREDICTED):
                self._refuse(task.task_spec, "令牌正在途中，请稍后再试。")
            elif isinstance(task.task_spec, Meeting):
                self._meeting(task, root)
            else:
                self._box(task, root, split=None)

    def _box(self, old: Any, anchor: Any, *, split: Any) -> None:
        """Carry an activity, or an event that is waited for, with its boundary events."""
        spec = self._counterpart(old, anchor.workflow)
        if spec is None:
            return
        boundaries = anchor.workflow.spec.task_specs.get(f"{spec.bpmn_id}.BoundaryEventSplit")
        holder = anchor
        if boundaries is not None:
            holder = self._copy(split or old, anchor.workflow, boundaries, anchor, same=split is not None)
            holder._state, holder.internal_data, holder.triggered = TaskState.COMPLETED, {}, False
        task = self._copy(old, anchor.workflow, spec, holder)
        self._timers(old, task)
        self._ahead(task)
        if isinstance(spec, LoopTask):
            self._rounds(old, task)
        elif isinstance(spec, SubWorkflowTask):
            self._inside(old, task)
        if boundaries is not None:
            for event in boundaries.outputs:
                if isinstance(event, BoundaryEvent):
                    self._boundary(split, event, task, holder)
        self._tell_removed(split, boundaries)
        if isinstance(spec, HumanTask) and spec.human != old.task_spec.human:
            self._note(spec.bpmn_id, "新版本问的人、期限或会签规则有变，在办的任务保持原样。")
        self.done.nodes[old.task_spec.bpmn_id] = spec.bpmn_id

    def _counterpart(self, old: Any, scope: Any) -> Any:
        """The box of the new version that takes the token of ``old``; None when that is refused."""
        was = old.task_spec
        if was.bpmn_id is None:
            return self._refuse(was, "令牌正在途中，请稍后再试。")
        wanted = self.mapping.get(was.bpmn_id, was.bpmn_id)
        bodies = {box.task_spec for box in scope.spec.task_specs.values() if isinstance(box, LoopTask)}
        boxes = (box for box in scope.spec.task_specs.values() if box.name not in bodies)
        spec = next((box for box in boxes if box.bpmn_id == wanted), None)
        if spec is None:
            return self._refuse(was, f"新版本的同一范围内没有环节 {wanted}。")
        reason = _difference(was, spec)
        return spec if reason is None else self._refuse(was, reason)

    def _meeting(self, old: Any, root: Any) -> None:
        """Carry tokens that wait for others, by the ways on which they came."""
        scope, was = root.workflow, old.task_spec
        if isinstance(was, EndMeeting):
            spec = scope.spec.end
        else:
            spec = self._counterpart(old, scope)
            if spec is None:
                return
        arrived: dict[str, int] = {}
        for name, number in old.internal_data[ARRIVED].items():
            way = self._way(old.workflow.spec.task_specs[name], spec, scope)
            if way is not None:
                arrived[way] = arrived.get(way, 0) + number
        task = self._copy(old, scope, spec, root)
        task.internal_data[ARRIVED] = arrived
        self._ahead(task)
        if was.bpmn_id is not None:
            self.done.nodes[was.bpmn_id] = spec.bpmn_id

    def _way(self, came_from: Any, meeting: Any, scope: Any) -> str | None:
        """By which way in a token counts as arrived that came from the box ``came_from``; None when that is refused."""
        node = box_id(came_from)
        wanted = self.mapping.get(node, node)
        same = [name for name in meeting._inputs if box_id(scope.spec.task_specs[name]) == wanted]
        if same:
            return str(same[0])
        if isinstance(meeting, EndMeeting):
            return str(meeting._inputs[0])  # whichever: it waits for all others only
        box = next((one for one in scope.spec.task_specs.values() if one.bpmn_id == wanted), None)
        ways = ways_in(meeting, box) if box is not None else frozenset()
        if len(ways) != 1:
            name = self.before.labels.get(node) or node
            self._refuse(meeting, f"从“{name}”到达的令牌，在新版本里不知从哪一路进入。")
            return None
        self._note(meeting.bpmn_id, "已经到达的令牌不再经过新版本在它前面增加的环节。")
        (way,) = ways
        return way

    def _timers(self, old: Any, task: Any) -> None:
        """Let the timers of a task run on to their instants; those that are new begin now."""
        names = {timer.name: self.mapping.get(timer.name, timer.name) for timer in timers_in(old)}
        kept = {
            key: value
            for key, value in old.internal_data.items()
            if not key.startswith(tuple(f"{one} " for one in TIMED))
        }
        now = {timer.name for timer in timers_in(task)}
        for was, name in names.items():
            if name in now:
                kept |= {
                    f"{one} {name}": old.internal_data[f"{one} {was}"]
                    for one in TIMED
                    if f"{one} {was}" in old.internal_data
                }
            else:
                self._note(was, "新版本没有这个定时，迁移时撤销。")
        task.internal_data = kept
        for timer in timers_in(task):
            if f"due {timer.name}" not in kept:
                self._begin(task, timer)

    def _begin(self, task: Any, timer: DueTimer) -> None:
        try:
            timer.has_fired(task)
        except StepFailed as failed:
            self._refuse(task.task_spec, f"新版本的定时算不出期限：{failed}")
        else:
            self._note(timer.name, "新版本增加的定时，从迁移时起算。")

    def _boundary(self, split: Any, event: Any, task: Any, holder: Any) -> None:
        """Carry a boundary event, or begin one that is new; one that has gone off for the last time stays away."""
        node = self.origins.get(event.bpmn_id, event.bpmn_id)
        was = next((one for one in _events_at(split) if one.bpmn_id == node), None)
        if was is not None and _kinds(was) == _kinds(event):
            old = next((one for one in split.children if one.task_spec is was), None)
            if old is not None:
                carried = self._copy(old, holder.workflow, event, holder)
                self._timers(old, carried)
                self._ahead(carried)
            return
        fresh = Task(holder.workflow, event, parent=holder, state=TaskState.WAITING)
        fresh.data = dict(task.data)
        self._listen(fresh)
        for timer in timers_in(fresh):
            self._begin(fresh, timer)
        self._ahead(fresh)

    def _tell_removed(self, split: Any, boundaries: Any) -> None:
        now = {event.bpmn_id: event for event in boundaries.outputs} if boundaries is not None else {}
        for was in _events_at(split):
            event = now.get(self.mapping.get(was.bpmn_id, was.bpmn_id))
            if event is None or _kinds(was) != _kinds(event):
                self._note(was.bpmn_id, "新版本没有这个边界事件，迁移时撤销。")

    def _rounds(self, old: Any, task: Any) -> None:
        """Carry the round of a loop that is under way."""
        for child in old.children:
            if child.has_state(PREDICTED):
                continue
            body = task.workflow.spec.task_specs[task.task_spec.task_spec]
            reason = _difference(child.task_spec, body)
            if reason is not None:
                self._refuse(old.task_spec, reason)
            else:
                self._inside(child, self._copy(child, task.workflow, body, task))

    def _inside(self, old: Any, task: Any) -> None:
        """Carry the sub-process or called process of a task."""
        top = self.done.workflow
        part = BpmnSubWorkflow(top.subprocess_specs[task.task_spec.spec], task.id, top, deserializing=True)
        top.subprocesses[task.id] = part
        part.completed_event.connect(task.task_spec._on_subworkflow_completed, task)
        self._ahead(task)
        self.scope(old.workflow.top_workflow.subprocesses[old.id], part)

    def _copy(self, old: Any, scope: Any, spec: Any, parent: Any, *, same: bool = True) -> Any:
        """A task at ``spec`` as ``old`` is at its box, with the same serial unless it is not the ``same`` task."""
        id_: UUID = old.id if same else uuid4()
        task = Task(scope, spec, parent=parent, state=old.state, id=id_)
        task.triggered, task.data = old.triggered, dict(old.data)
        task.internal_data = dict(old.internal_data)
        if task.state == TaskState.WAITING and isinstance(spec, CatchingEvent):
            self._listen(task)
        return task

    def _listen(self, task: Any) -> None:
        self.done.workflow.event_manager.add_task(task)

    def _ahead(self, task: Any) -> None:
        """Draw up what follows on a task."""
        task.task_spec._predict(task, mask=TaskState.NOT_FINISHED_MASK)

    def _refuse(self, spec: Any, text: str) -> None:
        self.done.problems.append(Note(box_id(spec), text))

    def _note(self, node: str, text: str) -> None:
        self.done.notes.append(Note(node, text))


def _main(split: Any) -> Any:
    """The activity to which the boundary events of ``split`` belong."""
    return next(one for one in split.children if not isinstance(one.task_spec, BoundaryEvent))


def timers_in(task: Any) -> list[DueTimer]:
    """The timers of a task; none of one that catches nothing."""
    return timers_of(task) if isinstance(task.task_spec, CatchingEvent) else []


def _events_at(split: Any) -> Iterator[Any]:
    if split is not None:
        yield from (box for box in split.task_spec.outputs if isinstance(box, BoundaryEvent))


def _difference(was: Any, now: Any) -> str | None:
    """Why a token at ``was`` cannot stand at ``now``; None when it can."""
    if type(was).__name__ != type(now).__name__:
        return f"新版本的 {now.bpmn_id} 不是同一种环节。"
    if isinstance(was, HumanTask):
        if was.human.step != now.human.step:
            return f"新版本的 {now.bpmn_id} 是另一个步骤：{now.human.step}。"
        if (was.human.policy == SOLO) != (now.human.policy == SOLO):
            return f"新版本的 {now.bpmn_id} 由单人办理与会签之间改变。"
    if isinstance(was, CatchingEvent) and len(_kinds(was)) == 1 and _kinds(was) != _kinds(now):
        return f"新版本的 {now.bpmn_id} 等待的是另一种事件。"
    if isinstance(was, CallActivity) and was.spec != now.spec:
        return f"新版本的 {now.bpmn_id} 调用的是另一个流程：{now.spec}。"
    if isinstance(was, EachInTurn) and _item(was) != _item(now):
        return f"新版本的 {now.bpmn_id} 逐项办理的变量换了名字。"
    return None


def _item(loop: Any) -> str | None:
    return None if loop.input_item is None else loop.input_item.bpmn_id


def _kinds(spec: Any) -> list[tuple[str, ...]]:
    """What a box waits for: the kind of each event, of a message which."""
    return [
        (type(one).__name__, one.name, one.key) if isinstance(one, KeyedMessage) else (type(one).__name__,)
        for one in events_of(spec)
    ]
