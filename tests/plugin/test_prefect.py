"""The Prefect fixtures, from outside."""

import pytest

from pipeproof.environments.prefect import template

CACHE = template.cache_folder()


@pytest.fixture(autouse=True)
def _one_template(monkeypatch):
    """pytester gives each run a home of its own; the migrated database need not be made in each."""
    monkeypatch.setenv("PIPEPROOF_CACHE_DIR", str(CACHE))


FLOWS = """
    import pytest
    from prefect import flow, task

    @task(retries=2, retry_delay_seconds=60)
    def load(rows):
        return rows * 2

    @flow
    def nightly(rows=1, day="monday"):
        return load(rows)
"""


def test_run_flow__evidence(pytester):
    """Each flow run is a record of the report: parameters by name, states with times, task runs, retries."""
    pytester.makeconftest(
        """
        import json, pytest
        from pipeproof.plugin.evidence import RECORDS

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item, call):
            if call.when == "call":
                print("EVIDENCE", json.dumps(item.stash[RECORDS]))
            return (yield)
        """
    )
    pytester.makepyfile(
        FLOWS
        + """
    def test_it(run_flow):
        run_flow(nightly, 4)
    """
    )
    result = pytester.runpytest_subprocess("-s")
    result.assert_outcomes(passed=1)
    (line,) = [line for line in result.outlines if "EVIDENCE" in line]
    for expected in (
        '"kind": "prefect.flow_run"',
        '"flow": "nightly"',
        '"parameters": {"rows": "4", "day": "\'monday\'"}',
        '"state": {"type": "COMPLETED"',
        '"task": "load"',
        '"attempts": 1, "retries": 0',
    ):
        assert expected in line
