import pytest

from pipeproof.errors import Location
from pipeproof.github.checkout_token import find_tokens

HEADER = '[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic eA==\n'


@pytest.fixture
def write(tmp_path):
    def write(name: str, text: str):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def test_find_tokens__in_the_workspaces_configuration(tmp_path, write) -> None:
    config = write(".git/config", "[core]\n\tbare = false\n" + HEADER)
    assert list(find_tokens(tmp_path)) == [Location(config, 4)]


def test_find_tokens__in_a_file_that_it_includes(tmp_path, write) -> None:
    """As actions/checkout does from version 6 on: one include for the host's paths, one for a container's."""
    outside = write("temp/git-credentials-5b1c.config", HEADER)
    text = f'[includeIf "gitdir:/github/workspace/.git"]\n\tpath = {outside}\n\tpath = /gone/away.config\n'
    write("workspace/.git/config", text)
    assert list(find_tokens(tmp_path / "workspace")) == [Location(outside, 2)]


def test_find_tokens__in_an_address_and_in_a_submodule(tmp_path, write) -> None:
    config = write(".git/config", '[remote "origin"]\n\turl = https://x-access-token:abc@github.com/a/b\n')
    module = write(".git/modules/lib/config", HEADER)
    assert list(find_tokens(tmp_path)) == [Location(config, 2), Location(module, 2)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[remote "origin"]\n\turl = https://github.com/a/b\n',
        '[remote "origin"]\n\turl = git@github.com:a/b.git\n',
        "[http]\n\textraheader = X-Trace: 1\n",
    ],
)
def test_find_tokens__none(tmp_path, write, text) -> None:
    write(".git/config", text)
    assert not list(find_tokens(tmp_path))


def test_find_tokens__no_repository_or_a_worktrees_file(tmp_path, write) -> None:
    assert not list(find_tokens(tmp_path))
    write(".git", "gitdir: elsewhere")
    assert not list(find_tokens(tmp_path))
