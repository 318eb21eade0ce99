"""What the boxes of a diagram ask for when the token reaches them: services, decisions, messages."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from workflows import clock, dmn
from workflows.engine import variables
from workflows.engine.errors import StepFailed
from workflows.engine.registry import HOOKS, SERVICE
from workflows.errors import Refusal

if TYPE_CHECKING:
    from workflows.engine.runtime import Run
    from workflows.engine.specs import KeyedMessage


def call_service(run: "Run", task: Any, step: str) -> None:
    """Run the function of a service task and keep the variables that it returns."""
    node = task.task_spec.bpmn_id
    if step not in SERVICE:
        raise StepFailed(node, f"no function is registered as {step}")
    run.set_variables(task, call(run, node, SERVICE[step], task.data), verb="auto")


def decide(run: "Run", task: Any, table: str, result: str) -> None:
    """Ask a decision table over the variables and keep its answer, with its trace, in the history.

    The table is the one that ``HOOKS.table`` gives, or else the one of the process's own version.
    """
    node = task.task_spec.bpmn_id
    model = run.definition.tables.get(table)
    if HOOKS.table is not None:
        with _telling(node):
            model = HOOKS.table(run.session, table, _shown(task.data)) or model
    if model is None:
        raise StepFailed(node, f"no decision is called {table}")
    inputs = _known(task, model.inputs(table), asker=table)
    try:
        outcome = model.evaluate(table, inputs)
    except dmn.DecisionError as error:
        raise StepFailed(node, str(error)) from error
    variables.write(task, variables.check(node, {result: outcome.value}))
    trace = dmn.trace_to_json(outcome.trace)
    run.chain.add("decide", node, after={result: outcome.value, "trace": trace})


def send(run: "Run", task: Any, message: "KeyedMessage") -> None:
    """Write a message with this transaction; a job delivers it after the commit."""
    node = task.task_spec.bpmn_id
    payload = _known(task, (message.key, *message.carries), asker=message.name)
    run.messages.append(
        {
            "name": message.name,
            "key": message.key,
            "value": str(payload[message.key]),
            "payload": payload,
            "sender_id": run.process.id,
            "sent_at": clock.now(),
            "status": "new",
        }
    )
    run.chain.add("send", node, after={"message": message.name, message.key: payload[message.key]})


def call(run: "Run", node: str, handler: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that a registered function gives for ``data``."""
    with _telling(node):
        return dict(handler(run.session, _shown(data)) or {})


@contextmanager
def _telling(node: str) -> Iterator[None]:
    """Tell with its place whatever is raised, unless it is a refusal or the database's."""
    try:
        yield
    except (Refusal, StepFailed, DBAPIError):
        raise
    except Exception as error:  # whatever a step raises is told with its place
        raise StepFailed(node, f"{type(error).__name__}: {error}") from error


def _shown(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The variables as the campaign gets them: a copy that it cannot change."""
    return MappingProxyType(dict(data))


def _known(task: Any, names: Sequence[str], *, asker: str) -> dict[str, Any]:
    """The values of the variables ``names``. Raises StepFailed when the process does not know one."""
    missing = [name for name in names if name not in task.data]
    if missing:
        unknown = f"{asker} needs {', '.join(missing)}, which the process does not know"
        raise StepFailed(task.task_spec.bpmn_id, unknown)
    return {name: task.data[name] for name in names}
