"""Names of test schemas: who made a schema, when, and for which run.

    pipeproof_20261121091400_k3f9a2_gw0_12
    prefix    UTC time       run    worker, and the worker's twelfth test

Databases cut names (PostgreSQL at 63 bytes), so a name of ours is at most 40 characters long and a project's custom
schemas get what is left; a name that would still be too long ends in a digest of the whole.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from pipeproof.variables import DBT_SCHEMA_PREFIX

LIMIT = 63
"""The longest name that PostgreSQL keeps whole, in bytes; no database that dbt knows keeps less."""

RUN = re.compile(r"(?P<prefix>[a-z][a-z0-9_]{0,14})_(?P<time>\d{14})_(?P<token>[a-z0-9]{6})_[a-z0-9]{1,5}_\d+(?:_.*)?")


@dataclass(frozen=True, slots=True)
class RunName:
    """The part of a schema's name that all schemas of one process share."""

    prefix: str
    time: datetime
    token: str
    worker: str = "w0"

    def __str__(self) -> str:
        return f"{self.prefix}_{self.time:%Y%m%d%H%M%S}_{self.token}_{self.worker}"

    def schema(self, number: int) -> str:
        """Return the name of the process's schema of that number."""
        return f"{self}_{number}"


def name_run(prefix: str, worker: str = "w0", clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> RunName:
    """A name for the schemas of this process; raises [InputError][pipeproof.errors.InputError] for a bad prefix."""
    prefix = DBT_SCHEMA_PREFIX.check(prefix)
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    token = "".join(secrets.choice(alphabet) for _ in range(6))
    return RunName(prefix, clock().replace(microsecond=0), token, re.sub(r"[^a-z0-9]", "", worker.lower())[:5] or "w0")


def read_name(schema: str, prefix: str) -> RunName | None:
    """Which run made a schema of that name; `None` if it is none of this prefix's."""
    match = RUN.fullmatch(schema.lower())
    if match is None or match["prefix"] != prefix:
        return None
    try:
        time = datetime.strptime(match["time"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return RunName(prefix, time, match["token"])


def place_schema(original: str, default: str, test: str) -> str:
    """Where a test puts what the project puts into the schema `original`.

    What goes to the target's schema (`default`) goes to the test's; a schema that is named after the target's keeps
    its ending; any other becomes an ending. The result is always the test's schema or begins with it and `_`.
    """
    if original.lower() == default.lower():
        return test
    ending = original[len(default) + 1 :] if original.lower().startswith(f"{default.lower()}_") else original
    name = f"{test}_{re.sub(r'[^a-z0-9_]', '_', ending.lower())}"
    if len(name) <= LIMIT:
        return name
    digest = sha256(name.encode()).hexdigest()[:8]
    return f"{name[: LIMIT - 9]}_{digest}"


def is_inside(schema: str, test: str) -> bool:
    """Return whether a schema is the test's, or one that belongs to it."""
    schema, test = schema.lower(), test.lower()
    return schema == test or schema.startswith(f"{test}_")
