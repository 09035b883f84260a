"""The command line: what it says of arguments that it cannot take."""

import pytest

from pipeproof.cli import main


def refuse(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--worker", "4"], "pipeproof run: there is no flag --worker; did you mean --workers?"),
        (["run", "--titel=x"], "pipeproof run: there is no flag --titel; did you mean --title?"),
        (
            ["states", "run", "x", "--moks", "y"],
            "pipeproof states run: there is no flag --moks; did you mean --mocks?",
        ),
        (["--debgu", "run"], "pipeproof: there is no flag --debgu; did you mean --debug?"),
        (["rnu"], "pipeproof: argument command: invalid choice: 'rnu'"),
        (["run", "tests/a.py"], "pipeproof run: 'tests/a.py' stands alone; tests are named with --tests tests/a.py"),
        (
            ["run", "-k", "orders"],
            "pipeproof run: there is no flag -k; pytest's own stand after --: pipeproof run -- -k",
        ),
        (
            ["run", "--pytest-args", "--pdb"],
            "pipeproof run: argument --pytest-args: expected one argument; write a value that begins with - behind",
        ),
        (["run", "--title", "a", "--title", "b"], "pipeproof run: argument --title: is given twice"),
        (
            ["merge", "x", "--report-dir", "a", "--output", "b"],
            "pipeproof merge: argument --output: is given twice",
        ),
        ([], "pipeproof: the following arguments are required: command"),
    ],
)
def test_main__answers_a_slip_with_what_there_is(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, hint = refuse(capsys, *arguments).splitlines()
    assert first.startswith(said)
    assert hint.endswith("--help` shows what there is.")


def test_run__flag_with_several_values_is_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that it is given are added; a blank within one stays within it."""
    seen: dict[str, str] = {}

    def run(_environ: object, *, values: dict[str, str], **_: object) -> int:
        seen.update(values)
        return 0

    monkeypatch.setattr("pipeproof.main.main", run)
    main(["run", "--tests", "a.py 'b c.py'", "--tests", "d.py", "--pytest-args=-x", "--", "-k", "e or f"])
    assert seen["tests"] == "a.py 'b c.py' d.py"
    assert seen["pytest-args"] == "-x -k 'e or f'"


def test_merge__output_is_the_report_s_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}

    def run(_environ: object, *, values: dict[str, str], **_: object) -> int:
        seen.update(values)
        return 0

    monkeypatch.setattr("pipeproof.main.main", run)
    assert main(["merge", "parts", "--output", "whole"]) == 0
    assert seen["report-dir"] == "whole"


@pytest.mark.parametrize("arguments", [["--debug", "run"], ["run", "--debug"]])
def test_debug__is_taken_before_and_after_the_command(arguments: list[str]) -> None:
    from pipeproof.errors import PipeproofError

    with pytest.raises(PipeproofError):
        main([*arguments, "--directory", "/there/is/no/such/folder"])


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion__knows_commands_and_flags(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(word in script for word in ("doctor", "--working-directory", "--dry-run"))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("pipeproof ")
