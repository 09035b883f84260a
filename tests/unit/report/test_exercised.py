"""What the tests exercised: of dbt projects, which models were built, at what cost, and which nothing tests."""

import html
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeproof.report.exercised import render_exercised
from pipeproof.results.model import Run, Status, TestResult


def render(*evidence):
    """The Markdown for a run whose tests left these records, each on a test of its own."""
    results = (
        TestResult(f"t.py::{at}", "t.py", 1, Status.PASSED, evidence=({"kind": kind, "data": data},))
        for at, (kind, data) in enumerate(evidence)
    )
    return render_exercised(Run(tuple(results)), Path("/w"))


def model(name, *parents, tests=0, materialized="view"):
    depends = [f"model.shop.{parent}" for parent in parents]
    return {"id": f"model.shop.{name}", "name": name, "type": "model", "materialized": materialized, "file": "x.sql",
            "depends_on": depends, "tests": tests}  # fmt: skip


def project(*nodes):
    return "dbt.project", {"project": "shop", "adapter": "duckdb", "target": "embedded", "nodes": list(nodes)}


def ran(*names, command="run", given=(), **node):
    found = {"status": "success", "duration": 0.25, "rows": None, "type": "model", **node}
    nodes = [{"id": f"model.shop.{name}", "name": name, **found} for name in names]
    return "dbt.run", {"command": command, "select": [], "given": list(given), "nodes": nodes}


NODES = (
    model("stg", tests=2),
    model("inlined", "stg", materialized="ephemeral"),
    model("mart", "inlined"),
    model("forgotten"),
    model("declared", tests=1),
    model("looked_at"),
)


def test_dbt__what_was_built_and_what_nothing_tests():
    """Each worker describes the project; an ephemeral model is exercised by what inlines it."""
    runs = ran("mart"), ran("mart", status="error", rows=7), ran("looked_at", command="test")
    text = render(project(*NODES), project(*NODES), *runs)
    shown = html.unescape(text)
    assert "dbt project <code>shop</code>: 2 of 6 models exercised, 2 untested" in shown
    assert "| <code>mart</code> | 1 error, 1 success | 0.50 s | 7 |" in shown
    assert "No test of any kind: <code>forgotten</code>, <code>looked_at</code>" in shown


def test_dbt__what_cannot_be_proven_is_not_exercised():
    text = html.unescape(render(project(*NODES), ran("mart"), ran("looked_at", status="unproven")))
    assert "2 of 6 models exercised, 2 untested, 2 of 3 proven here" in text
    assert "Cannot be proven here: <code>looked_at</code>" in text


def test_dbt__a_stand_in_is_not_exercised():
    assert "1 of 6 models" in render(project(*NODES), ran("mart", given=["model.shop.inlined"]))


def test_dbt__a_project_that_nothing_was_built_of():
    assert "0 of 1 model exercised, 1 untested" in html.unescape(render(project(model("a"))))
    assert render(project()) == ""


def test_dbt__of_a_large_project_is_small():
    nodes = [model("m" * 200 + str(number)) for number in range(3_000)]
    text = render(project(*nodes), ran(*(node["name"] for node in nodes[:1_500])))
    assert "and 1480 more, which took less" in html.unescape(text)
    assert "and 1450 more" in text
    assert len(text) < 40_000


@pytest.mark.parametrize(
    "record",
    [
        ("dbt.project", {"project": "shop", "nodes": None}),
        ("dbt.project", {"project": "shop", "nodes": [{"id": "model.shop.a"}]}),
        ("dbt.run", {"nodes": [1]}),
        ("dbt.run", {"command": [], "given": 1, "nodes": {}}),
        ran("mart", duration="long"),
    ],
)
def test_dbt__records_that_are_none_do_no_harm(record):
    """The evidence comes from the tests' process, which may write anything."""
    assert render(project(*NODES), record) == ""


TEXTS = st.text(st.characters() | st.sampled_from("<>|`*[]()@#&\n\r\0"), max_size=30)


@given(TEXTS, TEXTS)
def test_dbt__no_text_breaks_out(name, status):
    node = model("a") | {"name": name}
    text = render(project(node, model("b") | {"name": name}), ran("a", status=status))
    assert text.count("<details") == text.count("</details>") == text.count("<summary>") == 1
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert shown.count("<td") <= 4
    assert shown.count("<code>") == shown.count("</code>")
