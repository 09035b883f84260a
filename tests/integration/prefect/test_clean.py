"""`pipeproof clean` drops the databases that killed runs left on a PostgreSQL server, and no others."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest

from pipeproof import cli
from pipeproof.environments.prefect.server.postgres import new_name

OLD = "pipeproof_prefect_20200102030405_0123456789abcdef"
NAMES = (OLD, f"{OLD}_template", OLD.replace("0123", "ffff"), "pipeproof_prefect_of_somebody_s")


@pytest.fixture
def databases(postgres_server: Any) -> Iterator[tuple[str, ...]]:
    """One that is old, its template, one that is in use, one of another name, and one of now."""
    names = (*NAMES, new_name())
    for name in names:
        postgres_server.execute(f'CREATE DATABASE "{name}"')
    yield names
    for name in names:
        postgres_server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def test_clean__drops_what_is_old_and_nobody_s(postgres_server: Any, databases: tuple[str, ...], capsys: Any) -> None:
    used = postgres_server.url().rpartition("/")[0] + f"/{databases[2]}"
    with closing(psycopg2.connect(used)):
        assert cli.main(["clean", "--prefect-database", postgres_server.url("postgresql+asyncpg")]) == 0
    printed = capsys.readouterr().out
    assert f"dropped database {OLD}\n" in printed
    assert f"dropped database {OLD}_template\n" in printed
    assert f"kept database {databases[2]}: its run is alive" in printed
    rows = postgres_server.execute("select datname from pg_database where datname like 'pipeproof_prefect_%'")
    assert {name for (name,) in rows} >= set(databases[2:])
    assert not {name for (name,) in rows} & set(databases[:2])


def test_new_name__is_one_of_now() -> None:
    assert f"{datetime.now(UTC):%Y%m%d}" in new_name()
    assert len(f"{new_name()}_template") <= 63  # PostgreSQL cuts what is longer
