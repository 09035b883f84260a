"""The recipes of docs/how-to/aws.md, run as they stand there."""

import pytest
from code_blocks import ROOT, write_titled


def test_how_to_aws__each_recipe_works(pytester: pytest.Pytester) -> None:
    blocks = write_titled(ROOT / "docs" / "how-to" / "aws.md", pytester.path)
    orders = pytester.path / "seed" / "s3" / "raw" / "in" / "orders.csv"
    orders.parent.mkdir(parents=True)
    orders.write_text("o-1,10\no-2,20\n")
    recipes = [block.text for block in blocks if block.language == "python"]
    pytester.makepyfile(test_recipes="\n\n".join(recipes))
    count = sum(text.count("\ndef test_") + text.startswith("def test_") for text in recipes)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=count)
    assert count >= 10
