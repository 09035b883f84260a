"""What a target of the project's profile becomes."""

import pytest

from pipeproof.environments.dbt.project.profile import make_profile
from pipeproof.environments.dbt.project.settings import Settings


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text("""
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: "{{ env_var('SHOP_FILE', 'dev.duckdb') }}"}
    memory: {type: duckdb, path: ":memory:"}
    absent: {type: duckdb, path: absent.duckdb}
""")
    (tmp_path / "dev.duckdb").write_bytes(b"content")
    (tmp_path / "dev.duckdb.wal").write_bytes(b"log")
    return lambda target: Settings(tmp_path, target)


def test_profile__each_worker_has_a_copy_of_a_duckdb_file(settings, tmp_path):
    """Under the name that the file has, which is the database's name; a file that is not there yet is made there."""
    copy = tmp_path / "worker" / "database" / "dev.duckdb"
    assert make_profile(settings("dev"), tmp_path / "worker", alone=False).output["path"] == str(copy)
    assert (copy.read_bytes(), copy.with_name("dev.duckdb.wal").read_bytes()) == (b"content", b"log")
    absent = make_profile(settings("absent"), tmp_path / "worker", alone=False).output["path"]
    assert absent == str(copy.with_name("absent.duckdb"))


@pytest.mark.parametrize(("target", "alone"), [("dev", True), ("memory", False)])
def test_profile__a_duckdb_that_needs_no_copy(settings, tmp_path, target, alone):
    output = make_profile(settings(target), tmp_path / "worker", alone=alone).output
    assert str(tmp_path / "worker") not in output["path"]
