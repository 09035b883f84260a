"""Short-lived credentials in a long suite, in real time; and what redaction costs.

Sessions that live five seconds serve a suite of live tests for a minute (`--seconds` changes that). The same suite runs
with the broker and with static variables, which is what a step that exports credentials gives. A stand-in for STS gives
the sessions and refuses each call whose key has ended.
"""

import argparse
import re
import statistics
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests/support"))

from actions_runner import Runner  # noqa: E402
from clouds import Cloud  # noqa: E402

from pipeproof.redaction import Redactor, list_forms  # noqa: E402

ROLE = "arn:aws:iam::123456789012:role/ci"
LIFE = 5.0

SUITE = """
    import time
    import boto3, pytest

    END = time.time() + {seconds}

    @pytest.fixture(scope="session")
    def client():
        return boto3.client("sts", endpoint_url={endpoint!r})

    @pytest.mark.live
    @pytest.mark.parametrize("number", range({tests}))
    def test_call(client, number):
        if time.time() < END:
            client.get_caller_identity()
            time.sleep({pause})
"""


def run_suite(mode: str, seconds: float, pause: float) -> tuple[int, int, int, int]:
    """Calls that were made, those that were refused as expired, sessions, and renewals at the same time."""
    with Cloud() as cloud, tempfile.TemporaryDirectory() as folder:
        cloud.trust(ROLE)
        cloud.session_life = LIFE
        workspace = Path(folder) / "workspace"
        workspace.mkdir()
        text = textwrap.dedent(SUITE).format(
            seconds=seconds, endpoint=cloud.sts, tests=int(seconds / pause) + 1, pause=pause
        )
        (workspace / "test_suite.py").write_text(text)
        runner = Runner(Path(folder), cloud.runner_environment())
        runner.run(
            workspace,
            install="none",
            aws_role_to_assume=ROLE,
            aws_region="eu-central-1",
            aws_sts_endpoint=cloud.sts,
            credentials_mode=mode,
        )
        calls = [seen for seen in cloud.requests("/sts") if seen.form["Action"] == "GetCallerIdentity"]
        return len(calls), cloud.expired, len(cloud.sessions), cloud.most_at_once


def measure_redaction(repeat: int) -> tuple[float, float]:
    """Megabytes a second: by fragments, and by whole values (which finds none that is wrapped or cut short)."""
    line = "tests/test_orders.py::test_totals[a-1] PASSED [ 12%] 2026-11-21 10:11:12 INFO 4,021 rows in raw.orders\n"
    text = line * 20_000
    secrets = ["ASIA3FHKQ7ZLNVX2M5TB", "qT9v" * 10, "IQoJb3JpZ2luX2VjEJr" + "9xKd+2/LmQz7" * 70]
    whole = re.compile("|".join(re.escape(form) for secret in secrets for form in list_forms(secret)))
    redactor = Redactor(secrets)
    rates = []
    for clean in (redactor.redact, lambda text: whole.sub("***", text)):
        took = []
        for _ in range(repeat):
            started = time.perf_counter()
            clean(text)
            took.append(time.perf_counter() - started)
        rates.append(len(text) / 1e6 / statistics.median(took))
    return rates[0], rates[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pause", type=float, default=0.25)
    options = parser.parse_args()
    print(f"A suite of {options.seconds:g} s, sessions of {LIFE:g} s")
    print(f"{'':10} {'calls':>6} {'expired':>8} {'sessions':>9} {'at once':>8}")
    for mode in ("broker", "env"):
        calls, expired, sessions, at_once = run_suite(mode, options.seconds, options.pause)
        print(f"{mode:10} {calls:6} {expired:8} {sessions:9} {at_once:8}")
    fragments, whole = measure_redaction(5)
    print(f"\nRedaction of an AWS session: {fragments:.1f} MB/s by fragments, {whole:.1f} MB/s by whole values")


if __name__ == "__main__":
    main()
