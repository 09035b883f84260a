"""dbt's log and artifacts, as version 1 and version 2 write them, come to the same nodes."""

import json

import pytest

from pipeproof.environments.dbt.cli.artifacts import Facts, read_manifest, read_results
from pipeproof.environments.dbt.cli.log import read_log
from pipeproof.environments.dbt.cli.lost import find_lost

NODES = {
    "model.shop.orders": {"name": "orders", "config": {"materialized": "view"}},
    "model.shop.inner": {"name": "inner", "config": {"materialized": "ephemeral"}},
    "test.shop.few.1": {"name": "few", "config": {"error_if": "> 1", "warn_if": "> 0"}},
}
UNIT_TESTS = {"unit_test.shop.orders.adds": {"name": "adds", "config": {"enabled": True}}}
ORDERS = {"unique_id": "model.shop.orders"}
FEW = {"unique_id": "test.shop.few.1"}
ADDS = {"unique_id": "unit_test.shop.orders.adds"}


def finished(unique_id, status):
    return {"info": {"name": "NodeFinished"}, "data": {"node_info": {"unique_id": unique_id, "node_status": status}}}


def read(tmp_path, results, *events, code=0):
    manifest = {"nodes": NODES, "unit_tests": UNIT_TESTS, "metadata": {}}
    for at, node in (*NODES.items(), *UNIT_TESTS.items()):
        kind, package, *_ = at.split(".")
        node.update(unique_id=at, resource_type=kind, package_name=package, original_file_path=f"m/{node['name']}.sql")
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "run_results.json").write_text(json.dumps({"results": results}))
    outcome = read_log(code, "\n".join(map(json.dumps, events)), "")
    nodes = read_results(tmp_path, read_manifest(tmp_path / "manifest.json", tmp_path), outcome, tmp_path)
    return {name: (node.status, node.message, node.rows_affected) for name, node in nodes.items()}


@pytest.mark.parametrize(
    ("first", "second", "node"),
    [
        (
            {**ORDERS, "status": "success", "message": "OK", "adapter_response": {"_message": "OK"}},
            {**ORDERS, "status": "success", "message": "Succeeded", "adapter_response": {"rows_affected": 0}},
            ("success", None, None),
        ),
        (
            {**ORDERS, "status": "skipped", "message": None},
            {**ORDERS, "status": "skipped", "message": "Skipped due to upstream failure"},
            ("skipped", None, None),
        ),
        (
            {**FEW, "status": "fail", "failures": 2, "message": "Got 2 results, configured to fail if > 1"},
            {**FEW, "status": "fail", "failures": 2, "message": "Error"},
            ("fail", "Got 2 results, configured to fail if > 1", None),
        ),
        (
            {**FEW, "status": "warn", "failures": 1, "message": "Got 1 result, configured to warn if > 0"},
            {**FEW, "status": "warn", "failures": 1, "message": "Warn"},
            ("warn", "Got 1 result, configured to warn if > 0", None),
        ),
        ({**ADDS, "status": "fail"}, {**ADDS, "status": "error", "message": "Error"}, ("fail", "", None)),
        (
            {**ADDS, "status": "error", "message": "no such column"},
            {**ADDS, "status": "error", "message": "no such column"},
            ("error", "no such column", None),
        ),
    ],
)
def test_read_results__of_both_versions(tmp_path, first, second, node):
    """The message of what succeeded is each version's own."""
    for result in (first, second):
        [(status, message, rows)] = read(tmp_path, [result]).values()
        assert (status, rows) == (node[0], node[2])
        assert node[1] in {None, message}


def test_read_results__a_reason_that_is_in_the_log_alone(tmp_path):
    """Version 2 has that of a failing batch there."""
    error = {
        "info": {"name": "Generic", "level": "error", "msg": "[error] [DbDriverFailed (dbt1308)]: no such day"},
        "data": {"node_info": {"unique_id": "model.shop.orders"}},
    }
    nodes = read(tmp_path, [{**ORDERS, "status": "error", "message": "Error"}], error, code=1)
    assert nodes["orders"][:2] == ("error", "no such day")


def test_read_log__words_of_models_while_they_run():
    """Version 2 tells of each while it parses too, of all models, and has warnings among its own."""
    words = [
        ("JinjaLogInfo", "logged"),
        ("PrintEvent", "printed"),
        ("Generic", "[warning] [JinjaWarn (dbt1071)]: warned\nof it\n  --> models/orders.sql:1:1"),
        ("Generic", "[warning] [Other (dbt1093)]: no word of a model"),
    ]
    lines = [
        json.dumps({"info": {"name": name, "level": "warn", "msg": text}, "data": {"node_info": node} if node else {}})
        for node in (None, ORDERS)
        for name, text in words
    ]
    assert read_log(0, "\n".join(lines), "").said == ["logged", "printed", "warned\nof it"]


