"""The subcommand `pipeproof dbt sample`."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.project.fixtures import FOLDER, SUFFIXES
from pipeproof.environments.dbt.project.manifest import FILE_KEYS, declared_types, metas_of
from pipeproof.environments.dbt.project.profile import PARSE_SCHEMA, Profile, make_profile
from pipeproof.environments.dbt.project.settings import Settings, find_project
from pipeproof.environments.dbt.project.sources import follows_target
from pipeproof.environments.dbt.run_names import name_run
from pipeproof.environments.dbt.sampling.anonymising import Pseudonyms
from pipeproof.environments.dbt.sampling.joins import find_joins
from pipeproof.environments.dbt.sampling.reading import Sample, reading
from pipeproof.environments.dbt.sampling.rules import Rules, choose_mask, find_accepted
from pipeproof.environments.dbt.sampling.writing import write_fixture
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.errors import InputError
from pipeproof.scratch import scratch_folder
from pipeproof.variables import (
    DBT_ALLOW_TARGET,
    DBT_PROJECT_DIR,
    DBT_SAMPLE_KEY,
    DBT_SCHEMA_PREFIX,
    DBT_TARGET,
    EMBEDDED,
)


def add_dbt_parser(commands: Any) -> None:
    """Add the command `dbt` with its subcommand `sample`."""
    dbt = commands.add_parser("dbt", help="rows of a live database's sources as fixtures")
    sample = dbt.add_subparsers(required=True, metavar="command").add_parser(
        "sample",
        help="write some rows of each source, anonymised, into the project's folder fixtures",
        description="Write some rows of each source of a live target, anonymised, joins kept, into the folder "
        f"fixtures of the project. Reads only. {DBT_SAMPLE_KEY.name} holds the secret that pseudonyms are made with.",
    )
    sample.add_argument(
        "sources", nargs="*", metavar="SOURCE", help="raw, or raw.orders (default: all of the project's)"
    )
    sample.add_argument("--directory", type=Path, default=Path(), help="where to look for the dbt project")
    sample.add_argument("--dbt-project-dir", default=None)
    sample.add_argument("--dbt-target", default=None, help="a target of the project's profile")
    sample.add_argument("--allow-target", default=None, help="that target, where it looks like production")
    sample.add_argument("--rows", type=int, default=100, help="of each table, before those that others point to (100)")
    for flag, meaning in {
        "--keep": "columns to leave as they are, as raw.orders.status or *.status",
        "--hide": "columns to anonymise, whatever else is said",
        "--join": "what points to what: raw.orders.customer=raw.people.id",
    }.items():
        sample.add_argument(flag, action="append", default=[], metavar="COLUMN", help=meaning)
    sample.add_argument("--replace", action="store_true", help="write over fixtures that are there")
    sample.set_defaults(command=run_sample)


def run_sample(arguments: argparse.Namespace, _further: Sequence[str] = ()) -> int:
    """Run `pipeproof dbt sample`; the exit code.

    Raises:
        InputError: The key is missing, or an argument names what is not there.
        DbtSetupError: The target cannot be sampled, looks like production, or fixtures are there already.
    """
    key = DBT_SAMPLE_KEY.read()
    if not key:
        raise InputError(f"{DBT_SAMPLE_KEY.name} is not set", hint="any secret text: the same key, the same pseudonyms")
    if arguments.rows < 1:
        raise InputError("--rows: at least 1")
    allowed = frozenset((arguments.allow_target or "").split()) | DBT_ALLOW_TARGET.read()
    folder = find_project(arguments.directory.resolve(), DBT_PROJECT_DIR.read(arguments.dbt_project_dir))
    settings = Settings(folder, DBT_TARGET.read(arguments.dbt_target), allowed_targets=allowed)
    if settings.target == EMBEDDED:
        raise DbtSetupError("dbt sample: the embedded database has no rows", hint="name a target: --dbt-target dev")
    with scratch_folder("sample-") as place:
        profile = _read_only(make_profile(settings, place))
        name = name_run(DBT_SCHEMA_PREFIX.default)
        with closing(DbtProject(settings, name, place, place, profile=profile)) as project:
            for line in sample_sources(project, arguments, Pseudonyms(key)):
                sys.stdout.write(f"{line}\n")
    return 0


def sample_sources(project: DbtProject, arguments: argparse.Namespace, pseudonyms: Pseudonyms) -> Iterator[str]:
    """Write the fixtures; yield what to say of each."""
    manifest = project.nodes_manifest
    chosen = {source.unique_id: source for source in _choose(project, arguments.sources)}
    if not arguments.replace:
        _refuse_fixtures(project.path, chosen.values())
    adapter, handle = project.live_adapter(), project.connect(PARSE_SCHEMA)
    places = {at: str(_place(adapter, source, project.profile)) for at, source in chosen.items()}
    with closing(handle), reading(handle) as read:
        sample = Sample(read, places, adapter.quote, arguments.rows)
        joins = find_joins(manifest, sample.columns, arguments.join)
        sample.follow(joins)
    joined = {(at, column) for join in joins for at, column in ((join.child, join.column), (join.parent, join.key))}
    rules = Rules(arguments.keep, arguments.hide, find_accepted(manifest))
    for at, source in chosen.items():
        columns = sample.columns[at]
        decided = [rules.decide(source, column, joined=(at, column) in joined) for column in columns]
        masks = [choose_mask(each, pseudonyms) for each in decided]
        rows = [[mask(value) for mask, value in zip(masks, row, strict=True)] for row in sample.rows[at]]
        rows.sort(key=repr)  # the order of what they were tells nothing any more
        folder = project.path / FOLDER / source.source_name
        for file in _fixtures_of(project.path, source):
            file.unlink()
        file, changed = write_fixture(folder, source.name, columns, rows, declared_types(source))
        why = f"; no CSV file, which would change {', '.join(changed)}" if changed else ""
        yield f"{source.source_name}.{source.name}: {len(rows)} rows, {file.relative_to(project.path)}{why}"
        yield from _describe(columns, sample.rows[at], rows)


def _describe(columns: Sequence[str], before: Sequence[Sequence[Any]], after: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Say which columns were kept as they were, and which lost their values."""
    kept, lost = [], []
    for at, column in enumerate(columns):
        old, new = [row[at] for row in before], [row[at] for row in after]
        if sorted(map(repr, old)) == sorted(map(repr, new)):
            kept.append(column)
        elif all(value is None for value in new):
            lost.append(column)
    if kept:
        yield f"  as they are: {', '.join(kept)}"
    if lost:
        yield f"  without values, as there is no pseudonym for such: {', '.join(lost)}"


