#!/usr/bin/env bash
# 2026-11-30. moto's CloudFormation makes every state machine of a stack STANDARD, and leaves ${Name} in its definition.
#
# An AWS::StepFunctions::StateMachine with StateMachineType EXPRESS and DefinitionSubstitutions deploys without a word,
# but DescribeStateMachine then says STANDARD, and the definition still holds the placeholder. A test that deploys its
# template with moto and starts the machine tests another machine than the one in AWS.
#
# Versions: moto 5.2.5, boto3 1.44.5, Python 3.11.
# Output seen: type STANDARD, definition with ${Greeting} left in it
# What to do: create the machine with create_state_machine(type="EXPRESS") and a definition that is filled in already.
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'moto[cloudformation,stepfunctions]==5.2.5' boto3==1.44.5
cat > "$folder/try.py" <<'P'
import json

import boto3
import moto

definition = {"StartAt": "Say", "States": {"Say": {"Type": "Pass", "Result": "${Greeting}", "End": True}}}
template = {
    "Resources": {
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": "greeter",
                "StateMachineType": "EXPRESS",
                "RoleArn": "arn:aws:iam::123456789012:role/greeter",
                "DefinitionString": json.dumps(definition),
                "DefinitionSubstitutions": {"Greeting": "hello"},
            },
        }
    }
}
with moto.mock_aws():
    options = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    boto3.client("cloudformation", **options).create_stack(StackName="s", TemplateBody=json.dumps(template))
    states = boto3.client("stepfunctions", **options)
    arn = states.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    machine = states.describe_state_machine(stateMachineArn=arn)
    print("moto", moto.__version__, "type", machine["type"], "definition", machine["definition"])
    assert machine["type"] == "STANDARD" or "${Greeting}" in machine["definition"], "both are as in the template now"
P
"$folder/venv/bin/python" "$folder/try.py"
