"""Prefect's own harness, where it stands in: what it leaves is known to `pipeproof clean`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import prefect.testing.utilities
import pytest

from pipeproof.environments.prefect.server.backends import stock
from pipeproof.scratch import PREFIX


def test_stock__temporary_folder_of_the_harness_lies_in_one_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is removed when the interpreter exits alone, and stays where a worker is killed before that."""
    made: list[Path] = []

    @contextmanager
    def harness(**_: object) -> Iterator[None]:
        made.append(Path(tempfile.mkdtemp()))
        yield

    monkeypatch.setattr(prefect.testing.utilities, "prefect_test_harness", harness)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with stock():
        assert Path(tempfile.mkdtemp()).parent == tmp_path
    (folder,) = made
    assert folder.parent.parent == tmp_path
    assert folder.parent.name.startswith(PREFIX)
