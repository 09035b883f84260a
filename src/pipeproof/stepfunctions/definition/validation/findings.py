"""A finding: what is wrong, where, and under which code."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipeproof.stepfunctions.definition.source import Document, Position

Severity = Literal["error", "warning"]

CODES: dict[str, str] = {
    "SFN001": "the file is neither JSON nor YAML, or has a key twice",
    "SFN002": "the file that a template names is found only if the case of letters does not count",
    "SFN101": "a required field is missing",
    "SFN102": "a field's value has the wrong type",
    "SFN103": "a field does not belong where it stands",
    "SFN104": "two fields exclude each other",
    "SFN105": "a value is out of range",
    "SFN106": "a name is not allowed",
    "SFN107": "QueryLanguage stands among the states",
    "SFN108": "a `${Name}` stands where no text can be, and nothing is put in for it",
    "SFN201": "a transition leads to no state",
    "SFN202": "a state is not reachable",
    "SFN203": "a state has neither Next nor End, or both",
    "SFN204": "no state ends the machine",
    "SFN301": "a path does not parse",
    "SFN302": "an intrinsic function's call does not parse",
    "SFN303": "a JSONata expression does not parse",
    "SFN304": "a field belongs to the other query language",
    "SFN305": "a payload template sets a field twice",
    "SFN306": "a variable is used or assigned in a way that cannot work",
    "SFN401": "a retrier or catcher can never match",
    "SFN402": "an error name that the service reserves does not exist",
    "SFN501": "a choice rule is malformed",
    "SFN601": "an Express machine cannot do this",
    "SFN701": "a Resource is none that the service knows",
    "SFN702": "a Resource is not an ARN",
    "SFN801": "the role's policy does not allow what the definition needs",
    "SFN802": "the role's policy does not allow what only watches or stops a job",
}
"""What each code says."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong (error: the service rejects it) or doubtful (warning)."""

    code: str
    message: str
    position: Position
    severity: Severity = "error"

    @property
    def pointer(self) -> str:
        """The place as the service writes it: `/States/First/Next`."""
        return "/" + "/".join(str(part) for part in self.position)

    def render(self, document: Document) -> str:
        """One line: `file:line:column: CODE severity: message`."""
        location = document.locate(self.position)
        where = f"{location}" if location else self.pointer
        return f"{where}: {self.code} {self.severity}: {self.message}"


class Findings:
    """Collects findings.

    Args:
        expressions: Parse JSONata too; the engine leaves that until an expression is used.
    """

    def __init__(self, *, expressions: bool = True) -> None:
        self.items: list[Finding] = []
        self.expressions = expressions

    def error(self, code: str, message: str, position: Position) -> None:
        """Adds something that the service rejects."""
        self.items.append(Finding(code, message, position))

    def warn(self, code: str, message: str, position: Position) -> None:
        """Adds something that is doubtful."""
        self.items.append(Finding(code, message, position, "warning"))


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Return those that make the service reject the definition."""
    return [finding for finding in findings if finding.severity == "error"]
