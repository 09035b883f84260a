"""Pipeproof's own environment variables: each is parsed, and has its default, here and nowhere else.

A value that is given nearer to the run goes first: an option of pytest or of the command line, then the variable (as
which an input of the action arrives), then the project's ini file, then the default. `docs/reference/variables.md` has
those that are the user's to set.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pipeproof import environ
from pipeproof.errors import InputError

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Variable(Generic[T_co]):
    """A variable that a user may set.

    Args:
        name: `PIPEPROOF_…`.
        parse: Reads a text; raises `ValueError` with what is allowed.
        meaning: What it is for, for the documentation.
        default: What holds where nobody says anything, as a user would write it.
        passed_on: Whether `pipeproof run` lets the tests see what the workflow's `env:` has set.
    """

    name: str
    parse: Callable[[str], T_co]
    meaning: str
    default: str = ""
    passed_on: bool = True

    def read(self, option: object = None, ini: object = None) -> T_co:
        """Return the value that holds.

        Args:
            option: What an option says; empty or `None` where it is not given.
            ini: What the ini file says.

        Raises:
            InputError: The value that holds is not valid.
        """
        chosen = option or environ.get(self.name) or ini or self.default
        return self.check(str(chosen))

    def check(self, value: str) -> T_co:
        """Return a text parsed; raises [InputError][pipeproof.errors.InputError] where it is not valid."""
        try:
            return self.parse(value)
        except ValueError as error:
            name = self.name.removeprefix("PIPEPROOF_").lower().replace("_", "-")
            raise InputError(f"{name} ({self.name}): {value!r} is not valid; {error}") from None

    @property
    def is_set(self) -> bool:
        """Whether the environment has it."""
        return bool(environ.get(self.name))


def one_of(*allowed: str) -> Callable[[str], str]:
    """Make a parser that takes one of a few words."""

    def parse(value: str) -> str:
        if value.strip() not in allowed:
            raise ValueError(f"allowed: {', '.join(filter(None, allowed))}")
        return value.strip()

    return parse


def one_line(value: str) -> str:
    """Take a text of one line that is not empty."""
    if not value.strip() or len(value.strip().splitlines()) > 1:
        raise ValueError("allowed: one line of text")
    return value.strip()


def optional_text(value: str) -> str | None:
    """Take a text; nothing is `None`."""
    return value.strip() or None


def optional_path(value: str) -> Path | None:
    """Take a path; nothing is `None`."""
    return Path(value) if value else None


def schema_prefix(value: str) -> str:
    """Take the first part of a schema's name: what every warehouse takes without quotes, and short."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,14}", value.strip()):
        raise ValueError("allowed: a lower-case letter, then at most 14 of a-z, 0-9 and _")
    return value.strip()


def prefect_database(value: str) -> str:
    """Take `sqlite` or the URL of a PostgreSQL server in SQLAlchemy's form for asyncpg."""
    if value.strip() != "sqlite" and not value.strip().startswith("postgresql+asyncpg://"):
        raise ValueError("allowed: sqlite, or a URL that starts with postgresql+asyncpg://")
    return value.strip()


def names(value: str) -> frozenset[str]:
    """Take a list of names."""
    return frozenset(value.split())


def host_list(value: str) -> tuple[str, ...]:
    """Take hosts, each with a port or without one: `postgres:5432`, `10.0.0.5`, `[2001:db8::1]:443`."""
    found = tuple(value.replace(",", " ").split())
    for host in found:
        if not re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?", host):
            raise ValueError(f"{host!r} is not a host; allowed: names and addresses, each with `:port` or without")
    return found


EMBEDDED = "embedded"
"""The target that needs no profile: DuckDB, one file a worker."""

DBT_PROJECT_DIR = Variable("PIPEPROOF_DBT_PROJECT_DIR", optional_text, "The folder of `dbt_project.yml`")
DBT_TARGET = Variable(
    "PIPEPROOF_DBT_TARGET", one_line,
    "`embedded` (DuckDB, no profile needed) or a target of the project's profile", EMBEDDED,
)  # fmt: skip
DBT_SCHEMA_PREFIX = Variable(
    "PIPEPROOF_DBT_SCHEMA_PREFIX", schema_prefix, "The first part of every test schema", "pipeproof"
)
DBT_ALLOW_TARGET = Variable(
    "PIPEPROOF_DBT_ALLOW_TARGET", names, "Targets that may be used although they look like production"
)
DIALECTS = ("bigquery", "redshift", "snowflake", "trino")
"""The warehouses whose SQL is run in the embedded database."""

