"""Many runs on one database: none leaves anything, save one that is killed, and `pipeproof clean` finds that."""

import argparse
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from pipeproof.clean import add_clean_parser
from pipeproof.environments.dbt.clean import clean, read_age
from pipeproof.environments.dbt.project.settings import Settings
from pipeproof.errors import InputError

SHOP = Path(__file__).with_name("shop")

SUITE = """
import pytest

@pytest.mark.parametrize("number", [1, 2])
def test_revenue(dbt, number):
    dbt.given("stg_customers", [{"customer_id": number, "name": "Ann"}])
    dbt.given("int_paid_orders", [{"order_id": 1, "customer_id": number, "amount": number}])
    dbt.run("customer_revenue")
    dbt.expect("customer_revenue", [{"customer_id": number, "revenue": number}])
"""

STAY = """
import sys

def test_stay(dbt):
    dbt.given("customers", [{"id": 1, "name": "Ann"}])
    dbt.run("stg_customers")
    print("SCHEMA", dbt.schema, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def start(tmp_path):
    """Start pytest on the shop's models with a file of tests; all share what the first of them has parsed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    project = shutil.copytree(SHOP, tmp_path / "shop")
    started = []

    def start_pytest(tests):
        worker = f"gw{len(started)}"
        file = project / f"test_{worker}.py"
        file.write_text(tests)
        options = ["--pipeproof-dbt-target", "ci", "--pipeproof-dbt-schema-prefix", "crowd", "-p", "no:cacheprovider"]
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-s", *options, "--basetemp", str(tmp_path / worker), str(file)],
            cwd=project, env={**environment, "PYTEST_XDIST_WORKER": worker},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start_pytest
    for process in started:
        process.kill()
        process.communicate()


def schema_of(process):
    return next(line.split()[-1] for line in process.stdout if "SCHEMA " in line)


def schemas_of(database):
    return {
        name for (name,) in database.execute("select nspname from pg_namespace where nspname !~ '^(pg_|info|pptest)'")
    }


def run_clean(*arguments):
    parser = argparse.ArgumentParser()
    add_clean_parser(parser.add_subparsers())
    options = parser.parse_args(["clean", *arguments])
    return options.command(options, [])


def test_crowd__leaves_nothing_but_what_was_killed(start, shop_database, capsys):
    """Four runs at once beside one that lives and one that is killed; `pipeproof clean` while that one lives."""
    for schema in ("crowd", "crowd_data", "analytics", "crowd_20261121091400_abcdef"):
        shop_database.execute(f"create schema {schema}")
    before = schemas_of(shop_database)
    living = start(STAY)
    alive = schema_of(living)
    killed = start(STAY)
    lost = schema_of(killed)
    killed.kill()
    killed.wait()
    crowd = [start(SUITE) for _ in range(4)]
    outputs = [process.communicate()[0] for process in crowd]
    assert all("2 passed" in output for output in outputs), outputs
    assert schemas_of(shop_database) == before | {lost, f"{lost}_staging", alive, f"{alive}_staging"}

    place = ["--directory", str(SHOP), "--dbt-target", "ci", "--dbt-schema-prefix", "crowd"]
    assert run_clean(*place, "--older-than", "1h") == 0
    assert "0 dropped, 4 kept" in capsys.readouterr().out
    cleaned = subprocess.run(
        [sys.executable, "-m", "pipeproof", "clean", *place], capture_output=True, text=True, check=True
    )
    assert cleaned.stdout.splitlines()[-1] == "2 dropped, 2 kept"
    assert schemas_of(shop_database) == before | {alive, f"{alive}_staging"}

    assert "1 passed" in living.communicate()[0]
    assert schemas_of(shop_database) == before
    assert not clean(Settings(SHOP, "ci", "crowd")).dropped


def test_clean__embedded_keeps_nothing(capsys):
    assert run_clean("--dbt-target", "embedded") == 0
    assert "keeps nothing" in capsys.readouterr().out


def test_clean__no_project_there(tmp_path):
    """A folder that is given is looked at, even where the target keeps nothing."""
    with pytest.raises(InputError, match=r"no dbt_project\.yml in .*nope"):
        run_clean("--directory", str(tmp_path), "--dbt-project-dir", "nope")


def test_read_age():
    assert read_age("90m") == timedelta(minutes=90)
    with pytest.raises(InputError, match="older-than"):
        read_age("soon")
