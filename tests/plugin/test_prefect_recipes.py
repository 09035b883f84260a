"""Each recipe of the page on Prefect is a test file that runs as it stands."""

import re
from pathlib import Path

import pytest

from pipeproof.environments.prefect.server import template

CACHE = template.cache_folder()
PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "prefect.md"


def test_recipes(pytester, monkeypatch):
    """All of them in one run, each in a file named after its heading."""
    monkeypatch.setenv("PIPEPROOF_CACHE_DIR", str(CACHE))
    monkeypatch.delenv("PYTEST_ADDOPTS")  # a recipe is asynchronous, by the plugin that other tests are spared
    sections = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    blocks = [(heading, re.findall(r"```python\n(.*?)```", text, re.DOTALL)) for heading, text in sections]
    recipes = [(heading, "".join(code)) for heading, code in blocks if code]
    assert len(recipes) == 16
    for heading, code in recipes:
        name = re.sub(r"\W+", "_", heading.lower()).strip("_")
        (pytester.path / f"test_{name}.py").write_text(code)
    tests = sum(code.count("def test_") for _, code in recipes)
    pytester.runpytest_subprocess().assert_outcomes(passed=tests)


@pytest.mark.parametrize("option", ["prefect_database", "PIPEPROOF_PREFECT_DATABASE", "--prefect-database"])
def test_options_are_on_the_page(option):
    assert option in PAGE.read_text()
