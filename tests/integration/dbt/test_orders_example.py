"""The example's models, with four workers on PostgreSQL; `make demo` and the image's tests run them on DuckDB."""

import os
import re
import subprocess
import sys
from pathlib import Path

ORDERS = Path(__file__).parents[3] / "examples" / "orders"


def run_tests(environment):
    command = [sys.executable, "-m", "pytest", "tests/test_models.py", "-n", "4", "-rA", "-p", "no:cacheprovider", "-q"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    variables |= {"PIPEPROOF_DBT_TARGET": "prod", "PIPEPROOF_DBT_ALLOW_TARGET": "prod", **environment}
    done = subprocess.run(command, cwd=ORDERS, env=variables, capture_output=True, text=True, check=False)
    return sorted(re.findall(r"^(PASSED|FAILED|ERROR) (?:\S*)::(\S+)", done.stdout, re.MULTILINE)), done


def test_orders__four_workers(postgres_database):
    server = postgres_database
    place = {"PGHOST": server.host, "PGPORT": str(server.port), "PGUSER": server.user, "PGDATABASE": server.database}
    outcomes, done = run_tests(place)
    names = re.findall(r"^def (test_\w+)", (ORDERS / "tests" / "test_models.py").read_text(), re.MULTILINE)
    assert outcomes == sorted(("PASSED", name) for name in names), done.stdout
    left = server.execute("select nspname from pg_namespace where nspname !~ '^pg_' order by 1")
    assert left == [("information_schema",), ("public",)]
