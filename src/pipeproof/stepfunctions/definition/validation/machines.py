"""Whole machines: their states, where they lead, and what can be reached."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.stepfunctions.definition.resources import parse_resource
from pipeproof.stepfunctions.definition.source import Document, Position
from pipeproof.stepfunctions.definition.unfilled import find_unfilled
from pipeproof.stepfunctions.definition.validation import fields as kinds
from pipeproof.stepfunctions.definition.validation.findings import Finding, Findings
from pipeproof.stepfunctions.definition.validation.maps import check_map
from pipeproof.stepfunctions.definition.validation.retry_catch_choice import check_choices, check_handlers
from pipeproof.stepfunctions.definition.validation.states import BOTH, check_fields
from pipeproof.stepfunctions.definition.validation.variables import check_variables

_NAME_LIMIT = 80
_TOP_FIELDS = {"Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"}
_INNER_FIELDS = {"Comment", "StartAt", "States"}
_PROCESSORS = (("ItemProcessor",), ("Iterator",))
_ALIAS = re.compile(r"[\w$-]+")
_NESTING_LIMIT = 60


def validate(document: Document, machine_type: str = "STANDARD", *, expressions: bool = True) -> list[Finding]:
    """Return what is wrong with a definition, in the order of the definition.

    Args:
        document: The definition.
        machine_type: STANDARD or EXPRESS.
        expressions: Parse JSONata expressions too.
    """
    findings = Findings(expressions=expressions)
    raw = document.value
    if not isinstance(raw, Mapping):
        findings.error("SFN102", "a definition must be an object", ())
        return findings.items
    timeout = raw.get("TimeoutSeconds")
    if timeout is not None:
        kinds.number_check(least=1, most=99_999_999)(timeout, ("TimeoutSeconds",), False, findings)
    checker = _Checker(findings, is_express=machine_type.upper() == "EXPRESS")
    checker.check_graph(raw, (), raw.get("QueryLanguage", "JSONPath"))
    if expressions:
        check_variables(raw, findings)
    for name, place in find_unfilled(document):
        findings.warn("SFN108", f"nothing is put in for ${{{name}}}, which cannot stay text here", place)
    return findings.items


def misplaced_language(raw: Mapping[str, Any]) -> str | None:
    """Return the QueryLanguage that somebody wrote among the states, where there should be a state."""
    states = raw.get("States")
    found = states.get("QueryLanguage") if isinstance(states, Mapping) else None
    return found if isinstance(found, str) else None


class _Checker:
    """Walks the graphs of a definition."""

    def __init__(self, findings: Findings, *, is_express: bool) -> None:
        self.findings = findings
        self.is_express = is_express
        self.names: set[str] = set()

    def check_graph(self, raw: Any, position: Position, language: str) -> None:
        """Checks a machine, a branch or a processor."""
        if not isinstance(raw, Mapping):
            kinds.wrong_type("an object", raw, position, self.findings)
            return
        self._check_language(raw, position)
        language = misplaced_language(raw) or language
        missing = [field for field in ("States", "StartAt") if field not in raw]
        if missing:
            self.findings.error("SFN101", f"these fields are required: {', '.join(missing)}", position)
        self._check_fields(raw, position)
        states = raw.get("States")
        if "States" not in raw or not isinstance(states, Mapping):
            if "States" in raw:
                kinds.wrong_type("an object", states, (*position, "States"), self.findings)
            return
        if not states:
            self.findings.error("SFN101", "States is empty", (*position, "States"))
        if len(position) > _NESTING_LIMIT:
            self.findings.error("SFN105", "states are nested too deeply", position)
            return
        for name, state in states.items():
            if name == "QueryLanguage" and isinstance(state, str):
                place = (*position, "States", name)
                self.findings.error("SFN107", "QueryLanguage stands among the states; it belongs beside them", place)
                continue
            self._check_state(name, state, (*position, "States", name), language)
        if not missing and states:
            self._check_transitions(raw["StartAt"], states, position)

    def _check_fields(self, raw: Mapping[str, Any], position: Position) -> None:
        """Checks which fields a machine, a branch or a processor has, and the texts among them."""
        allowed = _INNER_FIELDS if position else _TOP_FIELDS
        for field in sorted(raw.keys() - allowed - ({"ProcessorConfig"} if position[-1:] in _PROCESSORS else set())):
            what = "a branch or processor" if position else "a state machine"
            self.findings.error("SFN103", f"{field!r} is not a field of {what}", (*position, field))
        for field in ("Comment", "Version"):
            if field in raw:
                kinds.check_comment(raw[field], (*position, field), False, self.findings)

    def _check_language(self, raw: Mapping[str, Any], position: Position) -> None:
        if raw.get("QueryLanguage", "JSONPath") not in ("JSONPath", "JSONata"):
            place = (*position, "QueryLanguage")
            self.findings.error("SFN105", "QueryLanguage must be JSONPath or JSONata", place)

    def _check_state(self, name: str, raw: Any, position: Position, language: str) -> None:
        if not name or len(name) > _NAME_LIMIT:
            self.findings.error("SFN106", f"a state's name must have 1 to {_NAME_LIMIT} characters", position)
        if name in self.names:
            self.findings.error("SFN106", f"the name {name!r} is used twice in the machine", position)
        self.names.add(name)
        if not isinstance(raw, Mapping):
            kinds.wrong_type("an object", raw, position, self.findings)
            return
        kind = raw.get("Type")
        if not isinstance(kind, str) or kind not in BOTH:
            code = "SFN101" if "Type" not in raw else "SFN105"
            place = position if "Type" not in raw else (*position, "Type")
            self.findings.error(code, f"Type must be one of {', '.join(BOTH)}", place)
            return
        self._check_language(raw, position)
        own = raw.get("QueryLanguage", language)
        if language == "JSONata" and own == "JSONPath":
            place = (*position, "QueryLanguage")
            self.findings.error("SFN304", "a JSONata machine cannot have JSONPath states", place)
        jsonata = own == "JSONata"
        check_fields(raw, position, jsonata, self.findings)
        check_handlers(raw, position, jsonata, self.findings)
        self._check_kind(kind, raw, position, jsonata, language)
        if kind not in ("Choice", "Succeed", "Fail"):
            self._check_end(raw, position)

    def _check_kind(self, kind: str, raw: Mapping[str, Any], position: Position, jsonata: bool, language: str) -> None:
        if kind == "Choice":
            check_choices(raw, position, jsonata, self.findings)
        elif kind == "Task":
            self._check_resource(raw.get("Resource"), (*position, "Resource"))
        elif kind == "Parallel":
            self._check_branches(raw.get("Branches"), (*position, "Branches"), language)
        elif kind == "Map":
            check_map(raw, position, jsonata, self.findings)
            for field in ("ItemProcessor", "Iterator"):
                if field in raw:
                    self.check_graph(raw[field], (*position, field), language)
                    break

    def _check_branches(self, branches: Any, position: Position, language: str) -> None:
        if branches is None:
            return
        if not isinstance(branches, list) or not branches:
            self.findings.error("SFN102", "Branches must be a non-empty array", position)
            return
        for index, branch in enumerate(branches):
            self.check_graph(branch, (*position, index), language)

    def _check_end(self, raw: Mapping[str, Any], position: Position) -> None:
        ends = raw.get("End") is True
        if "Next" in raw and ends:
            self.findings.error("SFN203", "Next and End exclude each other", (*position, "End"))
        elif "Next" not in raw and not ends and not kinds.is_substitution(raw.get("End")):
            self.findings.error("SFN203", "the state has neither Next nor End", position)

    def _check_resource(self, resource: Any, position: Position) -> None:
        if resource is None or kinds.is_substitution(resource):
            return
        if not isinstance(resource, str):
            kinds.wrong_type("text", resource, position, self.findings)
            return
        parsed = parse_resource(resource)
        if ":function:" in resource:
            parts = resource.split(":")
            alias = parts[parts.index("function") + 2 :]
            if alias and not _ALIAS.fullmatch(alias[0]):
                self.findings.error("SFN701", f"{resource!r} has an alias or version that cannot be", position)
        elif parsed.kind == "unknown" and resource.startswith("arn:aws:states:::"):
            self.findings.error("SFN701", f"{resource!r} names no integration", position)
        elif not re.match(r"[a-zA-Z][\w-]*:", resource) or re.match(r"arn:(?:[^:]*:){0,4}[^:]*\Z", resource):
            self.findings.error("SFN702", f"{resource!r} is not an ARN", position)
        if self.is_express and parsed.kind == "activity":
            self.findings.error("SFN601", "an Express machine does not support activities", position)
        if self.is_express and parsed.pattern:
            self.findings.error("SFN601", f"an Express machine does not support '.{parsed.pattern}'", position)

    def _check_transitions(self, start: Any, states: Mapping[str, Any], position: Position) -> None:
        self._check_target(start, states, (*position, "StartAt"))
        states = {name: state for name, state in states.items() if isinstance(state, Mapping)}
        pointed_at: set[Any] = {start} if isinstance(start, str) else set()
        for name, state in states.items():
            for target, where in _targets(state):
                self._check_target(target, states, (*position, "States", name, *where))
                pointed_at.add(target if isinstance(target, str) else None)
        for name in states if isinstance(start, str) and start in states else ():
            if name not in pointed_at:
                place = (*position, "States", name)
                self.findings.error("SFN202", f"the state {name!r} is not reachable: nothing leads to it", place)
        self._check_islands(start, states, pointed_at, position)
        if not any(_ends(state) for state in states.values()):
            self.findings.error("SFN204", "no state ends it: none has End, and none is a Succeed or Fail", position)

    def _check_islands(self, start: Any, states: Mapping[str, Any], pointed_at: set[Any], position: Position) -> None:
        """Looks for states that lead to one another alone."""
        reached: set[str] = set()
        pending = [start] if isinstance(start, str) and start in states else []
        while pending:
            name = pending.pop()
            if name not in reached and name in states:
                reached.add(name)
                pending.extend(target for target, _ in _targets(states[name]) if isinstance(target, str))
        for name in states if reached else ():
            if name not in reached and name in pointed_at:
                place = (*position, "States", name)
                self.findings.warn("SFN202", f"the state {name!r} is not reachable from {start!r}", place)

    def _check_target(self, target: Any, states: Mapping[str, Any], position: Position) -> None:
        if kinds.is_substitution(target):
            return
        if not isinstance(target, str):
            kinds.wrong_type("a state's name", target, position, self.findings)
        elif target not in states:
            self.findings.error("SFN201", f"there is no state {target!r} here", position)


def _targets(state: Any) -> Iterator[tuple[Any, Position]]:
    """Where a state leads, and the field that says so."""
    if not isinstance(state, Mapping):
        return
    if "Next" in state and state.get("Type") not in ("Choice", "Succeed", "Fail"):
        yield state["Next"], ("Next",)
    if state.get("Type") == "Choice":
        if "Default" in state:
            yield state["Default"], ("Default",)
        yield from _entries(state, "Choices")
    else:
        yield from _entries(state, "Catch")


def _entries(state: Mapping[str, Any], field: str) -> Iterator[tuple[Any, Position]]:
    entries = state.get(field)
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping) and "Next" in entry:
            yield entry["Next"], (field, index, "Next")


def _ends(state: Any) -> bool:
    if not isinstance(state, Mapping):
        return False
    return state.get("Type") in ("Succeed", "Fail") or bool(state.get("End"))
