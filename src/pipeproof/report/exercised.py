"""What the tests exercised: flows, state machines, policies and models, out of the evidence that they left."""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pipeproof.events import MALFORMED
from pipeproof.report.markdown import BLANK, code, details, escaped, table, tidy_table
from pipeproof.results.model import Run

_LISTED = 50
_SLOWEST = 20
_BUILDING = {"run", "build", "seed", "snapshot"}

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
    renderers = [partial(render, by_kind.get(kind, []), workspace) for kind, render in sections]
    renderers.append(partial(_models, by_kind.get("dbt.project", []), by_kind.get("dbt.run", [])))
    for render in renderers:
        try:
            rendered.append(render())
        except MALFORMED:
            continue
    return "".join(rendered)


def _flows(records: list[Record], _workspace: Path) -> str:
    flows: dict[str, list[Record]] = {}
    records = list(_with_subflows(records))
    for record in records:
        flows.setdefault(str(record["flow"]), []).append(record)
    rows = []
    for name, runs in sorted(flows.items()):
        states = _counted(str(run["state"]["name"]) for run in runs)
        tasks = [task for run in runs for task in run["task_runs"]]
        retries = sum(int(task["retries"]) for task in tasks)
        rows.append((code(name), str(len(runs)), escaped(states), str(len(tasks)), str(retries)))
    header = ("flow", "runs", "final states", "task runs", "retries")
    return details(f"{_plural(len(records), 'flow run')}", tidy_table(header, rows, "lrlrr")) if rows else ""


def _with_subflows(records: Iterable[Record]) -> Iterator[Record]:
    for record in records:
        yield record
        yield from _with_subflows(record.get("subflows") or ())


def _machines(records: list[Record], workspace: Path) -> str:
    if not records:
        return ""
    from pipeproof.stepfunctions.reporting.coverage import Coverage, describe_item, merge_coverages

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
    return details(_plural(len(records), "execution"), tidy_table(header, rows, "llrl"))


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
    return details(
        _plural(len(rows), "policy", "policies"), tidy_table(("policy", "place", "missing", "never used"), rows)
    )


def _models(projects: list[Record], runs: list[Record]) -> str:
    """The models of each dbt project: which the tests built, how long and how many rows, and which nothing tests."""
    lineages: dict[str, dict[str, Record]] = {}
    for record in projects:  # one of each process
        lineages.setdefault(str(record["project"]), {}).update({str(node["id"]): node for node in record["nodes"]})
    built: dict[str, list[Record]] = {}
    given: set[str] = set()
    for run in runs:
        given.update(str(unique_id) for unique_id in run["given"])
        for node in run["nodes"]:
            if run["command"] in _BUILDING and node["status"] != "skipped":
                built.setdefault(str(node["id"]), []).append(node)
    return "".join(_project(name, nodes, built, given) for name, nodes in sorted(lineages.items()))


def _project(name: str, nodes: dict[str, Record], built: dict[str, list[Record]], given: set[str]) -> str:
    models = [at for at in nodes if at.startswith(f"model.{name}.")]
    seen = with_inlined(nodes, [at for at in built if at in nodes], given)
    untested = [str(nodes[at]["name"]) for at in models if at not in seen and not nodes[at]["tests"]]
    exercised = [at for at in models if at in seen]
    times = {at: sum(float(node["duration"]) for node in built[at]) for at in built if at in nodes}
    rows = []
    for at in sorted(times, key=lambda at: -times[at])[:_SLOWEST]:
        most = max((int(node["rows"]) for node in built[at] if node["rows"] is not None), default=None)
        statuses = escaped(_counted(str(node["status"]) for node in built[at]))
        rows.append(
            (code(str(nodes[at]["name"])), statuses, f"{times[at]:.2f} s", BLANK if most is None else str(most))
        )
    header = ("built by the tests", "outcomes", "time", "most rows")
    body = table(header, rows, "llrr") if rows else ""
    body += f"\n… and {len(times) - _SLOWEST} more, which took less\n" if len(times) > _SLOWEST else ""
    body += f"\nNo test of any kind: {_listed(untested)}\n" if untested else ""
    summary = f"dbt project {code(name)}: {len(exercised)} of {_plural(len(models), 'model')} exercised"
    summary += f", {len(untested)} untested" if untested else ""
    return details(summary, body) if models else ""


def with_inlined(nodes: dict[str, Record], built: list[str], given: set[str]) -> set[str]:
    """Return what was built, with the ephemeral models whose queries were part of that; a stand-in's query was not."""
    seen: set[str] = set()
    waiting = list(built)
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            parents = (parent for parent in map(str, nodes[at]["depends_on"]) if parent in nodes)
            waiting += [at for at in parents if nodes[at]["materialized"] == "ephemeral" and at not in given]
    return seen


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
