import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from pipeproof import cli
from pipeproof.credentials.audit import Audit, describe_run, verify_chain
from pipeproof.redaction import Redactor

ENVIRONMENT = {"GITHUB_ACTOR": "mona", "GITHUB_SHA": "abc", "GITHUB_REF": "", "SECRET": "x"}


def test_record__one_object_a_line_with_the_run(tmp_path) -> None:
    audit = Audit(describe_run(ENVIRONMENT), lambda: 1_800_000_000.0, str)
    audit.record({"event": "issued", "role": None, "sub": "repo:a/b"})
    audit.record_test("test_a.py::test_b", 1_800_000_000.0, 1_800_000_002.0, ["TOKEN"])
    audit.write(tmp_path / "audit.jsonl")
    first, second = (json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines())
    assert first == {
        "time": "2027-01-15T08:00:00Z",
        "event": "issued",
        "sub": "repo:a/b",
        "run": {"actor": "mona", "sha": "abc"},
    }
    assert second["finished"] == "2027-01-15T08:00:02Z"
    assert second["variables"] == ["TOKEN"]


def test_record__a_secret_that_got_in_by_mistake_is_not_shown() -> None:
    audit = Audit({}, lambda: 0.0, Redactor(["Zq8vT1xWn3Lk5Jh7Gf9D"]).redact)
    audit.record({"event": "renewal failed", "error": "token Zq8vT1xWn3Lk5Jh7Gf9D is bad"})
    assert "Zq8vT1xW" not in audit.lines[0]
    assert json.loads(audit.lines[0])["error"] == "token *** is bad"


def written(tmp_path: Path, count: int = 4) -> tuple[list[str], str]:
    audit = Audit({"actor": "mona"}, lambda: 0.0, str)
    for number in range(count):
        audit.record({"event": "é", "number": number})
    head = audit.write(tmp_path / "audit.jsonl")
    return (tmp_path / "audit.jsonl").read_text().splitlines(), head


@pytest.mark.parametrize("count", [0, 1, 4])
def test_chain__each_line_has_the_hash_of_the_one_before(count: int, tmp_path: Path) -> None:
    lines, head = written(tmp_path, count)
    assert [json.loads(line).get("previous") for line in lines] == [
        None, *(hashlib.sha256(line.encode()).hexdigest() for line in lines[:-1])
    ][:count]  # fmt: skip
    assert verify_chain("".join(f"{line}\n" for line in lines)) == (count, head)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: [lines[0], lines[1].replace("mona", "mallory"), *lines[2:]], 3),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [*lines[:2], lines[0], *lines[2:]], 3),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [*lines[:2], "", *lines[2:]], 3),
        (lambda lines: [*lines, "[1]"], 5),
    ],
    ids=["changed", "taken out", "first taken out", "put in", "swapped", "blank", "no record"],
)
def test_chain__a_break_is_named_by_its_line(change: Any, line: int, tmp_path: Path) -> None:
    lines, _ = written(tmp_path)
    with pytest.raises(ValueError, match=f"line {line} "):
        verify_chain("\n".join(change(lines)) + "\n")


def test_chain__a_secret_that_became_known_later_is_taken_out_before_the_hashes(tmp_path: Path) -> None:
    redactor = Redactor()
    audit = Audit({}, lambda: 0.0, redactor.redact)
    audit.record({"event": "a", "error": "token Zq8vT1xWn3Lk5Jh7Gf9D is bad"})
    audit.record({"event": "b"})
    redactor.add("Zq8vT1xWn3Lk5Jh7Gf9D")
    head = audit.write(tmp_path / "audit.jsonl")
    text = (tmp_path / "audit.jsonl").read_text()
    assert "Zq8vT1xW" not in text
    assert verify_chain(text) == (2, head)


def test_verify__says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines, head = written(tmp_path)
    file = tmp_path / "audit.jsonl"
    assert cli.main(["audit", "verify", str(file), "--head", head]) == 0
    assert capsys.readouterr().out == f"4 records, unbroken; the last has the hash {head}\n"
    file.write_text("".join(f"{line}\n" for line in lines[:3]))
    assert cli.main(["audit", "verify", str(file)]) == 0
    assert cli.main(["audit", "verify", str(file), "--head", head]) == 1
    assert "Lines are missing at its end" in capsys.readouterr().err
    file.write_text("{}\n{}\n")
    assert cli.main(["audit", "verify", str(file)]) == 1
    assert "line 2 does not follow the line before it" in capsys.readouterr().err
    assert cli.main(["audit", "verify", str(tmp_path / "none")]) == 2
