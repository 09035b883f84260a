"""What fails is told with the database's words, on the line of the project's own file."""

from contextlib import closing
from pathlib import Path

import pytest
from dbt_versions import version_1_alone

from pipeproof import DbtFailed
from pipeproof.environments.dbt.engine import open_scenario

FILES = {
    "dbt_project.yml": "name: failing\nversion: '1.0'\n",
    "models/numbers.sql": "{{ config(materialized='table') }}\n\nselect 1 as number\nunion all select 1\n",
    "models/broken.sql": "-- a comment\nselect number\n  , nonsense + 1 as more\nfrom {{ ref('numbers') }}\n",
    "models/promised.sql": "{{ config(materialized='table') }}\nselect number from {{ ref('numbers') }}\n",
    "models/models.yml": """
models:
  - name: numbers
    columns:
      - name: number
        data_tests:
          - not_null
          - unique
  - name: promised
    config: {contract: {enforced: true}}
    columns:
      - name: number
        data_type: text
unit_tests:
  - name: adds_one
    model: broken
    given:
      - input: ref('numbers')
        rows: [{number: 1}]
    expect:
      rows: [{more: 2}]
  - name: keeps_all
    model: promised
    given:
      - input: ref('numbers')
        rows: [{number: 1}, {number: 2}]
    expect:
      rows: [{number: 1}]
""",
    "models/absent.sql": "select 1 as number",
    "models/wrapped.sql": (
        "{{ config(materialized='table') }}\n-- absent: ref('absent')\nselect number\n\nfrom {{ ref('absent') }}\n"
    ),
    "models/viewed.sql": "with found as (\n  select number\n  from {{ ref('absent') }}\n)\nselect * from found\n",
    "models/nowhere.sql": "select number\nfrom no_such_table\n",
    "models/made.sql": "select {% for at in [1] %}{{ 'mis' ~ 'spelt' }}{% endfor %}\nfrom {{ ref('numbers') }}\n",
    "models/twice.sql": "select other + 1 as one,\n  other + 2 as two\nfrom {{ ref('numbers') }}\n",
    "tests/few.sql": "select number\nfrom {{ ref('numbers') }}\nwhere number < 5\n",
}


