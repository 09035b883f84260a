"""Where in the project's files a failure is."""

from types import SimpleNamespace as Thing

import pytest

from pipeproof.environments.dbt.project.declarations import locate_test
from pipeproof.environments.dbt.project.lines import locate_node, locate_parse_error
from pipeproof.environments.dbt.result import DbtNode

SCHEMA = """\
version: 2
models:
  - name: orders
    config:
      contract:
        enforced: true
    columns:
      - name: order_id
        data_tests:
          - unique
          - not_null
      - name: status
        tests:
          - accepted_values:
              values: [a]
          - accepted_values:
              name: only_b
              values: [b]
          - name: by_test_name
            test_name: dbt_utils.at_least_one
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          combination_of_columns: [order_id, status]
sources:
  - name: raw
    tables:
      - name: orders
        columns:
          - name: id
            data_tests: [not_null]
unit_tests:
  - name: first
    model: orders
  - name: second
    model: orders
"""

ALIKE = """\
models:
  - name: orders
    columns:
      - name: id
        data_tests:
          - relationships: {to: ref('a'), field: id}
          - relationships:
              arguments: {to: ref('b'), field: id}
          - not_null: {config: {where: id > 1}}
          - not_null: {config: {where: id > 2}}
      - name: Order Date
        quote: true
        data_tests: [not_null]
    data_tests:
      - shop.expression: {expression: a > b}
      - shop.expression: {expression: b > c}
    latest_version: 2
    versions:
      - v: 1
        columns:
          - name: id
            data_tests:
              - unique
      - v: 2
        data_tests:
          - shop.expression: {expression: c > d}
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "schema.yml").write_text(SCHEMA)
    return tmp_path


def data_test(kind, column=None, name="generated", namespace=None, attached="model.shop.orders", sources=(), **more):
    metadata = Thing(name=kind, namespace=namespace, kwargs=more)
    return Thing(
        resource_type="test",
        config={name: value for name, value in more.items() if name == "where"},
        name=name,
        column_name=column,
        attached_node=attached,
        test_metadata=metadata,
        sources=sources,
    )


MANIFEST = Thing(nodes={"model.shop.orders": Thing(name="orders")})


@pytest.mark.parametrize(
    ("test", "line"),
    [
        (data_test("unique", "order_id"), 10),
        (data_test("not_null", "order_id"), 11),
        (data_test("accepted_values", "status"), 14),
        (data_test("accepted_values", "status", name="only_b"), 16),
        (data_test("at_least_one", "status", name="by_test_name", namespace="dbt_utils"), 19),
        (data_test("unique_combination_of_columns", namespace="dbt_utils"), 22),
        (data_test("not_null", "id", attached=None, sources=[["raw", "orders"]]), 30),
        (Thing(resource_type="unit_test", name="second"), 34),
    ],
)
def test_locate_test(project, test, line):
    assert locate_test(test, project / "models" / "schema.yml", MANIFEST) == line


@pytest.mark.parametrize(
    ("test", "line"),
    [
        (data_test("relationships", "id", to="ref('a')", field="id"), 6),
        (data_test("relationships", "id", to="ref('b')", field="id"), 7),
        (data_test("not_null", "id", where="id > 1"), 9),
        (data_test("not_null", "id", where="id > 2"), 10),
        (data_test("not_null", '"Order Date"'), 13),
        (data_test("expression", namespace="shop", expression="a > b"), 15),
        (data_test("expression", namespace="shop", expression="b > c"), 16),
        (data_test("unique", "id", attached="model.shop.orders.v1"), 23),
        (data_test("expression", namespace="shop", expression="c > d", attached="model.shop.orders.v2"), 26),
    ],
)
def test_locate_test__of_several_that_are_alike(project, test, line):
    """By their arguments and configurations; a column's name may be quoted, and a version has columns of its own."""
    file = project / "models" / "alike.yml"
    file.write_text(ALIKE)
    versions = {f"model.shop.orders.v{number}": Thing(name="orders", version=number) for number in (1, 2)}
    assert locate_test(test, file, Thing(nodes={**MANIFEST.nodes, **versions})) == line


def model(project, sql, message, **more):
    (project / "models" / "orders.sql").write_text(sql)
    node = DbtNode(
        "orders", "model.shop.orders", "model", "error", message=message, file=project / "models" / "orders.sql"
    )
    found = Thing(name="orders", resource_type="model", patch_path="shop://models/schema.yml", **more)
    return locate_node(node, Thing(nodes={"model.shop.orders": found}, unit_tests={}), project)


def test_locate_node__the_quoted_line_in_the_raw_file(project):
    message = 'Database Error\n  column "nope" does not exist\n  LINE 9:     nope,\n              ^'
    location, remark = model(project, "select\n    one,\n    nope,\n    two\nfrom t\n", message)
    assert (location.line, remark) == (3, None)


def test_locate_node__the_word_where_jinja_made_the_line(project):
    message = 'Binder Error: Referenced column "nope" not found\n\nLINE 4: select upper(nope) as x\n               ^'
    location, remark = model(project, "{% set c = 'nope' %}\nselect {{ shout(c) }} as x", message)
    assert (location.line, remark) == (1, None)


def test_locate_node__only_the_compiled_line_is_known(project):
    message = "Database Error\n  division by zero\n  LINE 12: 1 / 0\n               ^"
    location, remark = model(project, "select {{ ratio() }}", message)
    assert location.line == 1
    assert "line 12" in remark


def test_locate_node__jinja(project):
    message = "Compilation Error in model orders (models/orders.sql)\n  unexpected '}'\n    line 2\n      {{ x }"
    assert model(project, "select\n{{ x }\n", message)[0].line == 2


def test_locate_node__contract(project):
    location, _ = model(project, "select 1", "This model has an enforced contract that failed.")
    assert (location.file.name, location.line) == ("schema.yml", 6)


def test_locate_parse_error(project):
    text = "Parsing Error\n  Error reading shop: models/schema.yml - Runtime Error\n    Syntax error near line 7"
    found = locate_parse_error(text, project)
    assert (found.file.name, found.line) == ("schema.yml", 7)
    assert locate_parse_error("the database is down", project) is None
