"""Coverage: what of the state machines and dbt models the tests exercised, out of the evidence that they left.

The measures: `states` that were entered; `branches` that were taken (Choice rules and other transitions, Retry, Catch;
of an incremental model its first run and one that adds to it); `models` that were built, or were part of what was;
`columns` that the project's YAML names and that a test looked at; and the project's own `tests` that ran.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeproof.events import MALFORMED
from pipeproof.report.exercised import NOT_BUILT, with_inlined
from pipeproof.report.tables import Cell, Code, Share, Table, listed, render_table
from pipeproof.report.wording import percent
from pipeproof.results.baseline import Earlier
from pipeproof.results.model import Failure, Run, TestResult

MEASURES = ("states", "branches", "models", "columns", "tests")

_NAMED = 20
_BUILDING = {"run", "build", "seed", "snapshot"}

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unit:
    """What can be covered: a state, a branch, a model, a column or a test of dbt's.

    Attributes:
        measure: One of [MEASURES][].
        owner: The state machine or the dbt project.
        name: Its own name.
        file: Its file, from the workspace; None where it has none.
        line: Its line, from 1.
        hits: How often it was exercised.
    """

    measure: str
    owner: str
    name: str
    file: str | None
    line: int | None
    hits: int


def find_units(run: Run, workspace: Path) -> tuple[Unit, ...]:
    """Give all that the tests could have covered of the machines and projects that they touched.

    Evidence is written by the tests' process: a record that is not in its form is passed over.
    """
    units: list[Unit] = []
    by_kind: dict[str, list[Record]] = {}
    for result in run.results:
        for record in result.evidence:
            if isinstance(record.get("data"), Mapping):
                by_kind.setdefault(str(record.get("kind")), []).append(record["data"])
    machines = by_kind.get("stepfunctions.execution", [])
    projects, runs, compared = (by_kind.get(kind, []) for kind in ("dbt.project", "dbt.run", "dbt.expect"))
    for found in (
        _machines(machines, workspace),
        _models(projects, runs, workspace),
        _checked(projects, runs, compared, workspace),
    ):
        try:
            units.extend(found)
        except MALFORMED:
            continue
    return tuple(units)


def _machines(records: Sequence[Record], workspace: Path) -> Iterator[Unit]:
    if not records:
        return
    from pipeproof.stepfunctions.reporting.coverage import Coverage, describe_item, merge_coverages

    for coverage in merge_coverages(Coverage.from_dict(record["coverage"]) for record in records):
        file = _relative(coverage.file, workspace)
        for key, hits in coverage.items.items():
            kind, _, rest = key.partition(":")
            state = {"state": rest, "transition": rest.rsplit(":", 2)[0]}.get(kind, rest.rpartition(":")[0])
            measure = "states" if kind == "state" else "branches"
            yield Unit(measure, coverage.machine, describe_item(key), file, coverage.lines.get(state), int(hits))


def _models(projects: Sequence[Record], runs: Sequence[Record], workspace: Path) -> Iterator[Unit]:
    lineages: dict[str, dict[str, Record]] = {}
    folders: dict[str, str] = {}
    for record in projects:  # one of each process
        name = str(record["project"])
        lineages.setdefault(name, {}).update({str(node["id"]): node for node in record["nodes"]})
        folders[name] = str(record.get("path") or "")
    built: dict[str, int] = {}
    given: set[str] = set()
    for run in runs:
        given.update(map(str, run["given"]))
        for node in run["nodes"]:
            if run["command"] in _BUILDING and node["status"] not in NOT_BUILT:
                built[str(node["id"])] = built.get(str(node["id"]), 0) + 1
    first, adding = (_increments(runs, adds=adds) for adds in (False, True))
    for name, nodes in sorted(lineages.items()):
        seen = with_inlined(nodes, [at for at in built if at in nodes], given)
        for at, node in nodes.items():
            if at.startswith(f"model.{name}."):
                file = _relative(str(Path(folders[name]) / str(node["file"])), workspace) if folders[name] else None
                model = str(node["name"])
                yield Unit("models", name, model, file, 1, built.get(at, int(at in seen)))
                if node.get("materialized") == "incremental":
                    yield Unit("branches", name, f"{model}: first run", file, 1, first[at])
                    yield Unit("branches", name, f"{model}: is_incremental()", file, 1, adding[at])


def _increments(runs: Sequence[Record], *, adds: bool) -> Counter[str]:
    """Count the runs of each incremental model that added to what was there, or those that did not."""
    nodes = (node for run in runs for node in run["nodes"] if node["status"] not in NOT_BUILT)
    return Counter(str(node["id"]) for node in nodes if node.get("incremental") is adds)


def _checked(
    projects: Sequence[Record], runs: Sequence[Record], compared: Sequence[Record], workspace: Path
) -> Iterator[Unit]:
    """Give the columns that the projects' YAML names, and the projects' own tests."""
    ran = Counter(str(node["id"]) for run in runs for node in run["nodes"] if node["status"] not in NOT_BUILT)
    looked = Counter((str(one["id"]), str(column).lower()) for one in compared for column in one["columns"])
    columns: dict[tuple[str, str], Unit] = {}
    tests: dict[str, Unit] = {}
    for record in projects:
        name, folder = str(record["project"]), str(record.get("path") or "")
        for check in record.get("checks", ()):
            file = _relative(str(Path(folder) / str(check["file"])), workspace) if folder else None
            tests[str(check["id"])] = Unit("tests", name, str(check["name"]), file, 1, ran[str(check["id"])])
        by_test: Counter[tuple[str, str]] = Counter()
        for check in record.get("checks", ()):
            by_test[(str(check["node"]), str(check["column"]).lower())] += ran[str(check["id"])]
        for node in record["nodes"]:
            at = str(node["id"])
            file = _relative(str(Path(folder) / str(node["file"])), workspace) if folder else None
            for column in node.get("columns", ()) if at.startswith(f"model.{name}.") else ():
                key = (at, str(column).lower())
                told = f"{node['name']}.{column}"
                columns[key] = Unit("columns", name, told, file, 1, looked[key] + by_test[key])
    yield from columns.values()
    yield from tests.values()


def find_earlier_units(earlier: Mapping[str, Earlier] | None, workspace: Path) -> tuple[Unit, ...]:
    """Give what the tests of the baseline could have covered; nothing where there is none."""
    tests = (earlier or {}).items()
    results = (TestResult(test, None, None, then.status, evidence=then.evidence) for test, then in tests)
    return find_units(Run(tuple(results)), workspace)


def render_coverage(units: Sequence[Unit], thresholds: Mapping[str, float], before: Sequence[Unit] = ()) -> str:
    """Render how much of each measure was covered; empty where there is nothing to cover."""
    table = list_coverage(units, thresholds, before)
    return f"### Coverage\n\n{render_table(table)}\n" if table else ""


def list_coverage(units: Sequence[Unit], thresholds: Mapping[str, float], before: Sequence[Unit] = ()) -> Table | None:
    """List how much of each measure was covered, and the change; None where there is nothing to cover.

    Args:
        units: What could be covered.
        thresholds: What share of each measure is asked for.
        before: What could be covered in the baseline.
    """
    rows: list[tuple[Cell, ...]] = []
    for measure in MEASURES:
        of_it = [unit for unit in units if unit.measure == measure]
        if of_it:
            covered = sum(1 for unit in of_it if unit.hits)
            asked: Cell = Share(thresholds[measure]) if measure in thresholds else ""
            missed = listed((Code(f"{unit.owner}: {unit.name}") for unit in of_it if not unit.hits), _NAMED)
            change = _change(of_it, [unit for unit in before if unit.measure == measure])
            rows.append((measure, f"{covered} of {len(of_it)}", Share(share(of_it)), change, asked, missed))
    header = ("coverage", "exercised", "share", "since the baseline", "asked for", "never exercised")
    return Table("Coverage", header, tuple(rows)) if rows else None


def _change(now: Sequence[Unit], before: Sequence[Unit]) -> str:
    """Return the change of the share in points; nothing where the baseline had none of the measure."""
    if not before:
        return ""
    points = round(share(now) - share(before), 1)
    return f"{points:+g} points" if points else "as it was"


def share(units: Sequence[Unit]) -> float:
    """Return the share of units that were exercised, in percent."""
    return 100.0 * sum(1 for unit in units if unit.hits) / len(units) if units else 0.0


def find_shortfalls(units: Sequence[Unit], thresholds: Mapping[str, float]) -> Iterator[Failure]:
    """Give a failure of the run for each measure that is below its threshold; a test of nothing is below any."""
    for measure, least in thresholds.items():
        of_it = [unit for unit in units if unit.measure == measure]
        if not of_it and least > 0:
            message = f"fail-under: no {measure} were exercised at all, {least:g} % are asked for"
            yield Failure("session", "", message)
        elif share(of_it) < least:
            missed = [unit for unit in of_it if not unit.hits]
            names = ", ".join(f"{unit.owner}: {unit.name}" for unit in missed[:_NAMED])
            more = f" and {len(missed) - _NAMED} more" if len(missed) > _NAMED else ""
            told = f"{percent(share(of_it))} of {len(of_it)} {measure}"
            message = f"fail-under: {told} were exercised, {least:g} % are asked for\nnever exercised: {names}{more}"
            yield Failure("session", "", message, file=missed[0].file, line=missed[0].line)


def _relative(file: str | None, workspace: Path) -> str | None:
    if not file:
        return None
    return os.path.relpath(file, workspace) if Path(file).is_absolute() else file
