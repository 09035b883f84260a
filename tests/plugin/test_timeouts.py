"""Timeouts of tests that are run again."""

import pytest


def test_timeout__each_attempt_has_one(pytester: pytest.Pytester) -> None:
    """The first attempt fails at once, the second hangs: it is ended as the first would have been."""
    pytester.makepyfile(
        """
        import threading

        ATTEMPTS = []

        def test_hangs_the_second_time():
            ATTEMPTS.append(1)
            assert len(ATTEMPTS) > 1
            threading.Event().wait(120)
        """
    )

    result = pytester.runpytest_subprocess("--reruns", "1", "--timeout", "0.5", timeout=60)

    result.stdout.fnmatch_lines(["*1 failed, 1 rerun in*"])


def test_timeout__of_the_function_alone_is_armed_by_pytest_timeout(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import threading
        import pytest

        @pytest.mark.timeout(0.3, func_only=True)
        def test_hangs_each_time():
            threading.Event().wait(120)
        """
    )

    result = pytester.runpytest_subprocess("--reruns", "1", timeout=60)

    result.stdout.fnmatch_lines(["*1 failed, 1 rerun in*"])
