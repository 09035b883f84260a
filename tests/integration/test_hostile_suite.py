"""Tests that mean harm: what they print, raise and write to becomes no command, no markup and no crash."""

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from markdown_it import MarkdownIt

SUITE = r"""
import os, sys, warnings
import pytest

LINES = [
    "::error file=a.py,line=1::from a test", "  ::add-mask::e", "\t::stop-commands::token", "x ##[warning]v1",
    "###[error]v1", "::set-output name=tests::99", "\0::error::nul", "#\0#[error]nul", "\ufeff::error::bom",
    "\u200b::error::zero width", "a\r::error::after a return\r::error::again", "\x0b::error::vertical",
    "\x0c::error::form feed", "\x85::error::next line", "\u2028::error::line separator", "::group::never ended",
    "\x1b[31m::error::red", "\u3000::error::wide",
]
TEXT = (
    "</pre></details><script>alert(1)</script> <img src=x> **bold** [link](http://x) ![i](http://x) `code` | @octo #1"
    " \x1b[31m ]]> \0 \ud800 \u202e\r\n::error::in a message\n##[error]v1"
)


def test_prints():
    os.write(2, b"\xff\xfe\x80 ::error::invalid\n\xc3\n::error::direct\n")
    os.write(1, b"x" * 1_000_000 + b"\n" + b"::error::end")
    for line in LINES:
        print(line)
    assert 0, TEXT


def test_prints_and_passes():
    for line in LINES:
        print(line)


@pytest.mark.parametrize("value", [TEXT, "::error::id", "##[error]id", "a::b[c]", "\ud800", "x" * 3000], ids=str)
def test_has_a_strange_name(value):
    assert not value


def test_skips():
    pytest.skip(TEXT)


@pytest.mark.xfail(reason=TEXT)
def test_expects():
    raise ValueError(TEXT)


def test_warns():
    warnings.warn(TEXT)


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError(TEXT)


def test_raises_what_cannot_be_shown():
    raise Unprintable


def test_records_anything(record_property, evidence):
    record_property(TEXT, {(1, 2): object()})
    record_property("nan", float("nan"))
    record_property("unprintable", Unprintable())
    evidence(TEXT, {TEXT: float("inf"), "deep": [[[TEXT]]]})


def test_removes_its_folder(tmp_path):
    os.chdir(tmp_path)
    os.rmdir(tmp_path)
    exec("import warnings; warnings.warn('from nowhere')")
    raise ValueError("nowhere")


def test_comes_back():
    os.chdir(os.path.dirname(__file__))


def test_forges_events():
    # The pipe is found among the descriptors; what is no event is passed over.
    lines = [
        b"[" * 100_000, b"{", b'{"event": "phase"}', b'{"event":"start","id":"x","at":1e999}', b"\xff",
        b'{"event":"collected","tests":[""]}', b'{"event":"phase","id":"x","when":"call","outcome":"failed"}',
    ]
    for number in range(3, 64):
        try:
            if os.readlink(f"/proc/self/fd/{number}").startswith("pipe:"):
                os.set_blocking(number, True)
                os.write(number, b"\n" + b"\n".join(lines) + b"\n")
        except OSError:
            continue


def test_lies_in_wait():
    os.makedirs("pipeproof-report", exist_ok=True)
    os.mkfifo("pipeproof-report/junit.xml")
    os.symlink("/dev/full", "pipeproof-report/report.json")
    os.symlink("../victim", "pipeproof-report/summary.md")
"""


@pytest.fixture(scope="module")
def step(runner_class: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One run, which the tests below look at."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "runner").mkdir()
    workspace = folder / "workspace"
    workspace.mkdir()
    (workspace / "test_hostile.py").write_text(SUITE)
    (workspace / "victim").write_text("untouched")
    # In a workflow FORCE_COLOR is often set; -s lets through what the tests print.
    runner = runner_class(folder / "runner", {"FORCE_COLOR": "1"})
    return runner.run(workspace, install="none", annotations="all", pytest_args="-s -rA")


@pytest.fixture(scope="module")
def html(step: Any) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(step.summary))


def test_hostile__all_tests_are_told(step: Any) -> None:
    assert step.exit_code == 1, step.log[-3000:]
    totals = step.report["extra"]["totals"]
    assert totals == {"tests": 17, "passed": 6, "failed": 9, "errors": 0, "skipped": 2, "flaky": 0}
    assert {name: int(step.outputs[name]) for name in totals} == totals


def test_hostile__the_log_says_what_is_weaker_outside_of_the_image(step: Any) -> None:
    assert step.log.count("Outside of pipeproof's image") == 1


def test_hostile__no_command_but_our_own(step: Any) -> None:
    commands = {command.name for command in step.commands}
    assert commands == {"group", "endgroup", "error", "warning", "notice"}
    for command in step.commands:
        if command.name in {"error", "warning", "notice"}:
            assert command.properties.get("file") in {"test_hostile.py", "<string>", None}
            assert "title" in command.properties
    assert sum(command.name == "error" for command in step.commands) <= 10


def test_hostile__no_markup_in_the_summary(html: str) -> None:
    tags = {part.split(">")[0].split()[0].strip("/") for part in html.split("<")[1:]}
    assert not tags & {"script", "img", "em", "b"}
    assert html.count("<details") == html.count("</details>")
    assert 'href="http://x"' not in html


def test_hostile__junit_is_xml_without_paint(step: Any) -> None:
    text = (step.workspace / step.outputs["junit-xml"]).read_text(encoding="utf-8")
    assert len(ET.fromstring(text).findall(".//testcase")) == 17
    assert "\ufffd[" not in text


def test_hostile__ctrf_is_json(step: Any) -> None:
    def refuse(name: str) -> None:
        raise ValueError(name)

    text = (step.workspace / step.outputs["report-json"]).read_text(encoding="utf-8")
    assert len(json.loads(text, parse_constant=refuse)["results"]["tests"]) == 17


def test_hostile__what_lay_in_the_way_of_the_report_is_replaced(step: Any) -> None:
    assert (step.workspace / "victim").read_text() == "untouched"
    for path in (step.workspace / "pipeproof-report").iterdir():
        assert path.is_dir() or (path.is_file() and not path.is_symlink()), path


def test_hostile__an_exception_that_cannot_be_shown_is_told(step: Any) -> None:
    (test,) = [t for t in step.report["results"]["tests"] if t["name"] == "test_raises_what_cannot_be_shown"]
    line = SUITE.splitlines().index("    raise Unprintable") + 1
    assert "Unprintable" in test["message"]
    assert (test["extra"]["failures"][0]["file"], test["extra"]["failures"][0]["line"]) == ("test_hostile.py", line)
