"""What the README shows works as it stands there."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("", "docs/*/", "examples/*/")
    for path in ROOT.glob(f"{folder}*.md")
)
README = (ROOT / "README.md").read_text(encoding="utf-8")


APPROVAL = {
    "StartAt": "IsLarge",
    "States": {
        "IsLarge": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.total", "NumericGreaterThan": 1000, "Next": "Approve"}],
            "Default": "Done",
        },
        "Approve": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:approve",
            "Next": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}

PROJECT = {
    "dbt_project.yml": "name: shop\nprofile: shop",
    "models/stg_orders.sql": "select 1 as order_id, 'paid' as status, 1 as total",
    "models/revenue.sql": (
        "select order_id, case when status = 'cancelled' then 0 else total end as revenue from {{ ref('stg_orders') }}"
    ),
}


def test_readme__its_tests_pass(pytester: pytest.Pytester) -> None:
    for name, content in {**PROJECT, "orders.asl.json": json.dumps(APPROVAL)}.items():
        (pytester.path / name).parent.mkdir(exist_ok=True)
        (pytester.path / name).write_text(content)
    code = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    pytester.makepyfile(test_readme="\n\n".join(code))
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)


@pytest.mark.parametrize("page", PAGES)
def test_documentation__its_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", text)
    missing = [target for target in targets if not (ROOT / page).parent.joinpath(target).exists()]
    assert missing == []
