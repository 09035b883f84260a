"""What is given comes out as it was given, or is refused: types that the YAML declares change nothing."""

from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from dbt_versions import version_1_alone

from pipeproof.environments.dbt.engine import choose_engine, open_scenario
from pipeproof.environments.dbt.errors import DbtRowsError
from pipeproof.environments.dbt.result import DbtFailed

PROFILE = """
typed:
  target: ci
  outputs:
    ci:
      type: postgres
      host: "{{ env_var('SHOP_HOST') }}"
      port: "{{ env_var('SHOP_PORT') | int }}"
      user: "{{ env_var('SHOP_USER') }}"
      password: ""
      dbname: "{{ env_var('SHOP_DATABASE') }}"
      schema: dbt
"""
BOTH = {
    "numeric": "numeric", "int": "int", "smallint": "smallint", "money": "numeric(5,2)", "flag": "boolean",
    "day": "date", "moment": "timestamp", "zoned": "timestamptz", "name": "varchar(3)", "text": "text", "big": "bigint",
}  # fmt: skip
THEIRS = {
    "number": "number", "number_2": "number(38,2)", "fixed": "fixed", "ntz": "timestamp_ntz",
    "ntz_9": "timestamp_ntz(9)",
    "ltz": "timestamp_ltz", "tz": "timestamp_tz", "variant": "variant", "object": "object", "array": "array",
    "float64": "float64", "bytes": "bytes", "strings": "array<string>", "structs": "array<struct<a int64, b string>>",
    "struct": "struct<a int64>", "map": "map<string,int>", "spark": "struct<a:int,b:array<string>>", "super": "super",
    "varbyte": "varbyte(10)", "bignumeric": "bignumeric", "wide": "numeric(76,38)", "geography": "geography",
    "trino": "array(varchar)", "moment_3": "timestamp(3) with time zone", "byteint": "byteint", "float": "float",
    "nonsense": "intger",
}  # fmt: skip


def columns(types):
    return "".join(f'\n      - {{name: {name}, data_type: "{kind}"}}' for name, kind in types.items())


FILES = {
    "dbt_project.yml": "name: typed\nprofile: typed\n",
    "profiles.yml": PROFILE,
    "models/stg.sql": "select 1 as id",
    "models/theirs.sql": "select 1 as id",
    "models/plain.sql": "select 1 as id",
    "models/sums.sql": "select sum(numeric) as total from {{ ref('stg') }}",
    "models/odd.sql": "select a % 2 as odd, id from {{ ref('plain') }}",
    "models/strict.sql": "{{ config(contract={'enforced': true}) }} select id from {{ ref('plain') }}",
    "models/schema.yml": f"""
sources:
  - name: raw
    tables:
      - name: rates
        columns:
          - name: ID
            data_type: int
          - name: rate
            data_type: numeric(5,2)
models:
  - name: strict
    columns: [{{name: id, data_type: integer}}]
  - name: stg
    columns:{columns(BOTH)}
  - name: theirs
    columns:{columns(THEIRS)}
""",
}
LINES = FILES["models/schema.yml"].splitlines()


@pytest.fixture(scope="module", params=["embedded", "ci"])
def typed(request, make_project, tmp_path_factory):
    if request.param != "embedded":
        request.getfixturevalue("shop_database")
    folder = tmp_path_factory.mktemp("typed")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return make_project(project_dir=folder, target=request.param)


@pytest.fixture
def scenario(typed):
    dbt = open_scenario(typed, lambda _kind, _data: None)
    yield dbt
    dbt.close()


@pytest.fixture
def embedded(scenario):
    if not scenario.project.profile.embedded:
        pytest.skip("the types of other warehouses are translated for the embedded database")
    return scenario


KEPT = [
    {"numeric": 0.123456},
    {"numeric": Decimal("12345678901234567890.123456789")},
    {"numeric": 3},
    {"int": 7, "smallint": -3, "big": 2**40},
    {"money": Decimal("123.45")},
    {"flag": True},
    {"day": date(2026, 1, 2)},
    {"day": datetime(2026, 1, 2)},
    {"moment": datetime(2026, 1, 2, 3, 4, 5, 600_000)},
    {"zoned": datetime(2026, 1, 2, 3, tzinfo=UTC)},
    {"zoned": datetime(2026, 1, 2, 3)},
    {"moment": "2026-01-02T03:04:05"},
    {"name": "abc", "text": "a long one"},
    {"int": None, "name": None, "numeric": None},
]


@pytest.mark.parametrize("row", KEPT, ids=str)
def test_given__comes_out_as_it_was_given(scenario, row):
    scenario.given("stg", [row])
    scenario.expect("stg", [row])


@pytest.mark.parametrize(
    ("row", "built"),
    [
        ({"int": "7"}, 7),
        ({"text": 7}, "7"),
        ({"int": True}, 1),
        ({"moment": datetime(2026, 1, 2, 3, tzinfo=UTC)}, datetime(2026, 1, 2, 3)),
    ],
)
def test_given__takes_the_type_where_nothing_is_lost(scenario, row, built):
    scenario.given("stg", [row])
    assert [value for row in scenario.rows("stg") for value in row.values()] == [built]


@pytest.mark.parametrize(
    "row",
    [
        {"int": 1.7},
        {"smallint": 1.7},
        {"int": Decimal("1.5")},
        {"int": "1.7"},
        {"money": 1.239},
        {"money": Decimal("123456.1")},
        {"day": datetime(2026, 1, 2, 3)},
        {"flag": 2},
        {"int": "seven"},
        {"moment": "not a time"},
    ],
    ids=str,
)
def test_given__is_refused_where_the_type_would_change_it(scenario, row):
    name = next(iter(row))
    with pytest.raises(
        DbtRowsError, match=rf"^\S+/models/schema.yml:\d+: the rows given for stg: column {name}: "
    ) as refused:
        scenario.given("stg", [{name: None}, row])
    assert BOTH[name] in str(refused.value)
    assert LINES[refused.value.location.line - 1].strip().startswith(f"- {{name: {name},")


