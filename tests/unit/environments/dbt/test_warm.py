import json

import pytest

from pipeproof.environments.dbt import warm


@pytest.mark.parametrize("place", ["no_such_module:name", "json:no_such_name", "json:JSONEncoder.no_such_name"])
def test_replace__what_is_not_there_is_left_alone(place):
    assert warm._replace(place, lambda found: found) is None


def test_replace__lasts_as_long_as_it_is_held():
    held = json.JSONEncoder.encode
    with warm._replace("json:JSONEncoder.encode", lambda encode: lambda encoder, what: encode(encoder, [what])):
        assert json.dumps(1, indent=0) == "[\n1\n]"
    assert json.JSONEncoder.encode is held


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("+enabled: \"{{ target.type == 'duckdb' }}\"", False),
        ("clean-targets: [target]\ntarget-path: target", False),
        ("+schema: '{{ target.schema }}'", True),
        ("+schema: \"{{ target['schema'] }}\"", True),
        ("vars: {all: '{{ target | tojson }}'}", True),
    ],
)
def test_target__is_looked_at_where_its_schema_may_matter(text, looks):
    assert bool(warm._TARGET.search(text)) is looks


def test_credentials__have_the_schema_in_all_their_parts(tmp_path):
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    held = DuckDBCredentials(
        database="db", schema="one", path=str(tmp_path / "db.duckdb"), settings={"search_path": "one,main"}
    )
    moved = warm.move_credentials(held, "one", "two")
    assert (moved.schema, moved.settings, moved.path) == ("two", {"search_path": "two,main"}, held.path)
    assert held.schema == "one"