@pytest.fixture(scope="module")
def project(make_project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("failing")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    return make_project(folder)


@pytest.fixture
def failing(project):
    dbt = open_scenario(project, lambda kind, data: None)
    dbt.run("numbers")
    yield dbt
    dbt.close()


@pytest.mark.parametrize(
    ("command", "select", "place", "words"),
    [
        ("run", "broken", "models/broken.sql:3", "nonsense"),
        ("run", "wrapped", "models/wrapped.sql:5", "absent"),
        ("run", "viewed", "models/viewed.sql:3", "absent"),
        ("run", "nowhere", "models/nowhere.sql:2", "no_such_table"),
        ("run", "made", "models/made.sql:1", "known in the compiled SQL alone"),
        ("run", "twice", "models/twice.sql:1", "other"),
        ("run", "promised", "models/models.yml:10", "contract"),
        ("test", "unique_numbers_number", "models/models.yml:8", "Got 1 result"),
        ("test", "few", "tests/few.sql:1", "Got 2 results"),
        ("test", "keeps_all", "models/models.yml:22", "actual differs from expected"),
    ],
)
def test_failure__on_its_line(failing, command, select, place, words):
    with pytest.raises(DbtFailed) as failed:
        failing.invoke(command, select)
    location = failed.value.location
    assert f"{location.file.relative_to(failing.project.path)}:{location.line}" == place
    assert words in str(failed.value)
    if command == "run" and select == "broken":
        compiled = str(failed.value).split("compiled SQL: ")[1].splitlines()[0]
        assert "nonsense + 1" in Path(compiled).read_text()


@pytest.mark.parametrize(
    ("reference", "hint"), [("ref('countrys')", "did you mean countries?"), ("source('raw', 'orders')", None)]
)
def test_failure__a_reference_to_nothing(make_project, tmp_path, reference, hint):
    (tmp_path / "models").mkdir()
    (tmp_path / "seeds").mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: refers\nversion: '1.0'\n")
    (tmp_path / "seeds" / "countries.csv").write_text("id\n1\n")
    (tmp_path / "models" / "refers.sql").write_text(f"-- {reference}\nselect id\nfrom {{{{ {reference} }}}}\n")
    with pytest.raises(DbtFailed) as failed:
        make_project(tmp_path).view()
    assert (failed.value.location.file.name, failed.value.location.line) == ("refers.sql", 3)
    assert failed.value.hint == hint


def test_parse_error__is_the_same_error_until_a_variable_it_looked_at_changes(make_project, tmp_path, monkeypatch):
    """Each test would else parse the project again, only to be told the same."""
    (tmp_path / "models").mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: unfit\nprofile: unfit\n")
    (tmp_path / "models" / "one.sql").write_text("select 1 as id")
    (tmp_path / "models" / "two.sql").write_text("select * from {{ ref(env_var('WHICH', 'none')) }}")
    project = make_project(project_dir=tmp_path)
    with pytest.raises(DbtFailed, match=r"depends on a node named 'none'|Ref 'none' not found") as first:
        project.view()
    with pytest.raises(DbtFailed) as second:
        project.view()
    assert second.value is first.value
    monkeypatch.setenv("WHICH", "one")
    assert "two" in project.view().names


@pytest.fixture(scope="module")
def homonyms(make_project, tmp_path_factory):
    """A project with a folder that is called as a model, and unit tests of incremental models."""
    folder = tmp_path_factory.mktemp("homonyms")
    incremental = """{{ config(materialized='incremental') }}
select id from {{ ref('source_rows') }}
{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}
"""
    unit_test = """
- name: %s
  model: %s
  overrides: {macros: {is_incremental: true}}
  given: [{input: ref('source_rows'), rows: [{id: 1}, {id: 2}]}, {input: this, rows: [{id: 1}]}]
  expect: {rows: [{id: 2}]}
"""
    models = "models: [{name: dim, latest_version: 2, versions: [{v: 2}]}]\n"
    for name, content in {
        "dbt_project.yml": "name: homonyms\nversion: '1.0'\nprofile: homonyms\n",
        "models/source_rows.sql": "select 1 as id",
        "models/facts.sql": incremental,
        "models/dim_v2.sql": incremental,
        "models/orders.sql": "select 1 as id",
        "models/orders/late/items.sql": "select broken from nowhere",
        "models/schema.yml": f"{models}unit_tests:{unit_test % ('newer', 'facts')}{unit_test % ('of_dim', 'dim')}",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return make_project(folder)


@version_1_alone("version 2 needs no tables for a unit test")
@pytest.mark.parametrize(("test", "model"), [("newer", "facts"), ("of_dim", "dim.v2")])
def test_unit_test__of_what_is_not_built__says_what_to_build(homonyms, test, model):
    """dbt looks up the columns of `this` and of what is given, here as in a database of one's own."""
    with closing(open_scenario(homonyms, lambda _kind, _data: None)) as dbt:
        with pytest.raises(DbtFailed) as failed:
            dbt.build(f"+{model}")
        assert f'make them first, dbt.run("+{model}")' in str(failed.value)
        dbt.run(f"+{model}")
        assert dbt.test(f"unit_test:{test}").success


@pytest.mark.parametrize("selection", ["orders", "+orders", "source_rows orders+"])
def test_folder_of_a_model_s_name__is_named_where_that_is_why(homonyms, selection):
    with closing(open_scenario(homonyms, lambda _kind, _data: None)) as dbt, pytest.raises(DbtFailed) as failed:
        dbt.run(selection)
    assert '"orders" is a folder as well' in str(failed.value)
    assert '"path:models/orders.sql" is the model alone' in str(failed.value)


def test_folder_of_a_model_s_name__is_not_named_where_the_node_itself_is_asked_for(homonyms):
    with closing(open_scenario(homonyms, lambda _kind, _data: None)) as dbt, pytest.raises(DbtFailed) as failed:
        dbt.run("items")
    assert "folder" not in str(failed.value)
