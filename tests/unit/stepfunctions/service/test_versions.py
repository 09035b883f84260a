"""Versions and aliases through boto3."""

import json
from collections import Counter

import pytest

PASS = {"Type": "Pass"}


@pytest.fixture
def machine(create, chain) -> str:
    return create("m", chain(One={"Type": "Pass", "Result": 1}))


@pytest.fixture
def versions(states, chain, machine: str) -> list[str]:
    """Two versions; the first gives 1, the second 2. The machine itself gives 3."""
    arns = [
        states.publish_state_machine_version(stateMachineArn=machine, description="first")["stateMachineVersionArn"]
    ]
    second = json.dumps(chain(Two={"Type": "Pass", "Result": 2}))
    updated = states.update_state_machine(
        stateMachineArn=machine, definition=second, publish=True, versionDescription="second"
    )
    arns.append(updated["stateMachineVersionArn"])
    states.update_state_machine(
        stateMachineArn=machine, definition=json.dumps(chain(Three={"Type": "Pass", "Result": 3}))
    )
    return arns


def result(states, arn: str) -> tuple[str, str]:
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    return states.describe_execution(executionArn=execution)["output"], execution


def test_version__runs_what_was_published(states, machine: str, versions: list[str]) -> None:
    assert versions == [f"{machine}:1", f"{machine}:2"]
    assert [result(states, arn)[0] for arn in (*versions, machine)] == ["1", "2", "3"]
    _, execution = result(states, versions[0])
    described = states.describe_execution(executionArn=execution)
    assert (described["stateMachineArn"], described["stateMachineVersionArn"]) == (machine, versions[0])
    assert "stateMachineAliasArn" not in described
    first = states.describe_state_machine(stateMachineArn=versions[0])
    assert (first["stateMachineArn"], first["description"]) == (versions[0], "first")
    assert "One" in first["definition"]


def test_versions__are_listed_the_latest_first(states, machine: str, versions: list[str]) -> None:
    listed = states.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
    assert [item["stateMachineVersionArn"] for item in listed] == versions[::-1]
    page = states.list_state_machine_versions(stateMachineArn=machine, maxResults=1)
    rest = states.list_state_machine_versions(stateMachineArn=machine, nextToken=page["nextToken"])
    assert [item["stateMachineVersionArn"] for item in rest["stateMachineVersions"]] == versions[:1]


def test_publish__of_a_revision_that_has_a_version__gives_that_one(states, machine: str) -> None:
    first, second = (
        states.publish_state_machine_version(stateMachineArn=machine, revisionId="INITIAL")["stateMachineVersionArn"]
        for _ in range(2)
    )
    assert first == second == f"{machine}:1"


def test_publish__of_another_revision__conflicts(states, chain, machine: str) -> None:
    assert "revisionId" not in states.describe_state_machine(stateMachineArn=machine)
    revision = states.update_state_machine(stateMachineArn=machine, definition=json.dumps(chain(B=PASS)))["revisionId"]
    assert states.describe_state_machine(stateMachineArn=machine)["revisionId"] == revision
    with pytest.raises(states.exceptions.ConflictException):
        states.publish_state_machine_version(stateMachineArn=machine, revisionId="INITIAL")
    states.publish_state_machine_version(stateMachineArn=machine, revisionId=revision)


def test_create__with_publish__has_a_version(states, chain) -> None:
    created = states.create_state_machine(
        name="p", definition=json.dumps(chain(A=PASS)), roleArn="arn:aws:iam::123456789012:role/r", publish=True
    )
    assert created["stateMachineVersionArn"] == f"{created['stateMachineArn']}:1"


