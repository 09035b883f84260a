"""Macros called by tests, and queries of tests that call them."""

from datetime import date
from decimal import Decimal

import pytest

from pipeproof import DbtFailed
from pipeproof.environments.dbt.errors import DbtNameError, DbtOptionError, DbtQueryError, DbtRefusedError


def test_macro__text(dbt):
    """Without the blanks around it; arguments by position and by name."""
    assert dbt.macro("cents", "amount") == "(amount / 100)::numeric(16, 2)"
    assert dbt.macro("cents", "amount", scale=4) == "(amount / 100)::numeric(16, 4)"
    assert dbt.macro("shop.cents", column="a") == "(a / 100)::numeric(16, 2)"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "it's",
        'a "b"',
        "{{ no",
        "%} #} {# \\n \\",
        "a\nb\tc\x01",
        "é 漢 😀",
        0,
        -1,
        2.5,
        True,
        False,
        None,
        [1, ["a"]],
        {"a": {"b": [1]}},
    ],
    ids=str,
)
def test_macro__value_there_and_back(dbt, value):
    assert dbt.macro("as_given", value) == (value.strip() if isinstance(value, str) else value)


def test_macro__expression_as_argument(dbt):
    """A relation comes back as text."""
    dbt.given("stg_orders", [{"order_id": 1}])
    assert (
        dbt.macro("as_given", "{{ ref('stg_orders') }}") == dbt.sql("select '{{ ref('stg_orders') }}' as at")[0]["at"]
    )


def test_macro__table_of_a_query(dbt, raw_orders):
    """As rows; a date as text."""
    dbt.given("raw.orders", raw_orders)
    dbt.run("stg_orders")
    rows = dbt.macro("statuses", "{{ ref('stg_orders') }}")
    assert rows == [
        {"status": "open", "half": Decimal("1.5"), "day": "2026-01-02"},
        {"status": "paid", "half": Decimal("1.5"), "day": "2026-01-02"},
    ]


def test_macro__nested_values(dbt):
    """What dbt_utils.get_query_results_as_dict returns, relations, and tables in what is returned."""
    dbt.given("stg_orders", [{"order_id": 1}])
    place = "{{ ref('stg_orders') }}"
    there = dbt.macro("as_given", place)
    query = "select 1.5 as half, date '2026-01-02' as day, 2 as two"
    row = {"half": Decimal("1.5"), "day": "2026-01-02", "two": 2}
    assert dbt.macro("values_by_column", query) == {name: [value] for name, value in row.items()}
    assert dbt.macro("found_in", query, place) == {"tables": [[row], [row]], "at": {"orders": [there, [there]]}}


@pytest.mark.parametrize(
    "expression",
    ["set([1])", "{1: 2}.keys()", "[1] | map('int')", "{'a': 1}.values()"],
    ids=["set", "keys", "map", "values"],
)
def test_macro__what_can_be_gone_through_is_a_list(dbt, expression):
    assert dbt.macro("as_given", f"{{{{ {expression} }}}}") == [1]


def test_macro__nested_too_deep(dbt):
    value = 1
    for _ in range(10):
        value = [value]
    assert dbt.macro("as_given", value) == value
    with pytest.raises(DbtFailed, match="the macro as_given: what it returns has more than 10 lists or dicts"):
        dbt.macro("as_given", [[value]])


def test_macro__arguments_that_are_called_as_ours(dbt):
    assert dbt.macro("of_that_name", name="a") == "a"


def test_macro__several_expressions(dbt):
    with pytest.raises(DbtOptionError, match="is more than one expression"):
        dbt.macro("as_given", "{{ 1 }} and {{ 2 }}")
    assert dbt.macro("as_given", "{{ '}}' }}") == "}}"


def test_macro__of_the_adapter(dbt):
    """An adapter's own have no package before their name, as in a model."""
    adapter = dbt.project.adapter
    assert dbt.macro(f"{adapter}__dateadd", "day", 1, "x") == dbt.macro("dbt.dateadd", "day", 1, "x")


def test_macro__in_a_model(dbt):
    """`this` and `is_incremental` are the model's: by what is in the test's schema."""
    assert dbt.macro("since", "order_id", this="orders") == "true"
    dbt.given("orders", [{"order_id": 1}])
    assert dbt.macro("since", "order_id", this="orders") == "order_id > (select max(order_id) from orders)"
    assert dbt.macro("since", "order_id") == "true"


def test_macro__executes_with_variables(dbt):
    assert dbt.macro("only_when_run") is True
    assert (dbt.macro("least"), dbt.macro("least", vars={"least": 3})) == (1, 3)


def test_macro__dispatched_to_the_adapter(dbt):
    assert dbt.macro("dbt.string_literal", "a") == "'a'"
    assert dbt.macro("string_literal", "a") == "'a'"
    adapter = dbt.project.adapter
    assert ("bool_or" in dbt.macro("dbt.bool_or", "x")) == (adapter in {"duckdb", "postgres"})


def test_macro__refuses(dbt):
    with pytest.raises(DbtFailed, match="the macro must_be_positive: not positive: -1") as failed:
        dbt.macro("must_be_positive", -1)
    assert (failed.value.location.file.name, "remote system" in str(failed.value)) == ("cents.sql", False)


@pytest.mark.parametrize("name", ["makes_elsewhere"])
def test_macro__writes_elsewhere(dbt, name):
    with pytest.raises(DbtRefusedError, match="elsewhere_of_nobody"):
        dbt.macro(name)


def test_macro__unknown(dbt):
    with pytest.raises(DbtNameError, match=r"no macro 'cent'\n  did you mean cents or"):
        dbt.macro("cent", "amount")
    with pytest.raises(DbtNameError, match="a macro is named by text, not by int"):
        dbt.macro(1)
    with pytest.raises(DbtNameError, match=r"this='customers': a seed calls no macros"):
        dbt.macro("cents", "amount", this="customers")
    with pytest.raises(DbtFailed, match="takes no keyword argument 'scales'"):
        dbt.macro("cents", "amount", scales=1)


def test_macro__argument_that_jinja_cannot_write(dbt):
    with pytest.raises(DbtOptionError, match=r"datetime.date\(2026, 1, 1\) cannot be written in Jinja"):
        dbt.macro("as_given", date(2026, 1, 1))


def test_sql__macros_and_variables(dbt, raw_orders):
    """Beside references, an ephemeral model's among them."""
    dbt.given("raw.orders", raw_orders)
    dbt.run("stg_orders")
    paid = "{{ ref('int_paid_orders') }} where amount > {{ var('least', 0) }}"
    query = f"select {{{{ cents('sum(amount)') }}}} as total from {paid}"
    assert dbt.sql(query) == [{"total": Decimal("0.18")}]


def test_sql__what_dbt_cannot_render(dbt):
    with pytest.raises(DbtQueryError, match="the query: 'nobody' is undefined"):
        dbt.sql("select {{ nobody() }}")
    with pytest.raises(DbtQueryError, match="the query: Expected an expression, got 'end of statement block'"):
        dbt.sql("select {% if %}")
