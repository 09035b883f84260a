"""Everything that `pipeproof init` would write for a project, and what it cannot write, with the reasons."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pipeproof.errors import PipeproofError
from pipeproof.scaffold.literals import identifier
from pipeproof.scaffold.project import Project
from pipeproof.scaffold.workflow import PLACE, render_workflow


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to be written.

    Attributes:
        path: Where.
        text: What.
        what: What of the project it is for.
    """

    path: Path
    text: str
    what: str


@dataclass(frozen=True, slots=True)
class Left:
    """Something of the project that gets no test, and why."""

    what: str
    reason: str


def make_plan(project: Project) -> Iterator[NewFile | Left]:
    """Yield the files for a project: the workflow's, and one of tests for each thing found."""
    found = [*_machines(project), *_models(project), *_flows(project)]
    if found:
        directory = project.folder.relative_to(project.repository).as_posix()
        yield NewFile(project.repository / PLACE, render_workflow(directory), "the workflow")
    yield from found


def _test_file(project: Project, name: str, text: str, what: str) -> NewFile:
    depth = len(project.tests.parts)
    placed = text.replace("Path(__file__).parents[1]", f"Path(__file__).parents[{depth}]")
    return NewFile(project.folder / project.tests / name, placed, what)


def _machines(project: Project) -> Iterator[NewFile | Left]:
    if not project.definitions:
        return
    if find_spec("moto") is None or find_spec("boto3") is None:
        from pipeproof.scaffold.machines.finding import may_hold_machines

        held = [file for file in project.definitions if may_hold_machines(file)]
        yield from (_missing(str(file.relative_to(project.folder)), "aws") for file in held)
        return
    from pipeproof.scaffold.machines.finding import find_machines_of, write_machine_test

    for machine in find_machines_of(project.folder, project.definitions):
        what = f"state machine {machine.title} ({machine.source.file})"
        try:
            name, text = write_machine_test(project.folder, machine)
        except PipeproofError as error:
            yield Left(what, str(error).splitlines()[0])
        else:
            yield _test_file(project, name, text, what)


def _models(project: Project) -> Iterator[NewFile | Left]:
    if not project.dbt:
        return
    names = ", ".join(folder.relative_to(project.folder).as_posix() for folder in project.dbt)
    if len(project.dbt) > 1:
        yield Left(
            f"dbt projects {names}", "there are several: run `pipeproof init --directory` with the folder of each"
        )
        return
    if find_spec("dbt") is None or find_spec("duckdb") is None:
        yield _missing(f"dbt project {names}", "dbt")
        return
    from pipeproof.scaffold.models.writing import ModelTest, render_models, test_models

    tests: list[ModelTest] = []
    left: list[tuple[str, str]] = []
    try:
        for made in test_models(project.dbt[0]):
            if isinstance(made, ModelTest):
                tests.append(made)
            else:
                left.append(made)
    except PipeproofError as error:
        yield Left(f"dbt project {names}", str(error).splitlines()[0])
        return
    if tests:
        text = render_models(project.dbt[0].name, tests, left)
        yield _test_file(project, "test_models.py", text, f"dbt project {names}: {len(tests)} models")
    yield from (Left(f"dbt model {name}", reason) for name, reason in left)


def _flows(project: Project) -> Iterator[NewFile | Left]:
    from pipeproof.scaffold.flows.finding import find_flows
    from pipeproof.scaffold.flows.writing import probe_flows, render_flows

    flows = find_flows(project.folder, project.python)
    if flows and find_spec("prefect") is None:
        yield _missing(f"{len(flows)} Prefect flows", "prefect")
        return
    answers = probe_flows(project.folder, flows)
    for module in dict.fromkeys(flow.module for flow in flows):
        own = [(flow, answer) for flow, answer in zip(flows, answers, strict=True) if flow.module == module]
        if any("reason" not in answer for _, answer in own):
            text = render_flows([flow for flow, _ in own], [answer for _, answer in own])
            told = ", ".join(flow.function for flow, answer in own if "reason" not in answer)
            yield _test_file(project, f"test_{identifier(module)}_flows.py", text, f"flows of {module}: {told}")
        for flow, answer in own:
            if "reason" in answer:
                yield Left(f"flow {flow.function} ({flow.file}:{flow.line})", answer["reason"])


def _missing(what: str, extra: str) -> Left:
    return Left(what, f'what it is run with is not installed: pip install "pipeproof[{extra}]"')
