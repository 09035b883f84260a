"""`pipeproof doctor`: what is wrong is a fault, with what to do."""

import json
from pathlib import Path

import pytest

from pipeproof.cli import main
from pipeproof.doctor import patches, surroundings, versions
from pipeproof.doctor.finding import Finding
from pipeproof.patching import Library


def test_versions__outside_of_the_bounds_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {finding.level for finding in versions.look_at_versions()} <= {"ok", "note"}
    real = versions.version
    monkeypatch.setattr(versions, "version", lambda name: "4.0" if name == "prefect" else real(name))
    (fault,) = [finding for finding in versions.look_at_versions() if finding.level == "fault"]
    assert fault.text.startswith("prefect 4.0 is not what pipeproof was run with")
    assert fault.advice == 'pip install "prefect<4,>=3.4"'


@pytest.mark.parametrize(
    ("name", "value", "level", "said"),
    [
        ("PIPEPROOF_PATCH", "none", "fault", "Did you mean PIPEPROOF_PATCHES?"),
        ("PIPEPROOF_NETWORK", "lopback", "fault", None),
        ("PIPEPROOF_PREFECT_DATABASE", "postgresql+asyncpg://me:secret@db/x", "ok", None),
    ],
)
def test_variables(name: str, value: str, level: str, said: str | None) -> None:
    (finding,) = surroundings.look_at_variables({name: value, "PIPEPROOF_DEBUG": "1"})
    assert (finding.level, finding.advice) == (level, said)
    assert "secret" not in finding.text


def test_workflow__without_the_right_to_an_identity(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text("{}")
    job = {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(event),
        "GITHUB_WORKSPACE": str(tmp_path), "GITHUB_REPOSITORY": "octo/orders",
    }  # fmt: skip
    first, *_ = surroundings.look_at_workflow(job, tmp_path)
    assert first.level == "note"
    assert "id-token: write" in str(first.advice)


def test_project__whose_lock_does_not_fit(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\ndependencies = ["duckdb>=1"]\n')
    (tmp_path / "uv.lock").write_text(
        '[[package]]\nname = "a"\n[package.metadata]\nrequires-dist = [{ name = "boto3" }]\n'
    )
    (finding,) = surroundings.look_at_project(tmp_path)
    assert finding == Finding(
        "project",
        "fault",
        "uv.lock does not fit pyproject.toml, which asks for duckdb>=1",
        "Run `uv lock` and commit the result.",
    )


def test_gates__that_have_changed_are_told_with_what_is_lost(capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    library = Library("JSON", "json", "1")
    library.hook("nothing is read", "json:loads(s)")
    library.hook("nothing is written", "json:no_such_function")
    monkeypatch.setattr(patches, "import_module", lambda _: type("Listed", (), {"LIBRARY": library}))
    patches.print_gates("json")
    first, second = patches._judge("json", json.loads(capsys.readouterr().out))
    assert first.text == "json: 1 of 2 places are as pipeproof counts on"
    assert second.level == "fault"
    assert second.text == "json: json:no_such_function is gone: nothing is written"


def test_doctor__exit_code_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patches, "_LISTS", {"sqlglot": ("sqlglot", "pipeproof.sql.touched")})
    monkeypatch.setattr(surroundings, "_look_up", lambda _: None)
    monkeypatch.setenv("PIPEPROOF_DBT_TARGETT", "x")
    assert main(["doctor", "--directory", str(tmp_path), "--wait", "60", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [each["area"] for each in found if each["level"] == "fault"] == ["variables"]
    assert any(each["text"].startswith("sqlglot: 1 of 1 places") for each in found if each["area"] == "patches")
    monkeypatch.delenv("PIPEPROOF_DBT_TARGETT")
    assert main(["doctor", "--directory", str(tmp_path), "--wait", "60"]) == 0
    assert capsys.readouterr().out.endswith("nothing is wrong\n")
