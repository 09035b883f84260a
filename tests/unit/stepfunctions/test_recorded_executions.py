"""The engine against executions that the real service ran."""

import pytest

DIFFERENT = {
    "3cffb2f51e": "the recorder replaced the execution's name in an express execution's ARN by the machine's",
    "431ee30a1a": "the recorder replaced the execution's name in an express execution's ARN by the machine's",
}
"""Why a recorded execution does not come out as it was recorded."""


def test_recorded_executions__agree(recorded: object, capsys: pytest.CaptureFixture[str]) -> None:
    """At least 99 % of the reliable recordings agree in status, output, error, cause and events."""
    cases = [case for case in recorded.cases("executions") if case["reliable"]]
    different = {}
    for case in cases:
        found = recorded.differences(case, recorded.run(case))
        if found:
            different[case["id"]] = found
    rate = 100 * (len(cases) - len(different)) / len(cases)
    with capsys.disabled():
        print(f"\nrecorded executions: {len(cases) - len(different)} of {len(cases)} agree ({rate:.2f} %)")
        for name, found in different.items():
            print(f"  {name}: {DIFFERENT.get(name, found)}")
    assert different.keys() <= DIFFERENT.keys(), different
    assert rate >= 99
