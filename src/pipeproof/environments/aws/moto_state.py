"""moto in this process: started, and emptied before and after each use.

`aws` and `aws_server` share moto's one state, so that a test may put something into a bucket with the one and have a
subprocess find it with the other: who comes first empties it, who leaves last empties it again.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from pipeproof.environments.aws.touched import STATE

_lock = threading.Lock()
_users = 0

_CONFIG: Any = {
    # Nothing of a test may need Docker: functions and jobs are the business of other fixtures.
    "batch": {"use_docker": False},
    "lambda": {"use_docker": False},
    "stepfunctions": {"execute_state_machine": False},
    "core": {"mock_credentials": False, "reset_boto3_session": True},
}


@contextmanager
def fresh_state() -> Iterator[None]:
    """moto's backends, empty; nested uses share one state."""
    _enter(1)
    try:
        yield
    finally:
        _enter(-1)


def _enter(step: int) -> None:
    global _users  # noqa: PLW0603 - moto's state is one for the process, and so is the number of its users
    with _lock:
        if (_users == 0 and step > 0) or (_users + step == 0 and step < 0):
            reset()
        _users += step


def reset() -> None:
    """Empty all of moto's backends that were used."""
    from moto.core.base_backend import BackendDict
    from moto.core.model_instances import reset_model_data

    BackendDict.reset()
    reset_model_data()


@contextmanager
def moto_in_process() -> Iterator[None]:
    """moto's mock, with a state that is empty at first and gone afterwards."""
    from moto import mock_aws

    mock, shared = mock_aws(config=_CONFIG), STATE.usable()
    with fresh_state() if shared else nullcontext():
        mock.start(reset=not shared)
        try:
            yield
        finally:
            mock.stop(remove_data=not shared)
