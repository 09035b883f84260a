import json

from pipeproof.credentials.audit import Audit, describe_run
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
