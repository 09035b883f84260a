"""Diagrams of what was exercised, whose texts stay texts."""

import re
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeproof.report.diagrams import label, render_diagrams
from pipeproof.results.model import Run, Status, TestResult

TEXT = r"(\w|[ ]|#\d+;)*"
LINE = re.compile(
    r'%%\{init: \{"gantt": \{"leftPadding": \d+\}\}\}%%|'
    "flowchart (TD|LR)|gantt|    dateFormat x|    axisFormat [%\\w:.]+|    section [\\w -]+"
    "|    [\\w -]+ :(\\w+, )?\\d+, \\d+"
    rf'|    \w+\["{TEXT}"\]|    \w+ (-->|-\.->)(\|"{TEXT}"\|)? \w+|    classDef [\w :#,-]+|    class [\w, ]+'
)


class Seen(HTMLParser):
    """The diagrams that a reader of the Markdown finds, and all tags."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.diagrams: list[str] = []
        self.tags: set[str] = set()
        self._inside = False
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "code" and ("class", "language-mermaid") in attrs:
            self._inside = True
            self.diagrams.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "code"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.diagrams[-1] += data


def draw(*evidence: tuple[str, Any]) -> str:
    results = (
        TestResult(f"t{at}", "t.py", 1, Status.PASSED, evidence=({"kind": kind, "data": data},))
        for at, (kind, data) in enumerate(evidence)
    )
    return render_diagrams(Run(tuple(results)))


def execution(machine: str = "Order", first: str = "Is: Large", other: str = "Ship", hits: int = 1) -> tuple[str, Any]:
    items = {f"state:{first}": hits, f"state:{other}": 0, f"transition:{first}:choice 0:{other}": 0,
             f"transition:{first}:next:{first}": hits, f"retrier:{other}:0": 0}  # fmt: skip
    return "stepfunctions.execution", {"coverage": {"machine": machine, "file": None, "items": items, "lines": {}}}


def project(*names: str, parents: tuple[str, ...] = ()) -> tuple[str, Any]:
    nodes = [{"id": name, "name": name, "depends_on": list(parents)} for name in names]
    return "dbt.project", {"project": "shop", "nodes": nodes}


def flow(task: str = "count", state: str = "Running", length: float = 2.0) -> tuple[str, Any]:
    times = ["2026-11-30T12:00:00+00:00", "2026-11-30T12:00:01.500+00:00", "2026-11-30T12:00:02+00:00"]
    states = [
        {"name": name, "timestamp": at} for name, at in zip((state, "AwaitingRetry", "Failed"), times, strict=True)
    ]
    return "prefect.flow_run", {"flow": "daily", "duration": length, "task_runs": [{"task": task, "states": states}]}


def test_machine__is_drawn_once_with_what_was_never_taken() -> None:
    (drawn,) = Seen(draw(execution(), execution())).diagrams
    assert drawn.splitlines() == [
        "flowchart TD",
        '    n0["Is#58; Large"]',
        '    n1["Ship"]',
        '    n0 -.->|"choice 0"| n1',
        "    n0 --> n0",
        "    classDef good fill:#d3f9d8,stroke:#2b8a3e,color:#0b3d18",
        "    class n0 good",
        "    classDef missed fill:#f1f3f5,stroke:#868e96,color:#343a40,stroke-dasharray:4",
        "    class n1 missed",
    ]


def test_machine__what_a_state_holds_is_joined_with_it() -> None:
    kind, data = execution()
    data["coverage"]["inside"] = {"Ship": "Is: Large", "Ship it": "Is: Large", "Is: Large": "elsewhere"}
    (drawn,) = Seen(draw((kind, data), (kind, data))).diagrams
    assert [line.strip() for line in drawn.splitlines() if "inside" in line] == ['n0 -.->|"inside"| n1']


def test_lineage__shows_what_was_built_and_what_failed() -> None:
    ran = (
        "dbt.run",
        {"nodes": [{"id": "a", "status": "success"}, {"id": "b", "status": "success"}, {"id": "b", "status": "error"}]},
    )
    (drawn,) = Seen(draw(project("a"), project("b", "c", parents=("a", "elsewhere")), ran)).diagrams
    lines = [line.strip() for line in drawn.splitlines()]
    assert lines[0] == "flowchart LR"
    assert lines[4:6] == ["n0 --> n1", "n0 --> n2"]
    assert [line for line in lines if line.startswith("class ")] == ["class n0 good", "class n1 bad", "class n2 missed"]


def test_flow__the_slowest_on_one_axis_of_time() -> None:
    text = draw(flow(length=1.0), flow("load_rows", length=9.0))
    assert "The slowest flow run: daily, 9.0 s" in text
    (drawn,) = Seen(text).diagrams
    assert drawn.splitlines()[4:] == [
        "    section load-rows",
        "    Running :active, 0, 1500",
        "    AwaitingRetry :done, 1500, 2000",
        "    Failed :crit, 2000, 2001",
    ]


NOON = datetime.fromisoformat("2026-11-30T12:00:00+00:00").timestamp()


def started(*records: tuple[str, Any, float | None], after: bool = False) -> list[str]:
    """Draw a flow whose one task ran for 1.5 s; give the lines of what it started."""
    kind, data = flow()
    data["states"] = [{"name": "Running", "timestamp": "2026-11-30T12:00:00+00:00"},
                      {"name": "Failed", "timestamp": "2026-11-30T12:00:02+00:00"}]  # fmt: skip
    own = [{"kind": kind, "data": data, "at": NOON + 2}]
    others = [{"kind": kind, "data": data, **({} if at is None else {"at": NOON + at})} for kind, data, at in records]
    evidence = (*own, *others) if after else (*others, *own)
    text = render_diagrams(Run((TestResult("t", "t.py", 1, Status.PASSED, evidence=evidence),)))
    (drawn,) = [one for one in Seen(text).diagrams if "gantt" in one]
    return [line.strip() for line in drawn.splitlines()[8:]]


def execution_of(machine: str = "Order", elapsed: float = 0.4, status: str = "SUCCEEDED") -> tuple[str, Any]:
    return "stepfunctions.execution", {"machine": machine, "elapsed": elapsed, "status": status}


def built(*nodes: tuple[str, float, float, str]) -> tuple[str, Any]:
    told = [
        {"id": name, "name": name, "started": NOON + begin, "duration": took, "status": status}
        for name, begin, took, status in nodes
    ]
    return "dbt.run", {"nodes": told, "command": "build", "given": []}


@pytest.mark.parametrize(
    ("record", "at", "lines"),
    [
        (execution_of(), 1.0, ["section execution Order", "SUCCEEDED :600, 1000"]),
        (execution_of(status="TIMED_OUT"), 1.0, ["section execution Order", "TIMED-OUT :crit, 600, 1000"]),
        # its virtual waits took longer than the task has run
        (execution_of(elapsed=60), 1.0, ["section execution Order", "SUCCEEDED :0, 60000"]),
        (execution_of(), 1.8, ["section execution Order", "SUCCEEDED :1400, 1800"]),  # the flow's own, no task's
        (execution_of(), -1.0, []),  # the test did it before the flow
        (execution_of(), 9.0, []),
        (execution_of(), None, []),
        (built(("a", 100.0, 0.5, "success"), ("b", 100.5, 0.25, "error")), 1.0,
         ["section dbt a", "success :250, 750", "section dbt b", "error :crit, 750, 1000"]),
        (("dbt.run", {"nodes": [{"name": "a", "duration": 1.0, "status": "success"}]}), 1.0, []),
        (("aws.policy", {}), 1.0, []),
    ],
)  # fmt: skip
def test_flow__shows_what_its_tasks_started(record: tuple[str, Any], at: float | None, lines: list[str]) -> None:
    """dbt's times are real ones: where the flow's clock was moved on, they are where the record was added."""
    assert started((*record, at)) == lines


def test_flow__does_not_show_what_was_done_after_it() -> None:
    assert started((*execution_of(), 1.0), after=True) == []


def test_flow__numbers_what_it_started_twice() -> None:
    lines = started((*execution_of(), 0.5), (*execution_of(), 1.0))
    assert lines[::2] == ["section execution Order", "section execution Order 2"]


@pytest.mark.parametrize(
    "broken", [{"machine": "x", "status": "y"}, {"elapsed": "long", "machine": 1, "status": 2}, {}]
)
def test_flow__a_record_that_is_not_in_its_form_is_passed_over(broken: dict[str, Any]) -> None:
    assert started(("stepfunctions.execution", broken, 1.0)) == []


@pytest.mark.parametrize("names", [[f"m{n}" for n in range(61)], []])
def test_diagrams__what_would_be_too_large_or_empty_is_left_to_the_tables(names: list[str]) -> None:
    assert draw(project(*names)) == ""


PARTS = [
    '"',
    "`",
    "```",
    "\n",
    "end",
    "%%{init: {}}%%",
    "<b>",
    "</details>",
    "click a",
    "#quot;",
    ";",
    ":",
    "]",
    "-->",
    "subgraph",
    "@x",
    "#1",
    "_",
    "*",
]
HOSTILE = st.lists(st.sampled_from(PARTS) | st.characters(), max_size=6).map("".join)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_diagrams__no_text_is_more_than_a_label(one: str, two: str, three: str) -> None:
    text = draw(execution(one, two, three), project(one, two, parents=(one,)), flow(one, two))
    found = Seen(text)
    assert found.tags <= {"details", "summary", "pre", "code"}
    assert found.diagrams
    for drawn in found.diagrams:
        assert all(LINE.fullmatch(line) for line in drawn.splitlines()), drawn


@given(HOSTILE)
def test_label__is_letters_digits_blanks_and_codes(text: str) -> None:
    assert re.fullmatch(r"(\w|[ ]|#\d+;)+", label(text))
