"""The fixture `state_machine`, its messages, evidence and threshold, from outside."""

import json

import pytest
from code_blocks import ROOT, write_titled

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
    blocks = write_titled(ROOT / "docs" / "how-to" / "step-functions.md", pytester.path)
    recipes = [block.text for block in blocks if block.language == "python"]
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


HANDLERS = """
import os, socket, time
import pytest

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
MACHINE = {"StartAt": "W", "States": {"W": {"Type": "Task", "Resource": FUNCTION, "End": True}}}

def connect(event, context):
    try:
        socket.create_connection(("192.0.2.1", 9), timeout=0.01)
    except OSError:
        return "tried"

def run(state_machine, handler):
    return state_machine(MACHINE, lambdas={"work": handler}).run()

def keys(event, context):
    return os.environ["AWS_ACCESS_KEY_ID"]

def test_keys(state_machine):
    assert run(state_machine, keys).output == "testing"

def test_network(state_machine):
    from pipeproof import NetworkBlockedError
    with pytest.raises(NetworkBlockedError, match="handlers reach nothing but this machine"):
        run(state_machine, connect)

def test_sleep(state_machine):
    assert run(state_machine, lambda event, context: time.sleep(3600)).elapsed == 3600

@pytest.mark.real_time
def test_real_time(state_machine):
    assert run(state_machine, lambda event, context: time.sleep(0.001)).elapsed == 0

@pytest.mark.live
def test_live(state_machine):
    assert run(state_machine, keys).output == "AKIAREAL"
    assert run(state_machine, connect).output == "tried"
    assert run(state_machine, lambda event, context: time.sleep(0.001)).elapsed == 0
"""


@pytest.mark.parametrize(("options", "passed", "skipped"), [((), 4, 1), (("--live",), 5, 0)])
def test_handlers__have_what_is_real_in_live_tests_alone(
    run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], passed: int, skipped: int
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    run(HANDLERS, *options).assert_outcomes(passed=passed, skipped=skipped)


def test_handler_limit__leaves_the_timeout_of_the_test(run) -> None:
    result = run(
        """
        import signal

        FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
        MACHINE = {"StartAt": "W", "States": {"W": {"Type": "Task", "Resource": FUNCTION, "End": True}}}

        def test_it(state_machine):
            alarm = signal.getsignal(signal.SIGALRM)
            state_machine(MACHINE, handler_limit=60, lambdas={"work": lambda event, context: 1}).run()
            assert signal.getsignal(signal.SIGALRM) is alarm
            assert 60 < signal.getitimer(signal.ITIMER_REAL)[0] <= 300
        """,
        "--timeout=300",
        "--timeout-method=signal",
    )
    result.assert_outcomes(passed=1)
