import pytest

from pipeproof.environments.dbt.in_process.patches import configurations


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
    assert bool(configurations._TARGET.search(text)) is looks


def test_credentials__have_the_schema_in_all_their_parts(tmp_path):
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    held = DuckDBCredentials(
        database="db", schema="one", path=str(tmp_path / "db.duckdb"), settings={"search_path": "one,main"}
    )
    moved = configurations.move_credentials(held, "one", "two")
    assert (moved.schema, moved.settings, moved.path) == ("two", {"search_path": "two,main"}, held.path)
    assert held.schema == "one"
