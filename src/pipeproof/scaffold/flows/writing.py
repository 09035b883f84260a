"""Has the flows of a project run in a pytest of their own, and writes their tests."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from pipeproof.scaffold.flows.finding import FlowSource, TaskSource
from pipeproof.scaffold.flows.probing import dump_flow, recorder
from pipeproof.scaffold.literals import identifier
from pipeproof.scratch import scratch_folder

REVIEW = "# review: this is what it gives today"
_PATIENCE = 300
_PROBE = """
from pathlib import Path

import pytest

from pipeproof.scaffold.flows.probing import probe_file

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", [path.stem for path in sorted(HERE.glob("*.flow"))])
def test_probe(name, run_flow, monkeypatch):
    probe_file(HERE / f"{name}.flow", HERE / f"{name}.answer", run_flow, monkeypatch)
"""


def probe_flows(project: Path, flows: list[FlowSource]) -> list[dict[str, Any]]:
    """Return what came of each flow: what its test needs, or the `reason` why it has none.

    Flows whose own bodies reach out of the process are not run. The network is closed meanwhile.
    """
    answers: list[dict[str, Any]] = [_refusal(flow) for flow in flows]
    with scratch_folder("init-") as folder:
        (folder / "test_probe.py").write_text(_PROBE, encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        asked = [place for place, answer in enumerate(answers) if not answer]
        for place in asked:
            (folder / f"{place:04}.flow").write_text(dump_flow(flows[place]), encoding="utf-8")
        if not asked:
            return answers
        roots = list(dict.fromkeys(str((project / flows[place].root).resolve()) for place in asked))
        said = _run_pytest(project, folder, roots)
        for place in asked:
            answer = folder / f"{place:04}.answer"
            found = json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else {}
            answers[place] = found or {"reason": f"it could not be run: {said}"}
    return answers


def _refusal(flow: FlowSource) -> dict[str, Any]:
    if flow.outside is None:
        return {}
    place = f"{flow.file}:{flow.outside}"
    return {"reason": f"it reaches out of the process itself ({place}), so it was not run: put that into a task"}


def _run_pytest(project: Path, folder: Path, roots: list[str]) -> str:
    """Run the probe; return the last of what pytest said of its failures."""
    paths = "".join(f"import sys; sys.path.insert(0, {root!r})\n" for root in roots)
    (folder / "conftest.py").write_text(paths, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "pipeproof", "-p", "no:cacheprovider", "-q", "--tb=line"]
    command += ["--pipeproof-network=loopback", "-c", str(folder / "pytest.ini"), "--rootdir", str(folder), str(folder)]
    try:
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"it took longer than {_PATIENCE} seconds"
    lines = [line for line in done.stdout.splitlines() if line.startswith(("E ", "ERROR", "/"))]
    return lines[-1].strip() if lines else (done.stderr.strip().splitlines() or ["pytest said nothing"])[-1]


def render_flows(flows: list[FlowSource], answers: list[dict[str, Any]]) -> str:
    """Return the source of the test file of one module's flows: those that have an answer without a reason."""
    told = [(flow, answer) for flow, answer in zip(flows, answers, strict=True) if "reason" not in answer]
    first = told[0][0]
    package, _, name = first.module.rpartition(".")
    imports = sorted({line for _, answer in told for line in answer["imports"]})
    head = "".join(f"{line}\n" for line in imports)
    module = f"from {package} import {name}" if package else f"import {name}"
    notes = "".join(
        f"\n# No test of {flow.function}: {answer['reason']}"
        for flow, answer in zip(flows, answers, strict=True)
        if "reason" in answer
    )
    body = "\n\n\n".join(_render(name, *pair) for pair in told)
    title = f'"""The flows of {first.module}, run by Prefect\'s engine."""'
    top = "\n\n".join(part for part in (title, head.strip(), _path(first.root).strip(), module) if part)
    return f"{top}\n\n\n{body}\n{notes}".rstrip() + "\n"


def _path(root: PurePath) -> str:
    """Return the lines that make a folder importable, where it is not the project's own."""
    if root == PurePath():
        return ""
    return f'import sys\nfrom pathlib import Path\n\nsys.path.insert(0, str(Path(__file__).parents[1] / "{root}"))\n'


def _render(module: str, flow: FlowSource, answer: Mapping[str, Any]) -> str:
    stood_in = [task for task in flow.tasks if task.reference in answer["stand_ins"]]
    fixtures = "run_flow, monkeypatch" if stood_in else "run_flow"
    lines = [f"def test_{identifier(flow.function)}({fixtures}):"]
    for task in stood_in:
        lines += _stand_in(module, task, answer)
    lines += [""] if stood_in else []
    given = "".join(f", {name}={value}" for name, value in answer["arguments"].items())
    lines += [f"    result = run_flow({module}.{flow.function}{given})", "", f"    {REVIEW}", *answer["assertions"]]
    return "\n".join(lines)


def _stand_in(module: str, task: TaskSource, answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that let a task give what was made up, or note what it is called with."""
    names = ", ".join(each.name if each.required else f"{each.name}=None" for each in task.parameters)
    passed = ", ".join(each.name for each in task.parameters)
    value = answer["stand_ins"][task.reference]
    if task.reference in answer["recorded"]:
        yield f"    {recorder(task.reference)} = []"
        value = f"{recorder(task.reference)}.append({passed if len(task.parameters) == 1 else f'({passed})'})"
    target = f'{module}.{task.reference}, "fn"'
    if task.is_async:
        name = f"stand_in_{task.reference.replace('.', '_')}"
        yield f"    async def {name}({names}):\n        return {value}\n\n    monkeypatch.setattr({target}, {name})"
    else:
        yield f"    monkeypatch.setattr({target}, lambda{' ' if names else ''}{names}: {value})"
