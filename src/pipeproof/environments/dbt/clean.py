"""`pipeproof clean` on dbt's database: drop the test schemas that killed runs left behind, and no others.

A schema is ours if its name is one that this prefix makes. Whether its run is alive, its lock says; where the
database has no locks, runs that began more than a day ago count as dead.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt import lease
from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.in_process import runner
from pipeproof.environments.dbt.project.profile import PARSE_SCHEMA, Folders, make_profile
from pipeproof.environments.dbt.project.settings import Settings, find_project
from pipeproof.environments.dbt.run_names import read_name
from pipeproof.environments.dbt.session.warehouse import Warehouse
from pipeproof.errors import InputError
from pipeproof.scratch import scratch_folder
from pipeproof.variables import DBT_PROJECT_DIR, DBT_SCHEMA_PREFIX, DBT_TARGET, EMBEDDED

UNLOCKED_AGE = timedelta(hours=24)
"""How old a run has to be to count as dead where the database has no locks."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was found: schemas that were dropped, and those of living (or young) runs, which were not."""

    dropped: tuple[str, ...]
    kept: tuple[str, ...]


def dbt_clean_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the subcommand `clean` with what it needs to know of dbt; whoever adds to it sets its `command`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "clean", help="remove what killed runs left: folders and test schemas, never what is alive"
    )
    parser.add_argument("--directory", type=Path, default=Path(), help="where to look for the dbt project")
    parser.add_argument("--older-than", metavar="AGE", help="only runs that began so long ago: 90m, 24h, 7d")
    parser.add_argument("--dbt-project-dir", default=None)
    parser.add_argument("--dbt-target", default=None)
    parser.add_argument("--dbt-schema-prefix", default=None)
    return parser


def run_clean(arguments: argparse.Namespace, _further: Sequence[str] = ()) -> int:
    """Run `pipeproof clean`; the exit code."""
    age = read_age(arguments.older_than) if arguments.older_than else None
    if not arguments.directory.is_dir():
        raise DbtSetupError(f"--directory: {arguments.directory} is not a folder")
    given = DBT_PROJECT_DIR.read(arguments.dbt_project_dir)
    if given:
        find_project(arguments.directory.resolve(), given)
    target = DBT_TARGET.read(arguments.dbt_target)
    if target == EMBEDDED:
        sys.stdout.write("The embedded target keeps nothing: its files go with the test run.\n")
        return 0
    settings = Settings(
        find_project(arguments.directory.resolve(), given),
        target,
        DBT_SCHEMA_PREFIX.read(arguments.dbt_schema_prefix),
        frozenset({target}),  # nothing but test schemas is touched, on whatever target
    )
    cleaned = clean(settings, older_than=age)
    for schema in cleaned.dropped:
        sys.stdout.write(f"dropped {schema}\n")
    for schema in cleaned.kept:
        sys.stdout.write(f"kept {schema}: its run is alive, or too young to tell\n")
    sys.stdout.write(f"{len(cleaned.dropped)} dropped, {len(cleaned.kept)} kept\n")
    return 0


def read_age(text: str) -> timedelta:
    """Return an age like `90m`, `24h` or `7d`; raises [InputError][pipeproof.errors.InputError] for anything else."""
    match = re.fullmatch(r"(\d+)\s*([smhd])", text.strip())
    if match is None:
        raise InputError(f"--older-than: {text!r} is not an age", hint="write 90m, 24h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def clean(settings: Settings, *, older_than: timedelta | None = None, now: datetime | None = None) -> Cleaned:
    """Drop the schemas of dead runs.

    Args:
        settings: The project, whose profile says where the database is, the target and the prefix.
        older_than: Spare runs that began less long ago than this, dead as they may be.
        now: The time, in UTC.
    """
    moment = now or datetime.now(UTC)
    dropped, kept = [], []
    with _connect(settings) as (adapter, handle):
        warehouse = Warehouse(lambda: adapter, lambda: handle)
        database = adapter.config.credentials.database
        _, rows = warehouse.read("select schema_name from information_schema.schemata order by schema_name")
        for schema in [str(name) for (name,) in rows]:
            run = read_name(schema, settings.schema_prefix)
            if run is None:
                continue
            live = lease.is_live(handle, run.token)
            least = older_than if older_than is not None else UNLOCKED_AGE if live is None else timedelta()
            if live or moment - run.time < least:
                kept.append(schema)
            else:
                relation = adapter.Relation.create(
                    database=database, schema=schema, quote_policy=adapter.config.quoting
                )
                warehouse.drop_schema(relation)
                dropped.append(schema)
    return Cleaned(tuple(dropped), tuple(kept))


@contextmanager
def _connect(settings: Settings) -> Iterator[tuple[Any, Any]]:
    """Yield the adapter and a connection, by way of an empty project: the real one need not be fit to be parsed."""
    with scratch_folder("clean-") as folder:
        empty = folder / "empty"
        empty.mkdir()
        (empty / "dbt_project.yml").write_text('name: pipeproof_clean\nversion: "1.0"\n', encoding="utf-8")
        make_profile(settings, folder).write(folder)
        outcome, _ = runner.parse(Folders(empty, folder, folder / "target"), [], lambda _event: None)
        if not outcome.success:
            raise DbtSetupError(f"dbt cannot use target {settings.target!r}: {outcome.exception}")
        adapter = runner.current_adapter(outcome.result.metadata.adapter_type)
        handle = runner.open_handle(adapter, PARSE_SCHEMA)
        try:
            yield adapter, handle
        finally:
            handle.close()
