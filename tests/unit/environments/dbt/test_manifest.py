"""What a copy of the manifest says of its nodes."""

from types import SimpleNamespace

import pytest
from dbt_common.contracts.config.base import BaseConfig

from pipeproof.environments.dbt.project.manifest import FILE_KEYS, ancestors, metas_of


@pytest.mark.parametrize("place", ["source_meta", "meta", "config", None])
@pytest.mark.parametrize("key", FILE_KEYS)
def test_metas__hold_what_is_written_in_any_place(place, key):
    """The configuration declares no meta, as with dbt-core up to 1.10.4, and keeps what is written there."""
    given = {key: "x"}
    source = SimpleNamespace(
        source_meta=given if place == "source_meta" else {},
        meta=given if place == "meta" else {},
        config=BaseConfig.from_dict({"meta": given} if place == "config" else {}),
    )

    assert [meta for meta in metas_of(source) if meta] == ([given] if place else [])


@pytest.mark.parametrize("functions", [None, {}])
def test_ancestors__of_a_dbt_that_knows_no_functions(functions):
    """What is written by a dbt before 1.11 has none."""
    node = SimpleNamespace(depends_on_nodes=["source.raw"])
    manifest = SimpleNamespace(nodes={"model.a": node}, unit_tests={}, functions=functions)
    assert list(ancestors(manifest, ["model.a"])) == ["model.a", "source.raw"]
