"""What a role's policy lacks for a definition (SFN801, SFN802), and what it refuses in a run."""

import json
from typing import Any

import pytest

from pipeproof import StateMachine
from pipeproof.iam import Policy
from pipeproof.stepfunctions.aws.integrations import JOBS
from pipeproof.stepfunctions.aws.needs import call_needs, definition_needs
from pipeproof.stepfunctions.aws.permissions import check_permissions, is_known_action
from pipeproof.stepfunctions.definition.loading import load_definition
from pipeproof.stepfunctions.definition.resources import parse_resource

ARN = "arn:aws:{}:us-east-1:123456789012:{}"


def machine(resource: str, parameters: Any = None, **fields: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": resource, "End": True, **fields}
    if parameters is not None:
        state["Arguments" if fields.get("QueryLanguage") == "JSONata" else "Parameters"] = parameters
    return {"StartAt": "T", "States": {"T": state}}


def policy(*grants: str | dict[str, Any]) -> Policy:
    """A policy that allows what `action on resource` or a statement says."""
    statements = []
    for grant in grants:
        if isinstance(grant, dict):
            statements.append(grant)
        else:
            action, _, resource = grant.partition(" on ")
            statements.append({"Effect": "Allow", "Action": action.split(), "Resource": resource or "*"})
    return Policy.parse({"Version": "2012-10-17", "Statement": statements})


def lacking(definition: dict[str, Any], given: Policy, **options: Any) -> dict[str, list[str]]:
    """By code the actions that findings name."""
    found: dict[str, list[str]] = {}
    for item in check_permissions(load_definition(definition), given, "123456789012", "us-east-1", **options):
        action = next(word for word in item.message.replace(",", " ").split() if is_known_action(word))
        found.setdefault(item.code, []).append(action)
    return found


SDK = "arn:aws:states:::aws-sdk:"
NEEDS = [
    ("arn:aws:states:::sns:publish", {"TopicArn.$": "$.topic"}, ["sns:Publish on *"]),
    (
        f"{SDK}s3:getObject",
        {"Bucket": "raw", "Key.$": "$.key"},
        ["s3:GetObject on arn:aws:s3:::raw/*"],
    ),
    (
        f"{SDK}s3:copyObject",
        {"Bucket": "b", "Key": "k", "CopySource.$": "States.Format('raw/{}', $.key)"},
        ["s3:GetObject on arn:aws:s3:::raw/*", "s3:PutObject on arn:aws:s3:::b/k"],
    ),
    (
        f"{SDK}s3:copyObject",
        {"Bucket.$": "$.b", "Key.$": "$.k", "CopySource.$": "$.s"},
        ["s3:GetObject on arn:aws:s3:::*/*", "s3:PutObject on arn:aws:s3:::*/*"],
    ),
    (f"{SDK}s3:headObject", {"Bucket": "b", "Key": "k"}, ["s3:GetObject on arn:aws:s3:::b/k"]),
    (f"{SDK}s3:headBucket", {"Bucket": "b"}, ["s3:ListBucket on arn:aws:s3:::b"]),
    (f"{SDK}s3:deleteObjects", {"Bucket": "b", "Delete.$": "$.d"}, ["s3:DeleteObject on arn:aws:s3:::b/*"]),
    (
        "arn:aws:states:::dynamodb:putItem",
        {"TableName": "${Table}", "Item": {"Role": {"S": "arn:aws:iam::1:role/x"}}},
        [f"dynamodb:PutItem on {ARN.format('dynamodb', 'table/*')}"],
    ),
    (
        "arn:aws:states:::bedrock:invokeModel",
        {"ModelId": "anthropic.claude-v2"},
        ["bedrock:InvokeModel on arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2"],
    ),
    (
        f"{SDK}bedrockruntime:converse",
        {"ModelId": "us.amazon.nova-lite-v1:0"},
        [
            f"bedrock:InvokeModel on {ARN.format('bedrock', 'inference-profile/us.amazon.nova-lite-v1:0')}",
            "bedrock:InvokeModel on arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0",
        ],
    ),
    (
        "arn:aws:states:::elasticmapreduce:addStep",
        {"ClusterId": "j-1"},
        [f"elasticmapreduce:AddJobFlowSteps on {ARN.format('elasticmapreduce', 'cluster/j-1')}"],
    ),
    (
        "arn:aws:states:::elasticmapreduce:createCluster",
        {"Name": "c", "ServiceRole": "EMR_Role"},
        [
            "elasticmapreduce:RunJobFlow on *",
            "iam:PassRole on arn:aws:iam::123456789012:role/EMR_Role",
        ],
    ),
    ("arn:aws:states:::eks:call", {"ClusterName": "c", "Method": "GET"}, []),
    (
        "arn:aws:states:::batch:submitJob",
        {"JobName": "n", "JobQueue": "q", "JobDefinition": "d"},
        [
            f"batch:SubmitJob on {ARN.format('batch', 'job-definition/d')}",
            f"batch:SubmitJob on {ARN.format('batch', 'job-queue/q')}",
        ],
    ),
    (
        "arn:aws:states:::ecs:runTask",
        {"TaskDefinition": "etl", "Overrides": {"TaskRoleArn": "arn:aws:iam::123456789012:role/t"}},
        [
            f"ecs:RunTask on {ARN.format('ecs', 'task-definition/etl:*')}",
            "iam:PassRole on arn:aws:iam::123456789012:role/t",
        ],
    ),
    (
        "arn:aws:states:::sagemaker:createTrainingJob",
        {"TrainingJobName.$": "$.n", "RoleArn.$": "$.role"},
        [f"sagemaker:CreateTrainingJob on {ARN.format('sagemaker', 'training-job/*')}", "iam:PassRole on *"],
    ),
    (
        "arn:aws:states:::states:startExecution",
        {"StateMachineArn": ARN.format("states", "stateMachine:child"), "Input": {"RoleArn": "arn:aws:iam::1:role/x"}},
        [f"states:StartExecution on {ARN.format('states', 'stateMachine:child')}"],
    ),
    (
        "arn:aws:states:::lambda:invoke",
        {"FunctionName": "work", "Qualifier": "live"},
        [f"lambda:InvokeFunction on {ARN.format('lambda', 'function:work:live')}"],
    ),
    ("arn:aws:states:::lambda:invoke", {"FunctionName.$": "$.f"}, ["lambda:InvokeFunction on *"]),
    (
        "arn:aws:states:::events:putEvents",
        {"Entries": [{"EventBusName": "shop", "Detail": {"RoleArn": "arn:aws:iam::1:role/x"}}]},
        [f"events:PutEvents on {ARN.format('events', 'event-bus/shop')}"],
    ),
    (f"{SDK}sqs:sendMessage", {"QueueUrl.$": "$.q"}, [f"sqs:SendMessage on {ARN.format('sqs', '*')}"]),
    (
        f"{SDK}sfn:startExecution",
        {"StateMachineArn.$": "$.m"},
        [f"states:StartExecution on {ARN.format('states', 'stateMachine:*')}"],
    ),
    ("arn:aws:states:us-east-1:123456789012:activity:approve", None, []),
]


@pytest.mark.parametrize(("resource", "parameters", "expected"), NEEDS)
def test_definition_needs__each_integration(resource: str, parameters: Any, expected: list[str]) -> None:
    needs = definition_needs(load_definition(machine(resource, parameters)), "123456789012", "us-east-1")
    assert [f"{need.call.action} on {need.call.resource}" for need in needs] == expected


def test_definition_needs__jsonata__what_is_written_out_counts() -> None:
    parameters = {"TableName": "orders", "Key": "{% $states.input.key %}", "ReturnValues": "{% 'NONE' %}"}
    definition = machine("arn:aws:states:::dynamodb:getItem", parameters, QueryLanguage="JSONata")
    (need,) = definition_needs(load_definition(definition), "123456789012", "us-east-1")
    assert need.call.resource == ARN.format("dynamodb", "table/orders")
    dynamic = machine("arn:aws:states:::dynamodb:getItem", "{% $states.input %}", QueryLanguage="JSONata")
    assert lacking(dynamic, policy(f"dynamodb:GetItem on {ARN.format('dynamodb', 'table/any')}")) == {}


def test_jobs__name_actions_that_the_reference_has() -> None:
    actions = {action for job in JOBS.values() for action in (*job.poll, *job.stop)}
    assert [action for action in sorted(actions) if not is_known_action(action)] == []


@pytest.mark.parametrize(("service", "action"), JOBS)
def test_jobs__are_watched_by_polling_and_by_events_and_stopped(service: str, action: str) -> None:
    job = JOBS[service, action]
    needs = list(call_needs(parse_resource(f"arn:aws:states:::{service}:{action}.sync"), {}, "1", "r"))
    assert {need.action for need in needs if need.purpose == "poll"} == set(job.poll)
    assert {need.action for need in needs if need.purpose == "stop"} == set(job.stop)
    assert {need.resource for need in needs if need.purpose == "events"} == (
        {f"arn:aws:events:r:1:rule/{job.rule}"} if job.rule else set()
    )
    assert any(need.purpose == "call" for need in needs)


@pytest.mark.parametrize(
    ("resource", "actions", "rule"),
    [
        (
            "athena:startQueryExecution",
            "athena:StartQueryExecution athena:GetQueryExecution athena:StopQueryExecution",
            "",
        ),
        ("glue:startJobRun", "glue:StartJobRun glue:GetJobRun glue:GetJobRuns glue:BatchStopJobRun", ""),
        ("ecs:runTask", "ecs:RunTask ecs:DescribeTasks ecs:StopTask", "StepFunctionsGetEventsForECSTaskRule"),
        (
            "batch:submitJob",
            "batch:SubmitJob batch:DescribeJobs batch:TerminateJob",
            "StepFunctionsGetEventsForBatchJobsRule",
        ),
        (
            "elasticmapreduce:createCluster",
            "elasticmapreduce:RunJobFlow elasticmapreduce:DescribeCluster elasticmapreduce:TerminateJobFlows",
            "StepFunctionsGetEventForEMRRunJobFlowRule",
        ),
        (
            "elasticmapreduce:addStep",
            "elasticmapreduce:AddJobFlowSteps elasticmapreduce:DescribeStep elasticmapreduce:CancelSteps",
            "StepFunctionsGetEventForEMRAddJobFlowStepsRule",
        ),
        (
            "codebuild:startBuild",
            "codebuild:StartBuild codebuild:BatchGetBuilds codebuild:StopBuild",
            "StepFunctionsGetEventForCodeBuildStartBuildRule",
        ),
    ],
)
def test_jobs__need_what_the_guides_page_of_the_integration_lists(resource: str, actions: str, rule: str) -> None:
    needs = list(call_needs(parse_resource(f"arn:aws:states:::{resource}.sync"), {}, "1", "r"))
    assert set(actions.split()) <= {need.action for need in needs}
    rules = {need.resource for need in needs if need.purpose == "events"}
    assert rules == ({f"arn:aws:events:r:1:rule/{rule}"} if rule else set())


RULE = ARN.format("events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
EVENTS = f"events:PutTargets events:PutRule events:DescribeRule on {RULE}"
CHILD = ARN.format("states", "stateMachine:child")


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        (["states:* events:*"], {}),
        (
            [f"states:StartExecution on {CHILD}", EVENTS],
            {"SFN802": ["states:DescribeExecution", "states:StopExecution"]},
        ),
        (
            [
                f"states:StartExecution on {CHILD}",
                f"states:DescribeExecution states:StopExecution on {ARN.format('states', 'execution:child:*')}",
            ],
            {"SFN801": ["events:PutTargets", "events:PutRule", "events:DescribeRule"]},
        ),
        (
            [f"states:StartExecution on {CHILD}"],
            {
                "SFN801": ["states:DescribeExecution", "events:PutTargets", "events:PutRule", "events:DescribeRule"],
                "SFN802": ["states:StopExecution"],
            },
        ),
        (
            [EVENTS],
            {"SFN801": ["states:StartExecution"], "SFN802": ["states:DescribeExecution", "states:StopExecution"]},
        ),
    ],
)
def test_check__nested_execution__tells_what_fails_from_what_is_doubtful(
    grants: list[str], expected: dict[str, list[str]]
) -> None:
    definition = machine("arn:aws:states:::states:startExecution.sync:2", {"StateMachineArn": CHILD})
    assert lacking(definition, policy(*grants)) == expected


