"""What a test has changed of Prefect's settings is undone."""

import os

from prefect.settings import PREFECT_TASK_DEFAULT_RETRIES, temporary_settings

from pipeproof.environments.prefect.server.keeping import settings_kept


def test_settings_kept__the_outer_one_is_left_first():
    """So does pytest 8.0 with a fixture that another one asks for while the test runs."""
    before = PREFECT_TASK_DEFAULT_RETRIES.value()
    outer, inner, users = settings_kept(), settings_kept(), temporary_settings({PREFECT_TASK_DEFAULT_RETRIES: 7})
    outer.__enter__()
    os.environ["PREFECT_OF_A_TEST"] = "yes"
    users.__enter__()
    assert PREFECT_TASK_DEFAULT_RETRIES.value() == 7
    inner.__enter__()
    outer.__exit__(None, None, None)
    inner.__exit__(None, None, None)
    assert "PREFECT_OF_A_TEST" not in os.environ
    assert PREFECT_TASK_DEFAULT_RETRIES.value() == before
