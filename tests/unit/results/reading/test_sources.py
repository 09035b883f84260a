"""Paths of another machine are known again in the workspace, and none is guessed."""

from pathlib import Path

import pytest

from pipeproof.results.reading.sources import Sources
from pipeproof.results.reading.tracebacks import find_place

FILES = (
    "shop/prices.py",
    "tests/test_prices.py",
    "other/tests/test_prices.py",
    "conftest.py",
    "web/a.ts",
    "web/b/a.ts",
)


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return Sources(tmp_path)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("tests/test_prices.py", "tests/test_prices.py"),
        ("./tests/test_prices.py", "tests/test_prices.py"),
        ("/home/runner/work/r/r/shop/prices.py", "shop/prices.py"),
        ("C:\\work\\r\\shop\\prices.py", "shop/prices.py"),
        ("prices.py", "shop/prices.py"),
        ("test_prices.py", None),  # there are two
        ("/elsewhere/conftest.py", None),
        ("../../shop/prices.py", "shop/prices.py"),
        (".venv/lib/python3.12/site-packages/shop/prices.py", None),
        ("node_modules/web/a.ts", None),
        ("/x/web/b/a.ts", "web/b/a.ts"),
        ("nothing.py", None),
        ("", None),
        ("a\0b", None),
    ],
)
def test_sources__find_a_file_by_a_path(path: str, found: str | None, sources: Sources) -> None:
    assert sources.find(path) == found


def test_place__of_a_traceback_with_a_cause_is_where_the_last_exception_was_raised(sources: Sources) -> None:
    text = """
tests/test_prices.py:5:
_ _ _
shop/prices.py:7: KeyError

The above exception was the direct cause of the following exception:

tests/test_prices.py:9:
/usr/lib/python3.12/json/decoder.py:353: ValueError
"""
    assert find_place("ValueError: x", text, sources) == ("tests/test_prices.py", 9)


def test_place__that_the_message_begins_with_comes_first(sources: Sources) -> None:
    text = "tests/test_prices.py:9: DbtError"
    assert find_place("pipeproof.DbtError: shop/prices.py:3: no", text, sources) == ("shop/prices.py", 3)


@pytest.mark.parametrize("text", ["\n" * 60_000, " " * 60_000, "a" * 60_000, "a.b:" * 15_000, "at a." * 12_000])
def test_place__of_text_without_one_is_none(text: str, sources: Sources) -> None:
    assert find_place("", text, sources) is None