def test_check__job_without_events__cannot_be_watched_without_polling() -> None:
    definition = machine("arn:aws:states:::glue:startJobRun.sync", {"JobName": "etl"})
    found = lacking(definition, policy("glue:StartJobRun"))
    assert found == {"SFN801": ["glue:GetJobRun", "glue:GetJobRuns"], "SFN802": ["glue:BatchStopJobRun"]}


PASS = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}, True),
        ({"StringLike": {"iam:PassedToService": ["glue.amazonaws.com", "sagemaker*"]}}, True),
        ({"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}, False),
        ({"StringEquals": {"aws:PrincipalTag/team": "data"}}, True),
    ],
)
def test_check__passed_role__goes_to_the_service(condition: Any, met: bool) -> None:
    definition = machine(
        "arn:aws:states:::sagemaker:createTrainingJob", {"RoleArn": "arn:aws:iam::123456789012:role/train"}
    )
    given = policy("sagemaker:*", {**PASS, "Condition": condition})
    assert lacking(definition, given) == ({} if met else {"SFN801": ["iam:PassRole"]})


@pytest.mark.parametrize(
    ("grant", "met"),
    [
        ("sns:Publish on arn:aws:sns:*:*:alarms", True),
        ("sns:* on arn:aws:sns:eu-west-1:999999999999:other", True),
        ("sns:Subscribe", False),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, True),
    ],
)
def test_check__need_on_an_unknown_resource__is_met_by_a_scoped_grant(grant: Any, met: bool) -> None:
    definition = machine("arn:aws:states:::sns:publish", {"TopicArn.$": "$.topic", "Message": "x"})
    assert lacking(definition, policy(grant)) == ({} if met else {"SFN801": ["sns:Publish"]})


