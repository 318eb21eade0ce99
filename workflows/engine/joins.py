"""Where tokens meet: parallel and inclusive gateways, and the end of a process.

SpiffWorkflow 3.2.0 reads who has arrived from the tree of all that ever happened. It lets a gateway in a loop go on
with a token of the round before, and keeps the whole tree. Here one waiting task counts the tokens on each way in.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException
from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.util.task import TaskState

from workflows.engine.lean import FINISHED, PREDICTED

ARRIVED = "arrived"  # tokens by the name of the box that they came from
STANDING = TaskState.READY | TaskState.WAITING | TaskState.STARTED


def tokens(scope: Any) -> Iterator[Any]:
    """The tasks of a scope that hold a token: under way, or just reached and not yet looked at."""
    for task in scope.tasks.values():
        if task.has_state(STANDING) or (task.has_state(PREDICTED) and task.parent.has_state(FINISHED)):
            yield task


class Meeting:
    """One task waits here; whoever arrives takes over what it has counted, and its variables."""

    _inputs: list[str]

    def _update_hook(self, my_task: Any) -> bool:
        if ARRIVED not in my_task.internal_data:
            self._arrive(my_task)
        if not self._may_go_on(my_task, my_task.internal_data[ARRIVED]):
            my_task._set_state(TaskState.WAITING)
            return False
        left = self._left(my_task.internal_data.pop(ARRIVED))
        if left:  # more than one token on one way in: the others stay
            rest = my_task.parent._add_child(self, TaskState.WAITING)
            rest.data, rest.internal_data = dict(my_task.data), {ARRIVED: left}
        return True

    def _arrive(self, my_task: Any) -> None:
        my_task._inherit_data()
        arrived = Counter({my_task.parent.task_spec.name: 1})
        for other in list(my_task.workflow.tasks.values()):
            if other.task_spec is self and other.state == TaskState.WAITING and other is not my_task:
                arrived.update(other.internal_data[ARRIVED])
                my_task.data = {**other.data, **my_task.data}
                other.cancel()
        my_task.internal_data[ARRIVED] = dict(arrived)

    def _may_go_on(self, my_task: Any, arrived: Mapping[str, int]) -> bool:
        raise NotImplementedError

    def _left(self, arrived: Mapping[str, int]) -> dict[str, int]:
        """What is left when one token of each way in has gone on."""
        return dict(Counter(arrived) - Counter(self._inputs))


class ParallelMeeting(Meeting, ParallelGateway):  # type: ignore[misc]
    """Waits for a token on every way in."""

    def _may_go_on(self, my_task: Any, arrived: Mapping[str, int]) -> bool:
        return Counter(self._inputs) <= Counter(arrived)

    def _run_hook(self, my_task: Any) -> bool:
        return True


class InclusiveMeeting(Meeting, InclusiveGateway):  # type: ignore[misc]
    """Waits until no token elsewhere can still come by a way in that has none.

    A token that can also come by a way in that has one does not hold it up (BPMN 2.0.2, 13.4.3).
    """

    def _may_go_on(self, my_task: Any, arrived: Mapping[str, int]) -> bool:
        filled = arrived.keys()
        empty = set(self._inputs) - filled
        if not empty:
            return True
        all_ways = (
            ways_in(self, one.task_spec) for one in tokens(my_task.workflow) if one.task_spec is not self
        )
        return not any(ways & empty and not ways & filled for ways in all_ways)

    def _run_hook(self, my_task: Any) -> bool:
        matches, defaults = self._get_matching_outputs(my_task)
        if not matches and not defaults:
            raise WorkflowTaskException("No conditions satisfied on gateway", task=my_task)
        my_task._sync_children(matches or defaults, TaskState.FUTURE)
        return True


class EndMeeting(Meeting, _EndJoin):  # type: ignore[misc]
    """Where all ends of a process meet: waits until nothing else is under way."""

    def _may_go_on(self, my_task: Any, arrived: Mapping[str, int]) -> bool:
        return all(one.task_spec is self for one in tokens(my_task.workflow))

    def _left(self, arrived: Mapping[str, int]) -> dict[str, int]:
        return {}

    def _run_hook(self, my_task: Any) -> bool:
        my_task.workflow.data.update(my_task.data)
        return True


def ways_in(gateway: Any, box: Any) -> frozenset[str]:
    """By which ways a token at ``box`` can come to ``gateway`` for the first time; found once."""
    known: dict[str, frozenset[str]] = gateway.__dict__.setdefault("ways_in", {})
    if box.name not in known:
        seen, pending = {box.name}, [box]
        while pending:
            for after in pending.pop().outputs:
                if after is not gateway and after.name not in seen:
                    seen.add(after.name)
                    pending.append(after)
        known[box.name] = frozenset(seen & set(gateway._inputs))
    return known[box.name]
