"""The recipes of `docs/how-to/dbt.md`, run as they stand on the shop's models."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "dbt.md"
RECIPES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: re.search(r"def (test_\w+)", recipe)[1])
def test_recipe(recipe, dbt):
    names = {}
    exec(compile(recipe, str(PAGE), "exec"), names)
    for name in [name for name in names if name.startswith("test_")]:
        names[name](dbt)


def test_recipes__are_there():
    assert len(RECIPES) >= 2
