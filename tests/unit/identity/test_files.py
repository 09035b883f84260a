"""A token in a file: read at each exchange, through the links that Kubernetes makes."""

import base64
import json
import os
from pathlib import Path

import pytest

from pipeproof.identity.files import read_token_file
from pipeproof.identity.token import IdTokenError

NOW = 1_800_000_000.0


def make_token(ends: float) -> str:
    claims = {"iss": "https://oidc.eks.eu-central-1.amazonaws.com/id/A", "exp": ends, "iat": ends - 86400}
    return ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b"{}", json.dumps(claims).encode(), b"s")
    )


def read(path: Path, masked: list[str] | None = None):
    return read_token_file(path, [].append if masked is None else masked.append, lambda: NOW)


def test_read_token_file__as_kubernetes_mounts_and_renews_it(tmp_path) -> None:
    for folder, ends in (("..1", NOW + 60), ("..2", NOW + 120)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "token").write_text(make_token(ends) + "\n")
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "token").symlink_to("..data/token")
    masked: list[str] = []
    first = read(tmp_path / "token", masked)
    (tmp_path / "new").symlink_to("..2")
    (tmp_path / "new").replace(tmp_path / "..data")
    second = read(tmp_path / "token", masked)
    assert (first.lifetime, second.lifetime) == (60, 120)
    assert masked == [first.value, second.value]


def test_read_token_file__one_that_has_ended(tmp_path) -> None:
    (tmp_path / "token").write_text(make_token(NOW - 7))
    with pytest.raises(IdTokenError, match="ended 7 s ago"):
        read(tmp_path / "token")


@pytest.mark.parametrize("kind", ["nothing", "a folder", "a pipe", "too large", "no token"])
def test_read_token_file__what_is_no_such_file(tmp_path, kind) -> None:
    path = tmp_path / "token"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    elif kind != "nothing":
        path.write_text("x" * (1 << 17) if kind == "too large" else "a secret")
    with pytest.raises(IdTokenError, match="token file") as caught:
        read(path)
    assert caught.value.exit_code == 3
    assert "a secret" not in str(caught.value)
