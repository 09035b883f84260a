"""The `live` marker from outside: pytest in a process of its own, credentials through a descriptor."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

REAL = {"AWS_ACCESS_KEY_ID": "ASIAREAL", "AWS_SECRET_ACCESS_KEY": "real", "AWS_SESSION_TOKEN": "real token"}
Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest as the supervisor does, with a document for it; None is without."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of the developer")
    monkeypatch.setenv("AWS_PROFILE", "of the developer")

    def run(document: Mapping[str, object] | None, *args: str, file: str) -> pytest.RunResult:
        pytester.makepyfile(test_it=file)
        descriptors: tuple[int, ...] = ()
        if document is not None:
            ours, theirs = os.pipe()
            os.write(theirs, json.dumps(document).encode())
            os.close(theirs)
            monkeypatch.setenv("PIPEPROOF_LIVE_FD", str(ours))
            monkeypatch.setenv("HANDOVER_PIPE", f"pipe:[{os.fstat(ours).st_ino}]")
            descriptors = (ours,)
        command = [sys.executable, "-m", "pytest", "-rs", "-v", *args]
        process = pytester.popen(command, stdin=subprocess.DEVNULL, pass_fds=descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        out, err = (text.decode().splitlines() for text in process.communicate())
        return pytest.RunResult(process.returncode, out, err, 0)

    return run


BOTH = """
    import os
    import pytest

    at_import = os.environ.get("AWS_ACCESS_KEY_ID")

    @pytest.mark.live
    def test_live():
        assert os.environ["AWS_ACCESS_KEY_ID"] == "ASIAREAL"
        assert os.environ["AWS_SESSION_TOKEN"] == "real token"
        assert "AWS_PROFILE" not in os.environ

    def test_other():
        assert at_import == os.environ["AWS_ACCESS_KEY_ID"] == "testing"
        assert os.environ["AWS_SESSION_TOKEN"] == "testing"
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_DEFAULT_REGION"] == "us-east-1"
        assert "PIPEPROOF_LIVE_FD" not in os.environ
        for number in os.listdir("/proc/self/fd"):
            assert os.path.realpath(f"/proc/self/fd/{number}").rpartition("/")[2] != os.environ["HANDOVER_PIPE"]
"""


def test_live__real_credentials_for_live_tests_and_stub_ones_for_all_others(run: Run) -> None:
    run({"environment": REAL, "reason": None}, file=BOTH).assert_outcomes(passed=2)


def test_live__in_any_order(run: Run) -> None:
    run(
        {"environment": REAL, "reason": None}, "test_it.py::test_other", "test_it.py::test_live", file=BOTH
    ).assert_outcomes(passed=2)


def test_live__under_xdist_the_workers_have_them(run: Run) -> None:
    file = BOTH[: BOTH.index("        for number")]
    run({"environment": REAL, "reason": None}, "-n", "2", file=file).assert_outcomes(passed=2)


def test_live__skipped_with_the_reason_that_the_supervisor_gives(run: Run) -> None:
    reason = "the code comes from mallory/pipeline: forks get no credentials"
    result = run({"environment": {}, "reason": reason}, "--live", file=BOTH)
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines([f"*{reason}*"])


def test_live__skipped_under_xdist_too(run: Run) -> None:
    file = BOTH[: BOTH.index("        for number")]
    run({"environment": {}, "reason": "no"}, "-n", "2", file=file).assert_outcomes(passed=1, skipped=1)


OWN = """
    import os
    import pytest

    @pytest.mark.live
    def test_live():
        assert os.environ["AWS_ACCESS_KEY_ID"] == "of the developer"
        assert os.environ["AWS_PROFILE"] == "of the developer"

    def test_other():
        assert os.environ["AWS_ACCESS_KEY_ID"] == %r
