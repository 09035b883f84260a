"""The linter against verdicts of the service, and of the authors of two other linters."""

import json

import pytest

from pipeproof.stepfunctions.definition.loading import load_definition, load_document
from pipeproof.stepfunctions.definition.source import Document, parse_text
from pipeproof.stepfunctions.definition.validation import validate
from pipeproof.stepfunctions.definition.validation.findings import errors_of
from pipeproof.stepfunctions.errors import DefinitionError


def rejected(document: Document, machine_type: str = "STANDARD") -> bool:
    return bool(errors_of(validate(document, machine_type)))


def test_validate__accepts_what_ran(recorded: object) -> None:
    """No definition that the service ran is rejected."""
    wrong = [
        case["id"]
        for case in recorded.cases("executions")
        if rejected(Document(case["definition"]), case["run_as"]["type"])
    ]
    assert wrong == []


def test_validate__agrees_with_open_verdicts(recorded: object, capsys: pytest.CaptureFixture[str]) -> None:
    """At least 95 % of the open verdicts: the service's own, and those of two linters' authors."""
    verdicts = []
    for case in recorded.cases("validate"):
        accepted = case["kind"] == "validate_state_machine_definition" and case["expected"]["result"] == "OK"
        kind = (case["request"].get("type") or "STANDARD").split(".")[-1]
        try:
            found = rejected(parse_text(case["request"]["definition"]), kind)
        except DefinitionError:
            found = True
        verdicts.append((case["file"], accepted == (not found)))
    for verdict in ("valid", "invalid"):
        for file in sorted((recorded.folder() / "validator" / verdict).iterdir()):
            try:
                found = rejected(load_document(file)[0])
            except DefinitionError:
                found = True
            verdicts.append((file.name, (verdict == "valid") == (not found)))
    different = [name for name, agrees in verdicts if not agrees]
    with capsys.disabled():
        agreeing = len(verdicts) - len(different)
        print(f"\nverdicts: {agreeing} of {len(verdicts)} agree ({100 * agreeing / len(verdicts):.1f} %) {different}")
    assert len(different) <= 0.05 * len(verdicts)


def test_load_definition__reads_real_definitions(recorded: object) -> None:
    """All definitions from real use load."""
    recorded.cases("executions")
    files = sorted((recorded.folder() / "realworld").iterdir())
    for file in files:
        assert load_definition(file).graph.states, file.name
    assert len(files) == 119


def test_validate__needs_an_object() -> None:
    assert rejected(Document(json.loads("[]")))


def test_validate__start_at_of_another_type() -> None:
    assert rejected(Document({"StartAt": {}, "States": {"P": {"Type": "Succeed"}}}))