def test_alias__runs_its_version(states, machine: str, versions: list[str]) -> None:
    routes = [{"stateMachineVersionArn": versions[0], "weight": 100}]
    alias = states.create_state_machine_alias(name="PROD", routingConfiguration=routes, description="live")
    arn = alias["stateMachineAliasArn"]
    assert arn == f"{machine}:PROD"
    output, execution = result(states, arn)
    described = states.describe_execution(executionArn=execution)
    assert (output, described["stateMachineAliasArn"], described["stateMachineVersionArn"]) == ("1", arn, versions[0])
    states.update_state_machine_alias(
        stateMachineAliasArn=arn, routingConfiguration=[{"stateMachineVersionArn": versions[1], "weight": 100}]
    )
    assert result(states, arn)[0] == "2"
    found = states.describe_state_machine_alias(stateMachineAliasArn=arn)
    assert (found["name"], found["description"]) == ("PROD", "live")
    listed = [item["executionArn"] for item in states.list_executions(stateMachineArn=arn)["executions"]]
    assert execution in listed
    assert len(listed) == 2
    assert len(states.list_executions(stateMachineArn=versions[0])["executions"]) == 1


def test_alias__with_two_versions__shares_them_out(states, versions: list[str]) -> None:
    routes = [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in zip(versions, (20, 80), strict=True)]
    arn = states.create_state_machine_alias(name="PROD", routingConfiguration=routes)["stateMachineAliasArn"]
    seen = Counter(result(states, arn)[0] for _ in range(60))
    assert 0 < seen["1"] < seen["2"]


def test_aliases__listed_described_and_deleted(states, machine: str, versions: list[str]) -> None:
    for name, version in (("A", versions[0]), ("B", versions[1])):
        states.create_state_machine_alias(
            name=name, routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}]
        )

    def names(arn: str) -> list[str]:
        found = states.list_state_machine_aliases(stateMachineArn=arn)["stateMachineAliases"]
        return [item["stateMachineAliasArn"].rsplit(":", 1)[1] for item in found]

    assert (names(machine), names(versions[0])) == (["A", "B"], ["A"])
    with pytest.raises(states.exceptions.ConflictException, match="A"):
        states.delete_state_machine_version(stateMachineVersionArn=versions[0])
    states.delete_state_machine_alias(stateMachineAliasArn=f"{machine}:A")
    states.delete_state_machine_version(stateMachineVersionArn=versions[0])
    assert names(machine) == ["B"]
    with pytest.raises(states.exceptions.StateMachineDoesNotExist):
        states.start_execution(stateMachineArn=versions[0])
    with pytest.raises(states.exceptions.ResourceNotFound):
        states.describe_state_machine_alias(stateMachineAliasArn=f"{machine}:A")


def test_alias__that_makes_no_sense__is_refused(states, create, chain, machine: str, versions: list[str]) -> None:
    other = create("other", chain(A=PASS))
    other_version = states.publish_state_machine_version(stateMachineArn=other)["stateMachineVersionArn"]
    for arns, weights in (
        ([versions[0]], [99]),
        (versions, [50, 51]),
        ([versions[0], other_version], [50, 50]),
        ([versions[0], versions[0]], [50, 50]),
        ([machine], [100]),
    ):
        routes = [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in zip(arns, weights, strict=True)]
        with pytest.raises(states.exceptions.ValidationException):
            states.create_state_machine_alias(name="X", routingConfiguration=routes)
    good = [{"stateMachineVersionArn": versions[0], "weight": 100}]
    with pytest.raises(states.exceptions.ResourceNotFound):
        states.create_state_machine_alias(
            name="X", routingConfiguration=[{"stateMachineVersionArn": f"{machine}:9", "weight": 100}]
        )
    states.create_state_machine_alias(name="X", routingConfiguration=good)
    states.create_state_machine_alias(name="X", routingConfiguration=good)
    with pytest.raises(states.exceptions.ConflictException):
        states.create_state_machine_alias(name="X", routingConfiguration=good, description="other")
    with pytest.raises(states.exceptions.ValidationException):
        states.update_state_machine_alias(stateMachineAliasArn=f"{machine}:X")