DBT_DIALECT = Variable(
    "PIPEPROOF_DBT_DIALECT", one_of("auto", "duckdb", *DIALECTS),
    "The dialect of the project's SQL in the embedded database: `auto` (that of its profile), `duckdb`, `bigquery`, "
    "`redshift`, `snowflake` or `trino`",
    "auto",
)  # fmt: skip
DBT_ENGINE = Variable(
    "PIPEPROOF_DBT_ENGINE", one_of("", "python", "cli"),
    "`python` or `cli`: how dbt is run, where what is installed is not to decide",
)  # fmt: skip
DBT_SAMPLE_KEY = Variable(
    "PIPEPROOF_DBT_SAMPLE_KEY", optional_text,
    "A secret of `pipeproof dbt sample`, with which it makes pseudonyms: the same key, the same ones", passed_on=False,
)  # fmt: skip
PREFECT_DATABASE = Variable(
    "PIPEPROOF_PREFECT_DATABASE", prefect_database, "`sqlite` or a `postgresql+asyncpg://` URL", "sqlite"
)
NETWORK = Variable(
    "PIPEPROOF_NETWORK", one_of("auto", "loopback", "open"),
    "What tests reach, as the input `network`, which `pipeproof run` sets it to (`auto` where nobody says anything)",
    "open", passed_on=False,
)  # fmt: skip
NETWORK_ALLOW = Variable(
    "PIPEPROOF_NETWORK_ALLOW", host_list,
    "Hosts, `name` or `name:port`, that every test may reach, whatever `PIPEPROOF_NETWORK` says",
)  # fmt: skip
PATCHES = Variable(
    "PIPEPROOF_PATCHES", one_of("all", "needed", "none"),
    "What pipeproof replaces inside of Prefect and dbt: `all`; `needed`, without what is there for speed alone; or "
    "`none`, where Prefect's own test harness serves",
    "all",
)  # fmt: skip
CACHE_DIR = Variable(
    "PIPEPROOF_CACHE_DIR", optional_path,
    "Where Prefect's migrated database is kept, in place of the user's folder for caches",
)  # fmt: skip

TO_BE_SET: Mapping[str, "Variable[object]"] = {
    variable.name: variable
    for variable in (
        DBT_PROJECT_DIR, DBT_TARGET, DBT_SCHEMA_PREFIX, DBT_ALLOW_TARGET, DBT_DIALECT, DBT_ENGINE,
        DBT_SAMPLE_KEY, PREFECT_DATABASE, NETWORK,
        NETWORK_ALLOW,
        PATCHES, CACHE_DIR,
    )
}  # fmt: skip
"""The variables that are a user's to set."""

DEBUG = "PIPEPROOF_DEBUG"
"""`1`: a fault ends `pipeproof run` with its traceback; the flag `--debug` sets it."""

EVENTS_FD = "PIPEPROOF_EVENTS_FD"
"""From the supervisor to the tests: the number of the descriptor that events are written to."""

LIVE_FD = "PIPEPROOF_LIVE_FD"
"""From the supervisor to the tests: the number of the descriptor that the credentials' document is read from."""

REFUSALS = "PIPEPROOF_REFUSALS"
"""From the supervisor to the tests: the file that it writes refused connections to, there where it judges them."""

WORKSPACE = "PIPEPROOF_WORKSPACE"
"""From the supervisor to the tests: the folder that files are named from; else it is pytest's rootdir."""

DBT_SCHEMA = "PIPEPROOF_DBT_SCHEMA"
"""To our own dbt profile: the test's schema."""

DBT_SCHEMAS = "PIPEPROOF_DBT_SCHEMAS"
"""To our own dbt macros: schemas whose names would be too long, with the ones that stand for them, as JSON."""

DBT_SOURCES = "PIPEPROOF_DBT_SOURCES"
"""To our own dbt macros: sources that tables stand in for, with the tables' names, as JSON."""
