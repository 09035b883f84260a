"""The page in a real browser: Chromium, as Debian has it. Without one, or without Playwright, it is not tested."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeproof.report.links import Links
from pipeproof.report.page.document import render_page
from pipeproof.results.model import Failure, Run, Status, TestResult

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium (apt-get install chromium)")

HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>\u202e</pre></details>&lt;b&gt;"


def failed(name: str, message: str, **more: Any) -> TestResult:
    failure = Failure("call", "ValueError", message, f"{message}: the traceback", "t.py", len(message))
    return TestResult(name, name.partition("::")[0], 1, Status.FAILED, 0.1, failures=(failure,), **more)


def evidence() -> tuple[dict[str, Any], ...]:
    items = {"state:Is large": 3, "state:Ship": 1, "state:Hold": 0, "transition:Is large:choice 0:Ship": 1,
             "transition:Is large:default:Hold": 0, "transition:Hold:next:Is large": 0}  # fmt: skip
    nodes = [
        {"id": f"model.shop.{name}", "name": name, "depends_on": [f"model.shop.{parent}"], "tests": 0, "file": "x.sql",
         "materialized": "view"}
        for name, parent in (("stg", "none"), ("mart", "stg"))
    ]  # fmt: skip
    nodes.append({"id": "source.shop.raw", "name": "raw", "depends_on": [], "tests": 0, "file": "s.yml",
                  "materialized": ""})  # fmt: skip
    ran = [{"id": "model.shop.stg", "name": "stg", "status": "error", "duration": 0.1, "rows": None, "type": "model",
            "file": "x.sql", "message": "no such table"}]  # fmt: skip
    times = ("00.000", "00.400", "01.900", "02.200", "02.300")
    states = [
        {"name": name, "timestamp": f"2026-11-30T12:00:{at}+00:00"}
        for name, at in zip(("Pending", "Running", "AwaitingRetry", "Running", "Failed"), times, strict=True)
    ]
    task = {"task": "load", "states": states, "retries": 1, "error": "", "attempts": 2,
            "state": {"type": "FAILED", "name": "Failed", "message": "no table"}}  # fmt: skip
    flow = {"flow": "daily", "duration": 2.3, "state": {"name": "Failed", "type": "FAILED"}, "task_runs": [task]}
    coverage = {"machine": "Order", "file": None, "items": items, "lines": {}}
    data = {
        "stepfunctions.execution": {"coverage": coverage},
        "dbt.project": {"project": "shop", "nodes": nodes},
        "dbt.run": {"command": "run", "given": [], "nodes": ran},
        "prefect.flow_run": flow,
    }
    return tuple({"kind": kind, "data": one} for kind, one in data.items())


RUN = Run(
    (
        failed("tests/test_a.py::test_price", "no price", evidence=evidence(), output=(("Captured stdout", HOSTILE),)),
        failed("tests/test_a.py::test_price_again", "no price"),
        failed("tests/test_b.py::test_stock", "no stock"),
        failed(f"tests/test_b.py::test_hostile[{HOSTILE}]", HOSTILE),
        TestResult("tests/test_b.py::test_fine", "tests/test_b.py", 1, Status.PASSED, 0.2),
        TestResult("tests/test_b.py::test_later", "tests/test_b.py", 1, Status.SKIPPED, reason="no database"),
    ),
    duration=3.0,
    environment={"pytest": "9"},
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open the page; whatever the browser complains of, or asks for besides the file, fails the test."""
    file = tmp_path / "report.html"
    file.write_text("".join(render_page(RUN, f"Orders {HOSTILE}", Links())), encoding="utf-8")
    complaints: list[str] = []
    contexts = []

    def visit(**options: Any) -> Any:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda request: request.url == file.as_uri() or complaints.append(request.url))
        page.goto(file.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def shown(page: Any) -> list[str]:
    return [row.split("\t")[1] for row in page.locator("#all tbody tr:visible").all_inner_texts()]


def expect_told(page: Any, text: str) -> None:
    sync_api.expect(page.locator("#shown")).to_have_text(f"{text} shown")


def test_page__hostile_texts_do_not_become_elements(visit: Callable[..., Any]) -> None:
    page = visit()
    assert page.locator("img, b, iframe, object, embed, link, [onerror], [style]").count() == 0
    assert page.locator("script").count() == 1
    page.get_by_text("Captured stdout").click()
    assert "<img src=x onerror=alert(1)>" in page.locator("pre:visible").nth(1).inner_text()


def test_page__is_filtered_with_the_keyboard_alone(visit: Callable[..., Any]) -> None:
    page = visit()
    for _ in range(2):  # past the link that skips to the results
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "words"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.type("PRICE again")
    expect_told(page, "1 of 6 tests, 1 of 3 causes")
    assert shown(page) == ["tests/test_a.py::test_price_again"]
    page.keyboard.press("Tab")  # the first of the outcomes: failed
    page.keyboard.press("Space")
    expect_told(page, "0 of 6 tests, 0 of 3 causes")
    assert shown(page) == []
    while page.evaluate("document.activeElement.id") != "reset":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_told(page, "6 of 6 tests, 3 of 3 causes")
    assert page.evaluate("document.activeElement.id") == "words"


def test_page__is_filtered_by_module_and_cause(visit: Callable[..., Any]) -> None:
    page = visit()
    page.get_by_label("Module").select_option("tests/test_a.py")
    expect_told(page, "2 of 6 tests, 1 of 3 causes")
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("Cause").select_option("3: ValueError: no stock (1 test)")
    expect_told(page, "1 of 6 tests, 1 of 3 causes")
    assert shown(page) == ["tests/test_b.py::test_stock"]


def test_page__a_link_to_a_cause_opens_it(visit: Callable[..., Any]) -> None:
    page = visit()
    page.locator("#cause-1 > summary").click()
    assert not page.locator("#cause-1 > pre").is_visible()
    page.get_by_role("link", name="cause 1").first.click()
    page.locator("#cause-1 > pre").wait_for(state="visible")
    sync_api.expect(page.locator("#cause-1 > summary")).to_be_focused()


def test_page__is_complete_without_its_script(visit: Callable[..., Any]) -> None:
    page = visit(java_script_enabled=False)
    assert not page.locator("#filters").is_visible()
    assert len(shown(page)) == 6
    assert page.locator("svg:visible").count() == 3
    page.locator("#cause-1 > summary").click()
    assert not page.locator("#cause-1 > pre").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page__axe_finds_nothing(visit: Callable[..., Any], scheme: str) -> None:
    """WCAG 2.2's rules at AA, contrast among them, with all that is folded open."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    page = visit(color_scheme=scheme)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    found = axe.Axe().run(page).response
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []
    assert "color-contrast" in [rule["id"] for rule in found["passes"]]
    backs = {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == backs[scheme]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_graphs__texts_can_be_read_on_what_they_stand_on(visit: Callable[..., Any], scheme: str) -> None:
    """Which axe does not look at: it knows no contrast in a drawing."""
    page = visit(color_scheme=scheme)
    colours = page.evaluate("""() => [...document.querySelectorAll("svg g:has(> rect)")].map((one) => [
        one.getAttribute("class"), getComputedStyle(one.querySelector("rect")).fill,
        getComputedStyle(one.querySelector("text") ?? document.querySelector("svg text")).fill])""")
    assert {"node good", "node bad", "node missed", "node given", "runs", "waits"} == {kind for kind, *_ in colours}
    for kind, back, text in colours:
        assert contrast(back, text) >= 7, kind


def contrast(*colours: str) -> float:
    """WCAG 2's contrast ratio of two colours, each `rgb(…)`."""
    lights = []
    for colour in colours:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        lights.append(sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.mark.parametrize("width", [360, 1280])
def test_page__is_no_wider_than_the_window(visit: Callable[..., Any], width: int) -> None:
    page = visit(viewport={"width": width, "height": 800})
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
