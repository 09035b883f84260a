"""Runs flows within pytest, as their tests will, until stand-ins are found with which they complete.

The parent gives each flow as JSON; what came of it goes back the same way. Tasks that reach out of the process are
stood in for from the start, so that nothing outside is touched.
"""

import importlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeproof.scaffold.flows.finding import FlowSource, Parameter, TaskSource
from pipeproof.scaffold.flows.samples import UNKNOWN, Record, next_kind, sample, shapes
from pipeproof.scaffold.literals import imports_of, is_written, write

_TRIES = 40
_UNSTABLE = "at 0x"

RunFlow = Callable[..., Any]


def probe_file(given: Path, answers: Path, run_flow: RunFlow, patch: Any) -> None:
    """Run the flow in a file, and write down what came of it.

    Args:
        given: JSON of a [FlowSource][].
        answers: Where what came of it goes.
        run_flow: The fixture.
        patch: pytest's `MonkeyPatch`.
    """
    flow = read_flow(json.loads(given.read_text(encoding="utf-8")))
    answers.write_text(json.dumps(probe(flow, run_flow, patch)), encoding="utf-8")


def read_flow(data: Mapping[str, Any]) -> FlowSource:
    """Return a flow from its JSON."""
    tasks = tuple(
        TaskSource(**{**task, "parameters": tuple(Parameter(**each) for each in task["parameters"])})
        for task in data["tasks"]
    )
    parameters = tuple(Parameter(**each) for each in data["parameters"])
    places = {"file": Path(data["file"]), "root": Path(data["root"])}
    return FlowSource(**{**data, **places, "tasks": tasks, "parameters": parameters})


def dump_flow(flow: FlowSource) -> str:
    """Return a flow as JSON."""
    return json.dumps(asdict(flow), default=str)


def probe(flow: FlowSource, run_flow: RunFlow, patch: Any) -> dict[str, Any]:
    """Return what a flow's test needs: arguments, stand-ins and assertions; or the `reason` why there is none."""
    arguments = {each.name: sample(each.name, each.annotation) for each in flow.parameters if each.required}
    strange = next((each for each in flow.parameters if each.required and arguments[each.name] is UNKNOWN), None)
    if strange is not None:
        kind = f"is a {strange.annotation}" if strange.annotation else "has no annotation"
        return {"reason": f"its parameter {strange.name} {kind}: what to call it with is not known"}
    try:
        module = importlib.import_module(flow.module)
    except Exception as error:  # noqa: BLE001 - whatever the user's module raises is why
        return {"reason": f"its module cannot be imported: {type(error).__name__}: {error}"}
    function = getattr(module, flow.function)
    outside = [task for task in flow.tasks if task.outside]
    told = "it was not run"
    tries = itertools.islice(_shapes(outside), _TRIES)
    for annotations in tries:
        record = Record()
        for _ in range(_TRIES):
            values = {
                task.reference: None if task.silent else sample(task.name, annotations[task.reference], record)
                for task in outside
            }
            if any(value is UNKNOWN for value in values.values()):
                break
            calls: list[tuple[str, Any]] = []
            with patch.context() as within:
                for task in outside:
                    within.setattr(_find(module, task.reference), "fn", _stand_in(task, values[task.reference], calls))
                result = run_flow(function, check=False, **arguments)
            if result.state.is_completed():
                return _describe(flow, arguments, values, calls, result)
            told = f"{type(result.error).__name__}: {result.error}".splitlines()[0]
            if not outside or not _learn(record, result.error):
                break
    return {"reason": f"it does not complete with values that were made up for what its tasks fetch ({told})"}


def _shapes(tasks: list[TaskSource]) -> Iterator[dict[str, str | None]]:
    """Yield what each stood-in task may return."""
    known = [[task.returns] if task.silent or _is_known(task.returns) else list(shapes()) for task in tasks]
    for chosen in itertools.product(*known):
        yield dict(zip((task.reference for task in tasks), chosen, strict=True))


def _is_known(annotation: str | None) -> bool:
    return annotation not in (None, "Any", "object") and sample("it", annotation) is not UNKNOWN


def _learn(record: Record, error: BaseException | None) -> bool:
    """Take from a failure which key a row lacks, or that the value of the last one is of another kind."""
    causes = []
    while error is not None:
        causes.append(error)
        error = error.__cause__ or error.__context__
    for cause in causes:
        if isinstance(cause, KeyError) and cause.args and isinstance(cause.args[0], str):
            if cause.args[0] in record.keys:
                return False
            record.keys[cause.args[0]] = "number"
            return True
    for name in reversed(record.keys):
        further = next_kind(record.keys[name])
        if further is not None:
            record.keys[name] = further
            return True
        record.keys[name] = "number"
    return False


def _find(module: Any, reference: str) -> Any:
    found = module
    for name in reference.split("."):
        found = getattr(found, name)
    return found


def _stand_in(task: TaskSource, value: Any, calls: list[tuple[str, Any]]) -> Callable[..., Any]:
    names = ", ".join(each.name if each.required else f"{each.name}=None" for each in task.parameters)
    passed = ", ".join(each.name for each in task.parameters)

    def note(*given: Any) -> Any:
        calls.append((task.reference, given))
        return value

    scope: dict[str, Any] = {"note": note}
    head = "async def" if task.is_async else "def"
    exec(f"{head} stand_in({names}):\n    return note({passed})\n", scope)  # noqa: S102 - of names that ast has read
    made: Callable[..., Any] = scope["stand_in"]
    return made


def _describe(
    flow: FlowSource, arguments: Mapping[str, Any], values: Mapping[str, Any], calls: list[tuple[str, Any]], result: Any
) -> dict[str, Any]:
    silent = {task.reference for task in flow.tasks if task.silent}
    inside = list(dict.fromkeys(task.name for task in flow.tasks if not task.outside))
    told = [_assertion("result.value", result.value)]
    for task_name in inside:
        found = [run.value for run in result.task_runs[task_name]] if task_name in result.task_runs else []
        if len(found) > 1:
            all_values = f'sorted((run.value for run in result.task_runs["{task_name}"]), key=repr)'
            told.append(_assertion(all_values, sorted(found, key=repr)))
        elif found:
            told.append(_assertion(f'result.task_runs["{task_name}"][0].value', found[0]))
    passed: dict[str, list[Any]] = {}
    for reference, arguments_of in calls:
        if reference in silent:
            passed.setdefault(reference, []).append(arguments_of[0] if len(arguments_of) == 1 else arguments_of)
    shown = {name: noted for name, noted in passed.items() if is_written(noted)}
    told += [_assertion(recorder(name), noted) for name, noted in shown.items()]
    kept = [line for line in told if line]
    if not kept:
        return {"reason": "what it gives cannot be written down: it has no form in Python's source"}
    return {
        "arguments": {name: write(value, 8, len(name) + 1) for name, value in arguments.items()},
        "stand_ins": {name: write(value, 4, 40) for name, value in values.items()},
        "recorded": sorted(shown),
        "assertions": kept,
        "imports": imports_of([list(arguments.values()), list(values.values()), result.value, list(shown.values())]),
    }


def recorder(reference: str) -> str:
    """Return what the list is called that a stood-in task notes its calls in."""
    return f"{reference.replace('.', '_')}_calls"


def _assertion(what: str, value: Any) -> str:
    if value is None:
        return f"    assert {what} is None"
    if is_written(value):
        return f"    assert {what} == {write(value, 4, len(what) + 11)}"
    text = repr(value)
    return f"    assert repr({what}) == {write(text)}" if _UNSTABLE not in text and len(text) < 400 else ""
