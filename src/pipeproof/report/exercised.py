"""What the tests exercised: flows, state machines, policies and models, out of the evidence that they left."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeproof.report.markdown import code, details, escaped, table
from pipeproof.results.model import Run

_LISTED = 50

Record = Mapping[str, Any]


def render_exercised(run: Run, workspace: Path) -> str:
    """Render the sections of a summary that say what was exercised; empty where no test left evidence.

    Evidence is written by the tests' process, so a record that is not in its form is passed over.
    """
    by_kind: dict[str, list[Record]] = {}
    for result in run.results:
        for record in result.evidence:
            if isinstance(record.get("data"), Mapping):
                by_kind.setdefault(str(record.get("kind")), []).append(record["data"])
    sections = (
        ("prefect.flow_run", _flows),
        ("stepfunctions.execution", _machines),
        ("aws.policy", _policies),
    )
    rendered = []
    for kind, render in sections:
        try:
            rendered.append(render(by_kind.get(kind, []), workspace))
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    return "".join(rendered)


def _flows(records: list[Record], _workspace: Path) -> str:
    flows: dict[str, list[Record]] = {}
    for record in records:
        flows.setdefault(str(record["flow"]), []).append(record)
    rows = []
    for name, runs in sorted(flows.items()):
        states = _counted(str(run["state"]["name"]) for run in runs)
        tasks = [task for run in runs for task in run["task_runs"]]
        retries = sum(int(task["retries"]) for task in tasks)
        rows.append((code(name), str(len(runs)), escaped(states), str(len(tasks)), str(retries)))
    header = ("flow", "runs", "final states", "task runs", "retries")
    return details(f"{_plural(len(records), 'flow run')}", table(header, rows, "lrlrr")) if rows else ""


def _machines(records: list[Record], workspace: Path) -> str:
    if not records:
        return ""
    from pipeproof.stepfunctions.coverage import Coverage, describe_item, merge_coverages

    merged = merge_coverages(Coverage.from_dict(record["coverage"]) for record in records)
    rows = []
    for coverage in merged:
        missed = [describe_item(key) for key in coverage.missed]
        rows.append(
            (
                code(coverage.machine),
                code(_relative(coverage.file, workspace)),
                f"{coverage.percentage:.0f} %",
                _listed(missed),
            )
        )
    header = ("state machine", "definition", "covered", "never exercised")
    return details(_plural(len(records), "execution"), table(header, rows, "llrl"))


def _policies(records: list[Record], workspace: Path) -> str:
    if not records:
        return ""
    from pipeproof.iam.usage import merge_summaries

    rows = [
        (
            code(entry["policy"]),
            code(_relative(entry["place"], workspace)),
            _listed(f"{item['action']} on {item['resource']}" for item in entry["missing"]),
            _listed(item["action"] for item in entry["unused"]),
        )
        for entry in merge_summaries(records)
    ]
    return details(_plural(len(rows), "policy", "policies"), table(("policy", "place", "missing", "never used"), rows))


def _relative(file: str | None, workspace: Path) -> str:
    if not file:
        return ""
    return os.path.relpath(file, workspace) if Path(file).is_absolute() else file


def _listed(items: Iterable[str]) -> str:
    unique = list(dict.fromkeys(items))
    shown = ", ".join(code(item) for item in unique[:_LISTED])
    return f"{shown}, … and {len(unique) - _LISTED} more" if len(unique) > _LISTED else shown


def _counted(words: Iterable[str]) -> str:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))


def _plural(count: int, word: str, plural: str | None = None) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {plural or word + 's'}"
