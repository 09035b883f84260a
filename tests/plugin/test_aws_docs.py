"""The recipes of docs/how-to/aws.md, run as they stand there."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "aws.md"
_BLOCK = re.compile(
    r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL
)


def test_how_to_aws__each_recipe_works(pytester: pytest.Pytester) -> None:
    blocks = list(_BLOCK.finditer(PAGE.read_text(encoding="utf-8")))
    for block in blocks:
        if block["title"]:
            file = pytester.path / block["title"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block["text"], encoding="utf-8")
    orders = pytester.path / "seed" / "s3" / "raw" / "in" / "orders.csv"
    orders.parent.mkdir(parents=True)
    orders.write_text("o-1,10\no-2,20\n")
    recipes = [block["text"] for block in blocks if block["language"] == "python" and not block["title"]]
    pytester.makepyfile(test_recipes="\n\n".join(recipes))
    count = sum(text.count("\ndef test_") + text.startswith("def test_") for text in recipes)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=count)
    assert count >= 10
