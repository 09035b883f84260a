import os

import pytest

from pipeproof import access
from pipeproof.redaction import Redactor

SECRET = "Zq8vT1xWn3Lk5Jh7Gf9D"


@pytest.fixture
def redactor() -> Redactor:
    return Redactor([SECRET])


def test_redact_files__every_file_below_the_folder(tmp_path, redactor) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/log.txt").write_bytes(b"\xff" + SECRET.encode() + b"\n")
    (tmp_path / "other.txt").write_text("nothing")
    assert access.redact_files(tmp_path, redactor) == []
    assert (tmp_path / "a/b/log.txt").read_bytes() == b"\xff***\n"
    assert (tmp_path / "other.txt").read_text() == "nothing"


def test_redact_files__follows_no_link_and_waits_for_no_pipe(tmp_path, redactor) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text(SECRET)
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    (folder / "up").symlink_to(tmp_path)
    os.link(outside, folder / "second-name")
    os.mkfifo(folder / "pipe")
    assert access.redact_files(folder, redactor) == [folder / "second-name"]
    assert outside.read_text() == SECRET


def test_redact_files__says_what_is_too_large_to_search(tmp_path, redactor, monkeypatch) -> None:
    monkeypatch.setattr(access, "LARGEST_FILE", 5)
    (tmp_path / "large").write_text(SECRET)
    assert access.redact_files(tmp_path, redactor) == [tmp_path / "large"]


def test_open_pipe__a_document_of_any_size(tmp_path) -> None:
    """More than a pipe holds does not hold up who writes it."""
    document = {"environment": {"TOKEN": "x" * 300_000}, "reason": None}
    with os.fdopen(access.Access(document).open_pipe()) as file:
        assert file.read().count("x") == 300_000


def test_judge__a_refused_run_is_an_error_of_credentials() -> None:
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request_target"}
    with pytest.raises(access.CredentialsError, match="this repository's rights"):
        access.judge({}, environment)
