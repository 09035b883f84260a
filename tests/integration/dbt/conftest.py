"""A project that does what projects do, on both databases: every test that takes `dbt` runs on each."""

import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

SHOP = Path(__file__).parent / "shop"


@pytest.fixture(scope="session")
def make_project(tmp_path_factory):
    """Make a project of settings, with folders of its own, for the dbt that is installed."""
    from pipeproof.environments.dbt.engine import open_project
    from pipeproof.environments.dbt.project.settings import Settings
    from pipeproof.environments.dbt.run_names import name_run

    made = []

    def make(project_dir=SHOP, target="embedded", prefix="pptest", worker="w0", shared=None, **settings):
        folder = tmp_path_factory.mktemp("dbt")
        project = open_project(
            Settings(project_dir, target, prefix, **settings), name_run(prefix, worker), folder, shared or folder
        )
        made.append(project)
        return project

    yield make
    for project in made:
        project.close()


@pytest.fixture(scope="session")
def shop_database(request):
    """A database of this worker's own, its address where the project's profile looks for it."""
    from pipeproof.environments.dbt.engine import choose_engine

    if choose_engine() == "cli":
        pytest.skip("a dbt without a Python entry runs on the embedded database alone")
    name = f"shop_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    server = request.getfixturevalue("postgres_server")
    server.execute(f"create database {name}")
    for role in ("reporter", "clerk"):  # which all databases of the server share
        server.execute(
            f"do $$ begin create role {role}; exception when duplicate_object or unique_violation then null; end $$"
        )
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in (("HOST", server.host), ("PORT", str(server.port)), ("USER", server.user)):
            patch.setenv(f"SHOP_{variable}", value)
        patch.setenv("SHOP_DATABASE", name)
        yield type(server)(port=server.port, database=name)


@pytest.fixture(scope="session", params=["embedded", "ci"])
def _dbt_project(request, make_project):
    if request.param != "embedded":
        request.getfixturevalue("shop_database")
    return make_project(target=request.param)


@pytest.fixture
def raw_orders():
    """Three orders of two customers, as they land."""
    return [
        {
            "id": 1,
            "customer_id": 1,
            "status": "paid",
            "amount": Decimal("10.00"),
            "ordered_at": datetime(2026, 1, 1, 9),
        },
        {"id": 2, "customer_id": 1, "status": "open", "amount": Decimal("5.00"), "ordered_at": datetime(2026, 1, 2, 9)},
        {"id": 3, "customer_id": 2, "status": "paid", "amount": Decimal("7.50"), "ordered_at": datetime(2026, 1, 3, 9)},
    ]
