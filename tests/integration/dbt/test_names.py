"""What a test calls things: sources, models and versions that share a name."""

import pytest

from pipeproof.environments.dbt.engine import open_scenario
from pipeproof.environments.dbt.errors import DbtNameError, DbtNotBuiltError
from pipeproof.environments.dbt.result import DbtFailed

FILES = {
    "dbt_project.yml": "name: jaffle_shop\nprofile: jaffle_shop\n",
    "models/stg_customers.sql": "select id, upper(name) as name from {{ source('jaffle_shop', 'customers') }}",
    "models/customers.sql": "select id, name from {{ ref('stg_customers') }}",
    "models/orders_v1.sql": "select 1 as id",
    "models/orders_v2.sql": "select 2 as id",
    "models/read_source.sql": "select id from {{ source('orders', 'v1') }}",
    "models/read_model.sql": "select id from {{ ref('orders', v=1) }}",
    "models/late.sql": "select * from {{ source('raw', 'late') }} join {{ ref('stg_late') }} using (id)",
    "models/stg_late.sql": "select 1 as id",
    "models/schema.yml": """
sources:
  - name: jaffle_shop
    tables: [name: customers, name: customers_old]
  - name: orders
    tables: [name: v1]
  - name: raw
    tables: [name: late]
models:
  - name: orders
    latest_version: 2
    versions: [{v: 1}, {v: 2}]
""".replace("[name: customers, name: customers_old]", "[{name: customers}, {name: customers_old}]")
    .replace("[name: v1]", "[{name: v1}]")
    .replace("[name: late]", "[{name: late}]"),
    "packages.yml": "packages: [{local: dbt_packages/one}, {local: dbt_packages/two}]\n",  # dbt 1.12 counts them
    "dbt_packages/one/dbt_project.yml": "name: one\n",
    "dbt_packages/one/models/shared.sql": "select 1 as id",
    "dbt_packages/one/models/customers_of_one.sql": "{{ config(alias='c1') }} select 1 as id",
    "dbt_packages/two/dbt_project.yml": "name: two\n",
    "dbt_packages/two/models/shared.sql": "{{ config(alias='shared_of_two') }} select 2 as id",
}


@pytest.fixture(scope="module")
def jaffle(make_project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("jaffle")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return make_project(project_dir=folder)


@pytest.fixture
def scenario(jaffle):
    dbt = open_scenario(jaffle, lambda _kind, _data: None)
    yield dbt
    dbt.close()


def test_names__a_dotted_one_is_a_source_first(scenario):
    scenario.given("jaffle_shop.customers", [{"id": 1, "name": "ann"}])
    scenario.run("stg_customers")
    scenario.expect("stg_customers", [{"id": 1, "name": "ANN"}])
    scenario.expect("jaffle_shop.customers", [{"name": "ann"}])
    assert scenario.sql("select name from {{ source('jaffle_shop', 'customers') }}") == [{"name": "ann"}]


@pytest.mark.parametrize("name", ["customers", "model:customers", "model:jaffle_shop.customers"])
def test_names__the_model_of_the_source_s_name(scenario, name):
    scenario.given("jaffle_shop.customers", [{"id": 1, "name": "ann"}])
    scenario.given(name, [{"id": 5, "name": "MODEL"}])
    scenario.expect(name, [{"id": 5}])
    scenario.expect("source:jaffle_shop.customers", [{"id": 1}])
    for query in ("{{ ref('customers') }}", "{{ ref('jaffle_shop', 'customers') }}"):
        assert scenario.sql(f"select id from {query}") == [{"id": 5}]


def test_names__a_source_s_table_and_a_version(scenario):
    scenario.given("orders.v1", [{"id": 7}])
    scenario.given("model:orders.v1", [{"id": 8}])
    scenario.run("read_source read_model")
    scenario.expect("read_source", [{"id": 7}])
    scenario.expect("read_model", [{"id": 8}])


def test_names__hints_say_what_is_found(scenario):
    with pytest.raises(DbtFailed, match=r'dbt.given\("orders_v1", '):
        scenario.run("read_model")
    with pytest.raises(DbtFailed, match=r'dbt.given\("orders.v1", '):
        scenario.run("read_source")
    with pytest.raises(DbtNotBuiltError, match=r'dbt.given\("orders_v1", '):
        scenario.rows("model:orders.v1")


def test_names__the_hint_is_about_the_input_that_is_missing(scenario):
    """`late` is in the name of another input as well."""
    scenario.run("stg_late")
    with pytest.raises(DbtFailed, match=r'dbt.given\("raw.late", '):
        scenario.run("late")


def test_names__of_two_packages(scenario):
    with pytest.raises(DbtNameError, match=r"'shared' is the name of several\n.*say which one: one.shared, two.shared"):
        scenario.given("shared", [{"id": 1}])
    scenario.given("two.shared", [{"id": 3}])
    scenario.expect("model:two.shared", [{"id": 3}])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("table:orders", "'table:orders': there is no kind 'table'"),
        ("source:customers", "no model, seed, snapshot or source 'source:customers'\n.*did you mean .*customers"),
        ("model:jaffle_shop.customers_old", "no model, seed, snapshot or source"),
        ("seed:customers", "no model, seed, snapshot or source"),
    ],
)
def test_names__that_nothing_has(scenario, name, words):
    with pytest.raises(DbtNameError, match=words):
        scenario.given(name, [{"id": 1}])