def test_check__need_of_an_action_without_resources__is_met_by_a_grant_on_all_alone() -> None:
    definition = machine(f"{SDK}s3:listBuckets", {})
    assert lacking(definition, policy("s3:ListAllMyBuckets on arn:aws:s3:::b")) == {"SFN801": ["s3:ListAllMyBuckets"]}
    assert lacking(definition, policy("s3:*")) == {}


def test_check__denied__is_said_where_it_is_certain() -> None:
    definition = machine(f"{SDK}s3:getObject", {"Bucket": "raw", "Key": "a"})
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::raw/*"}
    assert lacking(definition, policy("s3:*", deny)) == {"SFN801": ["s3:GetObject"]}
    conditional = {**deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert lacking(definition, policy("s3:*", conditional)) == {}


def test_check__account_and_region__are_any_that_the_policy_names() -> None:
    definition = machine("arn:aws:states:::dynamodb:getItem", {"TableName": "orders", "Key": {}})
    assert lacking(definition, policy("dynamodb:GetItem on arn:aws:dynamodb:eu-west-1:999999999999:table/orders")) == {}
    assert "SFN801" in lacking(definition, policy(f"dynamodb:GetItem on {ARN.format('dynamodb', 'table/other')}"))


def test_check__operation_that_no_reference_has__is_not_claimed() -> None:
    definition = machine(f"{SDK}databasemigration:startExtensionPackAssociation", {"MigrationProjectIdentifier": "p"})
    assert lacking(definition, policy("sns:Publish")) == {}


OTHER = "arn:aws:iam::123456789012:role/other"


def test_check__credentials__need_assume_role_and_the_other_roles_grants() -> None:
    definition = machine(f"{SDK}s3:getObject", {"Bucket": "b", "Key": "k"}, Credentials={"RoleArn": OTHER})
    assert lacking(definition, policy("s3:*")) == {"SFN801": ["sts:AssumeRole"]}
    own = policy(f"sts:AssumeRole on {OTHER}")
    assert lacking(definition, own) == {}
    others = {OTHER: policy("sns:Publish")}
    assert lacking(definition, own, policy_of=others.get) == {"SFN801": ["s3:GetObject"]}
    dynamic = machine(f"{SDK}s3:getObject", {"Bucket": "b", "Key": "k"}, Credentials={"RoleArn.$": "$.role"})
    assert lacking(dynamic, own, policy_of=others.get) == {}


def distributed(**fields: Any) -> dict[str, Any]:
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **inner}
    return {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}}


def test_check__distributed_map__starts_executions_of_its_own_machine() -> None:
    own = ARN.format("states", "stateMachine:batch")
    executions = ARN.format("states", "execution:batch:*")
    every = [f"states:StartExecution on {own}", f"states:DescribeExecution states:StopExecution on {executions}"]
    assert lacking(distributed(), policy(*every), machine_arn=own) == {}
    assert lacking(distributed(), policy(every[0]), machine_arn=own) == {
        "SFN802": ["states:DescribeExecution", "states:StopExecution"]
    }
    other = policy(f"states:StartExecution on {CHILD}")
    assert lacking(distributed(), other, machine_arn=own)["SFN801"] == ["states:StartExecution"]
    assert "SFN801" not in lacking(distributed(), other)


def test_run__denies_what_the_call_needs_and_not_what_only_stops_it() -> None:
    parameters = {"JobName": "n", "JobQueue": "q", "JobDefinition": "d"}
    definition = machine("arn:aws:states:::batch:submitJob", parameters)
    answer = {"T": lambda payload: {"JobId": "1"}}
    denied = StateMachine(definition, role_policy=policy("sns:*"), validation="NONE").run({}, answer, check=False)
    assert (denied.status, denied.error) == ("FAILED", "Batch.AWSBatchException")
    assert "batch:SubmitJob" in (denied.cause or "")
    allowed = StateMachine(definition, role_policy=policy("batch:SubmitJob"), validation="NONE")
    assert allowed.run({}, answer).status == "SUCCEEDED"


def test_run__distributed_map__needs_to_start_executions_of_its_own_machine() -> None:
    own = ARN.format("states", "stateMachine:batch")
    allowed = StateMachine(distributed(), name="batch", role_policy=policy(f"states:StartExecution on {own}"))
    assert allowed.run([1]).output == [1]
    denied = StateMachine(distributed(), name="batch", role_policy=policy("sns:*")).run([1], check=False)
    assert (denied.status, denied.error) == ("FAILED", "States.Permissions")
    assert f"states:StartExecution on resource: {own}" in (denied.cause or "")


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_run__credentials__need_assume_role_and_nothing_else_of_the_machines_role(language: str) -> None:
    role = {"RoleArn.$": "$.role"} if language == "JSONPath" else {"RoleArn": "{% $states.input.role %}"}
    payload = {"TopicArn": "t", "Message": "m"}
    definition = machine("arn:aws:states:::sns:publish", payload, QueryLanguage=language, Credentials=role)
    answer = {"T": lambda payload: {"MessageId": "1"}}
    own = StateMachine(definition, role_policy=policy(f"sts:AssumeRole on {OTHER}"), validation="NONE")
    assert own.run({"role": OTHER}, answer).status == "SUCCEEDED"
    other = own.run({"role": OTHER.replace("other", "third")}, answer, check=False)
    assert "sts:AssumeRole" in (other.cause or "")


def test_static_needs__survive_what_no_call_would_take() -> None:
    for junk in ("*", 3, [], ["*"], {"a": [1]}, None):
        for resource in ("dynamodb:batchGetItem", "glue:createTable", "s3:deleteObjects", "batch:submitJob"):
            parsed = parse_resource(f"{SDK}{resource}")
            payload = {"RequestItems": junk, "TableInput": junk, "Delete": junk, "JobQueue": junk, "TableName": junk}
            assert list(call_needs(parsed, payload, "1", "r")) is not None
            assert json.dumps([need.resource for need in call_needs(parsed, payload, "1", "r")])