def _choose(project: DbtProject, names: Sequence[str]) -> list[Any]:
    """Return the sources to sample: the project's own that are tables, save those that the project makes itself.

    Raises:
        InputError: A name is no source's.
    """
    manifest = project.nodes_manifest
    tables = [
        source
        for at, source in sorted(manifest.sources.items())
        if source.package_name == manifest.metadata.project_name and at not in project.view().makers
        and not any(key in meta for meta in metas_of(source) for key in FILE_KEYS)
    ]  # fmt: skip
    called = {source.unique_id: {source.source_name, f"{source.source_name}.{source.name}"} for source in tables}
    for name in names:
        if not any(name in of_source for of_source in called.values()):
            known = sorted({name for of_source in called.values() for name in of_source})
            raise InputError(f"the project reads no source {name!r}", hint=f"it has {', '.join(known) or 'none'}")
    found = [source for source in tables if not names or called[source.unique_id] & {*names}]
    if not found:
        raise DbtSetupError("dbt sample: the project has no source that is a table")
    return found


def _place(adapter: Any, source: Any, profile: Profile) -> Any:
    """Return where a source is: one in the target's schema, which a project is parsed without, is in the real one's."""
    relation = adapter.Relation.create_from(adapter.config, source)
    if not follows_target(source) or profile.schema is None:
        return relation
    return relation.incorporate(path={"schema": profile.schema + str(source.schema)[len(PARSE_SCHEMA) :]})


def _read_only(profile: Profile) -> Profile:
    """Return the target so that a DuckDB file is opened to be read alone."""
    if profile.adapter != "duckdb":
        return profile
    options: Mapping[str, Any] = profile.output.get("config_options") or {}
    return replace(profile, output={**profile.output, "config_options": {**options, "access_mode": "READ_ONLY"}})


def _fixtures_of(project_dir: Path, source: Any) -> list[Path]:
    files = (project_dir / FOLDER / source.source_name / f"{source.name}{suffix}" for suffix in SUFFIXES)
    return [file for file in files if file.is_file()]


def _refuse_fixtures(project_dir: Path, sources: Any) -> None:
    """Refuse to write over what is there."""
    found = [file for source in sources for file in _fixtures_of(project_dir, source)]
    if found:
        names = ", ".join(str(file.relative_to(project_dir)) for file in found)
        raise DbtSetupError(f"dbt sample: {names} is there", hint="--replace writes over it")