"""


def test_live__in_plain_pytest_live_tests_are_skipped_and_nothing_is_changed(run: Run) -> None:
    result = run(None, file=OWN % "of the developer")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*there are no credentials: *--live*"])


@pytest.mark.parametrize("document", [None, {"environment": {}, "reason": "nothing was asked for", "own": True}])
def test_live__the_option_takes_the_environments_own(run: Run, document) -> None:
    run(document, "--live", file=OWN % "testing").assert_outcomes(passed=2)


def test_live__the_option_works_under_xdist(run: Run) -> None:
    run(None, "--live", "-n", "2", file=OWN % "testing").assert_outcomes(passed=2)


def test_live__fixtures_are_set_up_and_torn_down_with_what_their_test_has(run: Run) -> None:
    """A fixture of the session that a live test set up is torn down, after a test that is not live, with real ones."""
    result = run(
        {"environment": REAL, "reason": None},
        file="""
        import os
        import pytest

        def key():
            return os.environ["AWS_ACCESS_KEY_ID"]

        @pytest.fixture(scope="session")
        def inner():
            assert key() == "testing"
            yield
            assert key() == "testing"

        @pytest.fixture(scope="session")
        def wide():
            assert key() == "ASIAREAL"
            yield
            assert key() == "ASIAREAL"

        @pytest.fixture
        def narrow(monkeypatch):
            assert key() == "ASIAREAL"
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mocked")
            yield
            assert key() == "mocked"

        def test_first(inner):
            assert key() == "testing"

        @pytest.mark.live
        def test_live(wide, narrow, request):
            assert key() == "mocked"

        @pytest.mark.live
        def test_live_again(wide):
            assert key() == "ASIAREAL"

        def test_other(wide, inner):
            assert key() == "testing"
        """,
    )
    result.assert_outcomes(passed=4)


def test_live__a_failing_live_test_leaves_nothing(run: Run) -> None:
    result = run(
        {"environment": REAL, "reason": None},
        file="""
        import os
        import pytest

        @pytest.fixture
        def broken():
            yield
            raise RuntimeError

        @pytest.mark.live
        def test_live(broken):
            raise SystemExit

        def test_other():
            assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
        """,
    )
    result.assert_outcomes(passed=1, failed=1, errors=1)


def test_live__boto3s_default_session_does_not_carry_credentials_over(run: Run) -> None:
    result = run(
        {"environment": {**REAL, "AWS_REGION": "eu-central-1"}, "reason": None},
        file="""
        import boto3
        import pytest

        def key():
            boto3.client("sts", region_name="eu-central-1")
            return boto3.DEFAULT_SESSION.get_credentials().access_key

        def test_before():
            assert key() == "testing"

        @pytest.mark.live
        def test_live():
            assert key() == "ASIAREAL"

        def test_after():
            assert key() == "testing"
        """,
    )
    result.assert_outcomes(passed=3)


def test_live__variables_with_stubs_and_static_keys_give_way(run: Run, monkeypatch) -> None:
    """In broker mode no static key may be set: it would go before the broker's."""
    broker = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/aws", "PGPASSWORD": "token"}
    result = run(
        {"environment": broker, "reason": None, "stubs": {"PGPASSWORD": "pipeproof-stub"}},
        file="""
        import os
        import pytest

        @pytest.mark.live
        def test_live():
            assert os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
            assert "AWS_ACCESS_KEY_ID" not in os.environ
            assert os.environ["PGPASSWORD"] == "token"

        def test_other():
            assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" not in os.environ
            assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
            assert os.environ["PGPASSWORD"] == "pipeproof-stub"
        """,
    )
    result.assert_outcomes(passed=2)


@pytest.fixture
def renewer():
    """Gives a new token each time; then an error."""
    answers = iter([(200, {"TOKEN": "first"}), (200, {"TOKEN": "second"}), (500, {"message": "GitHub refuses"})])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, answer = next(answers) if self.headers["Authorization"] == "key" else (403, {})
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield {"url": f"http://127.0.0.1:{server.server_address[1]}/environment", "token": "key"}
    server.shutdown()
    server.server_close()


def test_live__short_lived_tokens_are_renewed_when_a_live_test_begins(run: Run, renewer) -> None:
    result = run(
        {"environment": {"TOKEN": "zeroth"}, "reason": None, "renewal": renewer, "stubs": {"TOKEN": "stub"}},
        file="""
        import os
        import pytest

        @pytest.mark.live
        def test_one():
            assert os.environ["TOKEN"] == "first"

        def test_other():
            assert os.environ["TOKEN"] == "stub"

        @pytest.mark.live
        def test_two():
            assert os.environ["TOKEN"] == "second"

        @pytest.mark.live
        def test_three():
            pass
        """,
    )
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*CredentialsError: the run's credentials could not be renewed: GitHub refuses"])


def test_live__evidence_tells_when_a_test_had_credentials(run: Run) -> None:
    result = run(
        {"environment": REAL, "reason": None},
        file="""
        import pytest
        from pipeproof.plugin.evidence import RECORDS

        @pytest.mark.live
        def test_live(request):
            request.session.live = request.node

        def test_other(request):
            record, = request.session.live.stash[RECORDS]
            assert record["kind"] == "live"
            assert record["data"]["started"] <= record["data"]["finished"]
            assert record["data"]["variables"] == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
            assert RECORDS not in request.node.stash
        """,
    )
    result.assert_outcomes(passed=2)