def test_read_results__ephemeral_models_are_not_run(tmp_path):
    """Version 2 lists them as skipped."""
    inner = {"unique_id": "model.shop.inner", "status": "skipped", "message": "Skipped"}
    assert set(read(tmp_path, [{**ORDERS, "status": "success"}, inner])) == {"orders"}


def test_read_results__of_compile(tmp_path):
    """Version 2 leaves its results empty, and what it compiled is a file."""
    compiled = tmp_path / "compiled" / "shop" / "m" / "inner.sql"
    compiled.parent.mkdir(parents=True)
    compiled.write_text("select 1")
    assert read(tmp_path, [], finished("model.shop.inner", "success")) == {"inner": ("success", "", None)}
    outcome = read_log(0, json.dumps(finished("model.shop.inner", "success")), "")
    manifest = read_manifest(tmp_path / "manifest.json", tmp_path)
    assert read_results(tmp_path, manifest, outcome, tmp_path)["inner"].compiled == "select 1"


@pytest.mark.parametrize(
    ("events", "status"), [([finished("model.shop.orders", "success")], "success"), ([], "skipped")]
)
def test_read_results__a_failing_hook_is_no_node_s_failure(tmp_path, events, status):
    """Version 2 has no hooks in its results, and takes each node for failed there."""
    hook = {"node_info": {"unique_id": "operation.shop.shop-on-run-end-0"}, "status": "error", "execution_time": 0.5}
    words = {"info": {"level": "error", "msg": "[error] [DbDriverFailed (dbt1308)]: no such table"}, "data": {}}
    told = [*events, {"info": {"name": "LogHookEndLine"}, "data": hook}, words]
    nodes = read(tmp_path, [{**ORDERS, "status": "error", "message": "Compilation Error"}], *told, code=1)
    assert nodes["orders"][0] == status
    assert nodes["shop-on-run-end-0"] == ("error", "no such table", None)


def test_read_manifest__absent_fields_are_null(tmp_path):
    (tmp_path / "manifest.json").write_text('{"nodes": {"a": {"config": {"post-hook": [1]}}}}')
    node = read_manifest(tmp_path / "manifest.json", tmp_path).nodes["a"]
    assert (node.data_type, node.config.contract.enforced, list(node.columns)) == (None, None, [])
    assert (node.config.post_hook, node.config.pre_hook) == ([1], None)
    assert not hasattr(node, "__deepcopy__")


@pytest.mark.parametrize(
    "part", [{"format": "csv", "rows": "id,name\n1,\n"}, {"format": "csv", "rows": None, "fixture": "given"}]
)
def test_read_manifest__rows_of_unit_tests(tmp_path, part):
    """Version 1 has read them; version 2 leaves them as they are written."""
    (tmp_path / "tests" / "fixtures").mkdir(parents=True)
    (tmp_path / "tests" / "fixtures" / "given.csv").write_text("id,name\n1,\n")
    (tmp_path / "manifest.json").write_text(json.dumps({"unit_tests": {"u": {"given": [part], "expect": {}}}}))
    [given] = read_manifest(tmp_path / "manifest.json", tmp_path).unit_tests["u"].given
    assert given.rows == [{"id": "1", "name": None}]


def test_facts__keep_a_mapping_s_own_methods():
    assert list(Facts(values=1).values()) == [1]


DECLARED = """
models:
  - name: a
    columns: [{name: id, data_tests: [{not_null: {name: known}}, unique]}]
  - name: b
    data_tests:
      - name: known
        test_name: at_least_one
      - at_least_one: {name: off, config: {enabled: false}}
unit_tests:
  - {name: keeps, model: a}
  - {name: keeps, model: b}
  - {name: versioned, model: dim}
  - {name: maybe, model: b, config: {enabled: "{{ var('x') }}"}}
"""


def test_find_lost__of_one_name(tmp_path):
    """dbt 2 keeps one test of each name."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.yml").write_text(DECLARED)
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    tests = {
        "test.shop.known.1": {"name": "known", "resource_type": "test", "attached_node": "model.shop.a"},
        "model.shop.a": {"name": "a", "resource_type": "model"},
    }
    unit_tests = {
        "unit_test.shop.a.keeps": {"name": "keeps", "model": "a"},
        "unit_test.shop.dim.versioned_v1": {"name": "versioned_v1", "model": "dim"},
    }
    for at, node in (*tests.items(), *unit_tests.items()):
        node["unique_id"] = at
    (tmp_path / "manifest.json").write_text(json.dumps({"nodes": tests, "unit_tests": unit_tests}))
    lost = find_lost(read_manifest(tmp_path / "manifest.json", tmp_path), tmp_path)
    assert {name: DECLARED.splitlines()[at.line - 1].strip() for name, at in lost} == {
        "b.known": "- name: known",
        "b.keeps": "- {name: keeps, model: b}",
    }
