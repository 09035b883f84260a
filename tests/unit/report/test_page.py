"""The page: what is in it, that no text is more than a text, and that it stays within its size."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.report.coverage import Unit
from pipeproof.report.links import Links
from pipeproof.report.page.document import LIMIT, render_page
from pipeproof.results.baseline import Comparison
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult, Warned
from pipeproof.results.past import History, Moment, Past, Point
from pipeproof.results.quarantine import QUARANTINED

Make = Callable[..., TestResult]

VOID = {"meta", "input"}


class Seen(HTMLParser):
    """What a browser makes of a page: its elements, its text, and that each element ends where it should."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.inside: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.rows: list[dict[str, str | None]] = []
        self.feed(page)
        self.close()
        assert not self.inside

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        self.attributes |= set(values)
        self.ids += [values["id"] or ""] if "id" in values else []
        self.targets += [values["href"] or ""] if "href" in values else []
        self.rows += [values] if tag == "tr" and "data-status" in values else []
        if tag not in VOID:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.inside[-1] if self.inside else "", []).append(data)

    @property
    def text(self) -> str:
        return "\n".join(data for tag, texts in self.texts.items() if tag not in ("script", "style") for data in texts)


def execution(machine: str, first: str, other: str) -> dict[str, Any]:
    items = {f"state:{first}": 3, f"state:{other}": 0, f"transition:{first}:choice 0:{other}": 0,
             f"transition:{first}:next:{first}": 1}  # fmt: skip
    coverage = {"machine": machine, "file": None, "items": items, "lines": {}}
    return {"kind": "stepfunctions.execution", "data": {"coverage": coverage}}


def lineage(*names: str) -> list[dict[str, Any]]:
    nodes = [
        {"id": f"model.shop.{name}", "name": name, "depends_on": [f"model.shop.{names[at - 1]}"] if at else [],
         "tests": 0, "materialized": "view", "file": "x.sql"}
        for at, name in enumerate(names)
    ]  # fmt: skip
    ran = [{"id": f"model.shop.{names[0]}", "name": names[0], "status": "error", "duration": 0.1, "rows": None,
            "type": "model", "file": "x.sql", "message": "no such table"}]  # fmt: skip
    return [
        {"kind": "dbt.project", "data": {"project": "shop", "nodes": nodes}},
        {"kind": "dbt.run", "data": {"command": "run", "given": [], "nodes": ran}},
    ]


def flow(name: str, task: str, state: str) -> dict[str, Any]:
    states = [
        {"name": state, "timestamp": "2026-11-30T12:00:00+00:00"},
        {"name": "Completed", "timestamp": "2026-11-30T12:00:01.500+00:00"},
    ]
    task_run = {"task": task, "states": states, "retries": 1}
    data = {"flow": name, "duration": 2.0, "state": {"name": state, "type": "COMPLETED"}, "task_runs": [task_run]}
    return {"kind": "prefect.flow_run", "data": data}


def everything(text: str, count: int = 1) -> tuple[Run, Comparison, list[Unit]]:
    """A run that has each part of the page, with one text wherever others write."""
    failure = Failure("setup", text, text, text, text, 3, text)
    evidence = (execution(text, text, f"{text}2"), *lineage(text, f"{text}2"), flow(text, text, text))
    results = [
        TestResult(f"{text}::{text}[{at}]{status}", text, 1, status, 0.5, **more)
        for at in range(count)
        for status, more in (
            (Status.FAILED, {"failures": (failure,), "output": ((text, text),), "evidence": evidence}),
            (Status.ERROR, {"failures": (failure, failure), "attempts": (Attempt(1.0, (failure,)),)}),
            (Status.FLAKY, {"attempts": (Attempt(1.0, (failure,)),)}),
            (Status.SKIPPED, {"reason": text}),
            (Status.SKIPPED, {"reason": text, "expectation": QUARANTINED, "excused": (failure,)}),
            (Status.PASSED, {}),
        )
    ]  # fmt: skip
    run = Run(
        tuple(results),
        failures=(failure,) * count,
        warnings=(Warned(text, text, text, 3),) * count,
        not_run=(text,),
        started=1e9,
        environment={"pytest": text},
    )
    changes = Comparison(tuple(results), tuple(results), tuple(results), tuple((result, 0.1) for result in results))
    return run, changes, [Unit("states", text, text, text, 3, 0)] * count


