"""The fixture `state_machine`, its messages, evidence and threshold, from outside."""

import json
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "step-functions.md"
_BLOCK = re.compile(
    r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL
)
DEFINITION = {
    "StartAt": "First",
    "States": {
        "First": {"Type": "Pass", "Next": "Which?"},
        "Which?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "Broken"}],
            "Default": "Fine",
        },
        "Broken": {"Type": "Fail", "Error": "Bad", "Cause": "on purpose"},
        "Fine": {"Type": "Succeed"},
    },
}
FAILING = "def test_it(state_machine):\n    state_machine('m.asl.json').run({'a': 1})\n"
PASSING = (
    "def test_it(state_machine):\n    assert state_machine('m.asl.json').run().path == ['First', 'Which?', 'Fine']\n"
)


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Run a test module beside the definition, in a process of its own."""
    (pytester.path / "m.asl.json").write_text(json.dumps(DEFINITION, indent=2))

    def run(text: str, *arguments: str, project: str = ""):
        pytester.makepyprojecttoml(f"[project]\nname = 'x'\n{project}")
        pytester.makepyfile(test_it=text)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)

    return run


def test_how_to__each_recipe_works(pytester: pytest.Pytester) -> None:
    blocks = list(_BLOCK.finditer(PAGE.read_text(encoding="utf-8")))
    for block in blocks:
        if block["title"]:
            (pytester.path / block["title"]).write_text(block["text"], encoding="utf-8")
    recipes = [block["text"] for block in blocks if block["language"] == "python"]
    pytester.makepyfile(test_recipes="\n\n".join(recipes))
    count = sum(text.count("\ndef test_") + text.startswith("def test_") for text in recipes)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=count)
    assert count >= 7


def test_state_machine__finds_definitions_beside_the_test(run) -> None:
    run(PASSING).assert_outcomes(passed=1)


def test_state_machine__failure_tells_path_state_and_line(run) -> None:
    result = run(FAILING)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*m.asl.json:19:5: the execution*failed*Bad*", "*path: First → Which? → Broken*"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_fail_under__fails_the_run(run, workers: tuple[str, ...]) -> None:
    result = run(PASSING, *workers, project="[tool.pipeproof.stepfunctions]\nfail_under = 90\n")
    result.assert_outcomes(passed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*state machine coverage*", "m: 71 % covered, 90 % asked for*Broken*"])


def test_fail_under__is_content_with_enough(run) -> None:
    assert run(PASSING, project="[tool.pipeproof.stepfunctions]\nfail_under = 50\n").ret == 0


def test_evidence__has_the_executions_coverage(run) -> None:
    text = (
        "from pipeproof.plugin.evidence import RECORDS\n"
        "def test_it(state_machine, request):\n"
        "    state_machine('m.asl.json').run()\n"
        "    record, = request.node.stash[RECORDS]\n"
        "    assert record['kind'] == 'stepfunctions.execution'\n"
        "    assert record['data']['coverage']['items']['state:Broken'] == 0\n"
    )
    run(text).assert_outcomes(passed=1)