def test_given__text_that_is_longer_than_its_type(scenario):
    """PostgreSQL would cut it, DuckDB has no lengths."""
    if scenario.project.profile.embedded:
        scenario.given("stg", [{"name": "abcd"}])
        scenario.expect("stg", [{"name": "abcd"}])
    else:
        with pytest.raises(DbtRowsError, match=r"column name: 'abcd' would be 'abc' as varchar\(3\)"):
            scenario.given("stg", [{"name": "abcd"}])


def test_given__many_small_numbers(scenario):
    scenario.given("stg", [{"numeric": 0.0004}] * 10)
    scenario.run("sums")
    scenario.expect("sums", [{"total": Decimal("0.004")}])


def test_given__to_a_source_whose_yaml_is_in_capitals(scenario):
    with pytest.raises(DbtRowsError, match=r"column id: (1\.5 would be|it cannot be)") as refused:
        scenario.given("raw.rates", [{"id": 1.5}])
    assert LINES[refused.value.location.line - 1].strip() == "data_type: int"
    with pytest.raises(DbtRowsError, match="column rate: "):
        scenario.given("raw.rates", [{"id": 1, "rate": 0.123}])


@pytest.mark.parametrize(
    "row",
    [
        {"number": 7, "number_2": Decimal("0.25"), "fixed": 0.5},
        {"number": 0.123456789},
        {"ntz": datetime(2026, 1, 2, 3), "ntz_9": datetime(2026, 1, 2, 3)},
        {"ltz": datetime(2026, 1, 2, 3, tzinfo=UTC), "tz": datetime(2026, 1, 2, 3, tzinfo=UTC)},
        {"variant": {"a": 1}, "object": {"a": [1, 2]}, "array": [1, 2], "super": {"a": None}},
        {"float64": 0.1, "float": 0.123456789, "bytes": b"\x00a", "varbyte": b"a"},
        {"strings": ["a", "b"], "structs": [{"a": 1, "b": "x"}], "struct": {"a": 1}, "map": {"k": 1}},
        {"spark": {"a": 1, "b": ["x"]}, "trino": ["a"]},
        {"bignumeric": Decimal("0.00000000000000000001"), "wide": Decimal("1.5")},
        {"geography": "POINT(1 2)"},
        {"moment_3": datetime(2026, 1, 2, 3, tzinfo=UTC), "byteint": 3},
        {"byteint": 3_000_000_000},
    ],
    ids=str,
)
def test_given__types_of_other_warehouses(embedded, row):
    embedded.given("theirs", [row])
    embedded.expect("theirs", [row])


def test_given__a_type_that_no_warehouse_has(embedded):
    with pytest.raises(
        DbtRowsError, match=r"schema.yml:\d+: the rows given for theirs: column nonsense: intger is not a type"
    ):
        embedded.given("theirs", [{"nonsense": 1}])


@pytest.mark.parametrize(("content", "value"), [("7", 7), ("007", 7), ("", None)])
def test_given__of_a_file_reads_text_as_the_type(scenario, tmp_path, content, value):
    (tmp_path / "rows.csv").write_text(f"int,text\n{content},x\n")
    scenario.given("stg", tmp_path / "rows.csv")
    scenario.expect("stg", [{"int": value, "text": "x"}])


def test_given__of_a_file_that_the_type_would_change(scenario, tmp_path):
    (tmp_path / "rows.csv").write_text("int\n1.7\n")
    with pytest.raises(DbtRowsError, match="column int: "):
        scenario.given("stg", tmp_path / "rows.csv")


def test_given__only_nulls_fit_wherever_a_value_would(embedded):
    embedded.given("plain", [{"id": 1, "a": None}])
    embedded.run("odd")
    embedded.expect("odd", [{"odd": None, "id": 1}])


@version_1_alone("dbt-core 2 takes `bigint` for a contract's `integer`")
def test_given__whole_numbers_to_a_contract(scenario):
    """Nothing says that they are `integer`: the failure does."""
    scenario.given("plain", [{"id": 1}])
    with pytest.raises(DbtFailed, match=r"plain.id was given whole numbers, which are bigint: declare its data_type"):
        scenario.run("strict")


def test_given__a_seed_s_own_file_is_what_the_seed_is(make_project, tmp_path):
    """By dbt's rules for seeds: `007` is a number, and an empty field is NULL, with quotes or without."""
    rows = 'code,name,nothing,n,day,quoted,yes\n007,x,,1,2026-01-01,"",true\n008,null,,2.5,,y,false\n9,,,,,z,\n'
    for name, content in {
        "dbt_project.yml": "name: seeded\nprofile: seeded\n",
        "seeds/codes.csv": rows,
        "models/uses.sql": "select * from {{ ref('codes') }}",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    project = make_project(project_dir=tmp_path)
    built = []
    for give in (lambda dbt: dbt.seed(), lambda dbt: dbt.given("codes", str(tmp_path / "seeds" / "codes.csv"))):
        with closing(open_scenario(project, lambda _kind, _data: None)) as dbt:
            give(dbt)
            dbt.run("uses")
            built.append(dbt.arrow("uses"))
    wide = [table.cast(pa.schema([(field.name, _widest(field.type)) for field in table.schema])) for table in built]
    assert wide[0].equals(wide[1])


def _widest(kind):
    """The flavours of dbt 2 disagree on how wide a seed's whole numbers are; with dbt 1 a type is what it is."""
    return pa.int64() if choose_engine() == "cli" and pa.types.is_integer(kind) else kind