def page_text(*args: Any, **named: Any) -> str:
    return "".join(render_page(*args, **named))


def page_of(text: str, count: int = 1, limit: int = LIMIT) -> str:
    run, comparison, units = everything(text, count)
    links = Links(lambda file, line: f"https://git.example/{line}")
    moment = Moment(1e9, text)
    past = {result.id: Past(3, 1, 1, moment, moment, 0.1, (result.status,)) for result in run.results}
    return page_text(
        run,
        text,
        links,
        notes=[text],
        comparison=comparison,
        units=units,
        before=units,
        thresholds={"states": 50},
        history=History(past, (Point(moment, 1, 1, 1, 1.0),)),
        limit=limit,
    )


def test_page__tells_of_earlier_runs_and_of_the_change_of_coverage(failed: Make) -> None:
    run = Run((failed("t.py::broken", "no price"),))
    then, since = Moment(86_400.0, "a" * 40), Moment(172_800.0, "b" * 40)
    past = {"t.py::broken": Past(4, 2, 1, since, then, 0.1, (Status.PASSED, Status.FLAKY, Status.FAILED))}
    history = History(past, (Point(then, 1, 0, 0, 1.0), Point(since, 1, 1, 0, 2.0)))
    units = [Unit("states", "orders", name, None, None, 1) for name in "ab"]
    before = [*units[1:], Unit("states", "orders", "c", None, None, 0)]
    page = page_text(run, "Orders", Links(), units=units, before=before, history=history)
    seen = Seen(page)
    for told in ("In earlier runs", "✓≈✗✗", "2 of 4 (50 %)", "b" * 12, "1970-01-03", "now", "+50 points"):
        assert told in seen.text
    assert "In earlier runs" not in Seen(page_text(run, "Orders", Links())).text


def test_page__has_all_of_the_summary(failed: Make) -> None:
    run = Run(
        (
            failed("t.py::broken", "no price", traceback="t.py:3: ValueError", output=(("stdout", "loading"),)),
            failed("t.py::also", "no price"),
            TestResult("u.py::slow", "u.py", 9, Status.PASSED, 72.4),
            TestResult("u.py::skipped", "u.py", 1, Status.SKIPPED, reason="no database"),
        )
    )
    seen = Seen(page_text(run, "Orders", Links()))
    for told in ("Orders", "2 of 4 tests in", "ValueError: no price", "t.py:3: ValueError", "loading", "no database"):
        assert told in seen.text
    assert "1 min 12 s" in seen.text
    assert [row["data-status"] for row in seen.rows] == ["failed", "failed", "skipped", "passed"]
    assert [row["data-module"] for row in seen.rows] == ["1", "1", "2", "2"]
    assert [row["data-cause"] for row in seen.rows] == ["1", "1", "", ""]


def test_page__of_a_run_without_tests_says_why() -> None:
    seen = Seen(page_text(Run(failures=(Failure("session", "", "uv found no such package"),)), "Orders", Links()))
    assert "failed: 0 tests in 0.00 s, uv found no such package" in seen.text.replace("\n", "")
    assert "tr" not in seen.tags


def test_page__is_the_same_each_time() -> None:
    assert page_of("a b") == page_of("a b")


