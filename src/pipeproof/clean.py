"""`pipeproof clean`: remove what killed runs left: folders, dbt's test schemas and Prefect's databases, no others.

A name says when its run began. Whether a dbt run is alive, its lock says, and so does that of a folder; a Prefect
database that somebody is connected to is alive, and one that nobody is (a template) counts as dead when it is more than
a day old.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pipeproof.environments.dbt.clean import UNLOCKED_AGE, dbt_clean_parser, read_age, run_clean
from pipeproof.scratch import remove_dead
from pipeproof.variables import PREFECT_DATABASE


def add_clean_parser(subparsers: Any) -> None:
    """Add the subcommand `clean`; its `command` takes the parsed arguments and gives the exit code."""
    parser = dbt_clean_parser(subparsers)
    parser.description = __doc__
    parser.add_argument(
        "--prefect-database", default=None, metavar="URL", help="a postgresql+asyncpg:// server to clean"
    )
    parser.set_defaults(command=_run)


def _run(arguments: argparse.Namespace, further: Sequence[str] = ()) -> int:
    older_than = read_age(arguments.older_than) if arguments.older_than else timedelta()
    for folder in remove_dead(older_than):
        sys.stdout.write(f"removed folder {folder}\n")
    url = PREFECT_DATABASE.read(arguments.prefect_database)
    if url != "sqlite":
        clean_prefect(url, read_age(arguments.older_than) if arguments.older_than else UNLOCKED_AGE)
        if arguments.prefect_database:
            return 0
    return run_clean(arguments, further)


def clean_prefect(url: str, older_than: timedelta) -> None:
    """Drop the databases that Prefect's test servers of dead runs left on a PostgreSQL server, and say so."""
    from pipeproof.environments.prefect.server import postgres

    dead, kept = postgres.find_leftovers(url, older_than)
    for name in dead:
        postgres.drop(url, name)
        sys.stdout.write(f"dropped database {name}\n")
    for name in kept:
        sys.stdout.write(f"kept database {name}: its run is alive, or too young to tell\n")
    sys.stdout.write(f"{len(dead)} dropped, {len(kept)} kept\n")
