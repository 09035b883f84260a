"""What the tests exercised: flows, state machines, policies and models, out of the evidence that they left."""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

from pipeproof.events import MALFORMED
from pipeproof.report.tables import Cell, Code, Seconds, Share, Table, fold_table, listed
from pipeproof.report.wording import counted
from pipeproof.results.model import Run

_LISTED = 50
_SLOWEST = 20
_BUILDING = {"run", "build", "seed", "snapshot"}
_UNPROVEN = "unproven"
NOT_BUILT = ("skipped", _UNPROVEN)
"""The statuses of nodes that a command of dbt's did not build."""

Record = Mapping[str, Any]


def render_exercised(run: Run, workspace: Path) -> str:
    """Render the sections of a summary that say what was exercised; empty where no test left evidence."""
    return "".join(fold_table(table) for table in list_exercised(run, workspace))


def list_exercised(run: Run, workspace: Path) -> list[Table]:
    """List what was exercised, a table for each kind of it.

    Evidence is written by the tests' process, so a record that is not in its form is passed over.
    """
    by_kind: dict[str, list[Record]] = {}
    for result in run.results:
        for record in result.evidence:
            if isinstance(record.get("data"), Mapping):
                by_kind.setdefault(str(record.get("kind")), []).append(record["data"])
    sections = (
        partial(_flows, by_kind.get("prefect.flow_run", [])),
        partial(_machines, by_kind.get("stepfunctions.execution", []), workspace),
        partial(_policies, by_kind.get("aws.policy", []), workspace),
        partial(_models, by_kind.get("dbt.project", []), by_kind.get("dbt.run", [])),
    )
    tables: list[Table] = []
    for make in sections:
        try:
            tables.extend(list(make()))
        except MALFORMED:
            continue
    return tables


def _flows(records: list[Record]) -> Iterator[Table]:
    flows: dict[str, list[Record]] = {}
    records = list(_with_subflows(records))
    for record in records:
        flows.setdefault(str(record["flow"]), []).append(record)
    rows = []
    for name, runs in sorted(flows.items()):
        states = _counted(str(run["state"]["name"]) for run in runs)
        tasks = [task for run in runs for task in run["task_runs"]]
        retries = sum(int(task["retries"]) for task in tasks)
        rows.append((Code(name), len(runs), states, len(tasks), retries))
    if rows:
        header = ("flow", "runs", "final states", "task runs", "retries")
        yield Table(counted(len(records), "flow run"), header, tuple(rows))


def _with_subflows(records: Iterable[Record]) -> Iterator[Record]:
    for record in records:
        yield record
        yield from _with_subflows(record.get("subflows") or ())


def _machines(records: list[Record], workspace: Path) -> Iterator[Table]:
    if not records:
        return
    from pipeproof.stepfunctions.reporting.coverage import Coverage, describe_item, merge_coverages

    rows = tuple(
        (
            Code(coverage.machine),
            Code(_relative(coverage.file, workspace)),
            Share(coverage.percentage),
            listed((Code(describe_item(key)) for key in coverage.missed), _LISTED),
        )
        for coverage in merge_coverages(Coverage.from_dict(record["coverage"]) for record in records)
    )
    yield Table(counted(len(records), "execution"), ("state machine", "definition", "covered", "never exercised"), rows)


def _policies(records: list[Record], workspace: Path) -> Iterator[Table]:
    if not records:
        return
    from pipeproof.iam.usage import merge_summaries

    rows = tuple(
        (
            Code(str(entry["policy"])),
            Code(_relative(entry["place"], workspace)),
            listed((Code(f"{item['action']} on {item['resource']}") for item in entry["missing"]), _LISTED),
            listed((Code(str(item["action"])) for item in entry["unused"]), _LISTED),
            listed((Code(str(item["action"])) for item in entry["used"]), _LISTED),
        )
        for entry in merge_summaries(records)
    )
    yield Table(counted(len(rows), "policy", "policies"), ("policy", "place", "missing", "never used", "seen"), rows)


def _models(projects: list[Record], runs: list[Record]) -> Iterator[Table]:
    """Yield the models of each project: which the tests built, how long and how many rows, and which nothing tests."""
    lineages: dict[str, dict[str, Record]] = {}
    for record in projects:  # one of each process
        lineages.setdefault(str(record["project"]), {}).update({str(node["id"]): node for node in record["nodes"]})
    built: dict[str, list[Record]] = {}
    given: set[str] = set()
    unproven: set[str] = set()
    for run in runs:
        given.update(str(unique_id) for unique_id in run["given"])
        unproven.update(str(node["id"]) for node in run["nodes"] if node["status"] == _UNPROVEN)
        for node in run["nodes"]:
            if run["command"] in _BUILDING and node["status"] not in NOT_BUILT:
                built.setdefault(str(node["id"]), []).append(node)
    for name, nodes in sorted(lineages.items()):
        models = [at for at in nodes if at.startswith(f"model.{name}.")]
        if models:
            yield _project(name, nodes, models, built, given, unproven)


def _project(
    name: str,
    nodes: dict[str, Record],
    models: list[str],
    built: dict[str, list[Record]],
    given: set[str],
    unproven: set[str],
) -> Table:
    seen = with_inlined(nodes, [at for at in built if at in nodes], given)
    untested = [str(nodes[at]["name"]) for at in models if at not in seen and not nodes[at]["tests"]]
    exercised = [at for at in models if at in seen]
    times = {at: sum(float(node["duration"]) for node in built[at]) for at in built if at in nodes}
    rows = []
    for at in sorted(times, key=lambda at: -times[at])[:_SLOWEST]:
        most = max((int(node["rows"]) for node in built[at] if node["rows"] is not None), default=None)
        statuses = _counted(str(node["status"]) for node in built[at])
        if not isfinite(times[at]):
            raise ValueError(at)
        rows.append((Code(str(nodes[at]["name"])), statuses, Seconds(times[at]), "" if most is None else most))
    remarks: list[Cell] = []
    if len(times) > _SLOWEST:
        remarks.append(f"… and {len(times) - _SLOWEST} more, which took less")
    if untested:
        remarks.append(("No test of any kind:", listed(map(Code, untested), _LISTED)))
    refused = [Code(str(nodes[at]["name"])) for at in models if at in unproven]
    if refused:
        remedy = "; to prove them, run their tests against the warehouse: mark them `live`, and name its `dbt-target`"
        remarks.append(("Cannot be proven here:", listed(refused, _LISTED), remedy))
    told = f": {len(exercised)} of {counted(len(models), 'model')} exercised"
    told += f", {len(untested)} untested" if untested else ""
    asked = len({*exercised, *(at for at in models if at in unproven)})
    told += f", {asked - len(refused)} of {asked} proven here" if refused else ""
    header = ("built by the tests", "outcomes", "time", "most rows")
    return Table(("dbt project", Code(name), told), header, tuple(rows), remarks=tuple(remarks))


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


def _counted(words: Iterable[str]) -> str:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