def test_page__lets_nothing_be_loaded_or_run_but_what_it_names() -> None:
    page = page_of("x")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    hashes = {
        tag: base64.b64encode(hashlib.sha256(re.findall(f"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)[0].encode())
                              .digest()).decode()
        for tag in ("style", "script")
    }  # fmt: skip
    assert policy.replace("&#x27;", "'") == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not {"style", "onclick", "src", "srcset"} & Seen(page).attributes


def test_page__links_lead_to_what_is_there() -> None:
    seen = Seen(page_of("x", count=40))
    assert len(seen.ids) == len(set(seen.ids))
    assert {target[1:] for target in seen.targets if target.startswith("#")} <= set(seen.ids)


HARMLESS = Seen(page_of("x", count=2))
PARTS = ["<", ">", '"', "'", "&", "</script>", "<script>", "<!--", "-->", "]]>", "</pre>", "<svg/onload=x>", "&lt;",
         "\x1b[31m", "\u202e", "\0", "javascript:x", "\n", "#", "::", "[", "$", "`"]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PARTS) | st.characters(), max_size=6).map("".join)


@settings(max_examples=40, deadline=None)
@given(HOSTILE)
def test_page__no_text_is_more_than_a_text(text: str) -> None:
    """Whatever stands in a field, the page has the same elements as with a text that is harmless."""
    seen = Seen(page_of(text))
    assert set(seen.tags) <= set(HARMLESS.tags)
    assert seen.attributes <= HARMLESS.attributes
    assert seen.tags.count("script") == seen.tags.count("style") == 1
    assert all(re.match("#|https://git.example/", target) for target in seen.targets)
    assert not re.search("[\x00\x1b\u202e]", seen.text)


@settings(max_examples=15, deadline=None)
@given(count=st.integers(0, 20), size=st.integers(1, 1000), limit=st.integers(100_000, 600_000))
def test_page__never_exceeds_its_size(count: int, size: int, limit: int) -> None:
    assert len(page_of("é<" * size, count, limit).encode()) <= limit


def test_page__of_ten_thousand_failures_is_within_its_size(failed: Make) -> None:
    trace = "assert <x> == 'y' & more\n" * 400
    bad = [failed(f"t{n % 90}.py::test[{n}]", f"boom {n}", traceback=trace, at=n) for n in range(10_000)]
    page = page_text(Run(tuple(bad)), "Huge", Links(), limit=1_000_000)
    assert len(page.encode()) <= 1_000_000
    seen = Seen(page)
    assert re.search(r"\d{4} more causes of failures would make the page too large", seen.text)
    assert len(seen.rows) > 1_000
    assert re.search(r"and \d{4} more, which would make", seen.text)
    assert {target[1:] for target in seen.targets} <= set(seen.ids)


def _drawn(page: str) -> Iterator[str]:
    yield from re.findall(r"<svg.*?</svg>", page, re.DOTALL)


def test_graphs__are_drawn_and_told_without_colours() -> None:
    machine, models, timeline = _drawn(page_of("x"))
    assert "✓ entered 3 times" in machine
    assert "○ never entered" in machine
    assert ">choice 0, never<" in machine
    assert "✗ failed" in models
    assert "○ never built" in models
    assert ">✓<" in timeline
    for drawing in (machine, models, timeline):
        assert re.match(r'<svg role="img" aria-labelledby="([^"]+)" aria-describedby="([^"]+)"', drawing)


def test_graphs__what_is_too_large_to_be_drawn_is_a_table() -> None:
    evidence = tuple(lineage(*(f"m{at}" for at in range(200))))
    result = TestResult("t", "t.py", 1, Status.PASSED, evidence=evidence)
    page = page_text(Run((result,)), "x", Links())
    assert not list(_drawn(page))
    assert "too large to be drawn" in page
    assert "m199" in page


@pytest.mark.parametrize("data", [None, {}, {"coverage": 5}, {"task_runs": [{"task": 1, "states": 5}], "duration": 1}])
def test_graphs__records_that_are_none_do_no_harm(data: Any) -> None:
    kinds = ("stepfunctions.execution", "prefect.flow_run", "dbt.project", "dbt.run")
    evidence = tuple({"kind": kind, "data": data} for kind in kinds)
    page = page_text(Run((TestResult("t", "t.py", 1, Status.PASSED, evidence=evidence),)), "x", Links())
    assert not list(_drawn(page))
