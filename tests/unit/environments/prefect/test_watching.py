"""Which of the watches is told of what."""

from types import SimpleNamespace
from unittest.mock import Mock
from uuid import uuid4

import pytest

from pipeproof.environments.prefect.runs import watching
from pipeproof.environments.prefect.runs.watch import Watch


@pytest.fixture
def watches(monkeypatch):
    """Two flows run at the same time."""
    both = [Watch(), Watch()]
    monkeypatch.setattr(watching, "_watches", both)
    return both


def test_events__of_other_processes(watches):
    """A task run that one flow has submitted is no stranger to the other, which would wait for it; unknown ones are."""
    first, second = watches
    known, unknown = uuid4(), uuid4()
    first.submitted[known] = Mock()
    tell = watching._tell(watching._note_event)
    for task_run_id in (known, unknown):
        resource = SimpleNamespace(id=f"prefect.task-run.{task_run_id}")
        tell(SimpleNamespace(event="prefect.task-run.Completed", resource=resource))
    assert first.submitted[known].note.call_count == 1
    assert (first.strangers, second.strangers) == ({unknown}, {unknown})
