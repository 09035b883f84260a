"""The Lambda functions of a template: which code runs, with which modules, variables and layers."""

import json
import os
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeproof import StateMachine
from pipeproof.stepfunctions.errors import LambdaLayerWarning, MockError, TaskNotHandled

HEADER = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n"
Project = Callable[..., StateMachine]


def function_of(handler: str = "app.lambda_handler", folder: str = "", **properties: Any) -> dict[str, Any]:
    code = {"CodeUri": folder} if folder else {}
    described = {"Handler": handler, "Runtime": "python3.12", **code, **properties}
    return {"Type": "AWS::Serverless::Function", "Properties": described}


def calls(*names: str) -> dict[str, Any]:
    """A machine that calls functions one after the other, each with the last one's result."""
    states: dict[str, Any] = {}
    for name, following in zip(names, [*names[1:], None], strict=True):
        states[name] = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload"}
        states[name]["Parameters"] = {"FunctionName": f"${{{name}}}", "Payload.$": "$"}
        states[name] |= {"End": True} if following is None else {"Next": following}
    return {"StartAt": names[0], "States": states}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Writes files and a template with a machine that calls its functions; gives the machine."""
    before = set(sys.modules)

    def make(
        files: dict[str, str], functions: dict[str, Any], *, others: Any = None, shared: Any = None, **options: Any
    ) -> StateMachine:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(textwrap.dedent(text))
        machine = {
            "Type": "AWS::Serverless::StateMachine",
            "Properties": {
                "Definition": calls(*functions),
                "DefinitionSubstitutions": {name: {"Fn::GetAtt": [name, "Arn"]} for name in functions},
                "Role": "arn:aws:iam::123456789012:role/machine",
            },
        }
        template = {"Resources": {**functions, "Machine": machine, **(others or {})}, **(shared or {})}
        file = tmp_path / "template.json"
        file.write_text(json.dumps(template, indent=1))
        return StateMachine(file, **options)

    yield make
    left = {name for name in set(sys.modules) - before if str(tmp_path) in str(vars(sys.modules[name]).get("__file__"))}
    assert not left, "a function's modules are nobody else's"


APP = """
    import helper
    def lambda_handler(event, context):
        return [*event, helper.NAME] if isinstance(event, list) else [helper.NAME]
"""


def test_functions__of_one_handler_name_in_three_folders_are_three(project: Project) -> None:
    files = {
        f"{name}/{file}": text for name in "abc" for file, text in [("app.py", APP), ("helper.py", f"NAME = {name!r}")]
    }
    machine = project(files, {name.upper(): function_of(folder=f"{name}/") for name in "abc"})
    assert machine.run().output == ["a", "b", "c"]
    assert machine.run().output == ["a", "b", "c"]


COUNTS = """
    CALLS = []
    def lambda_handler(event, context):
        CALLS.append(1)
        return [len(CALLS)]
"""


def test_functions__of_one_folder_share_no_state(project: Project) -> None:
    functions = {"A": function_of(folder="src"), "B": function_of(folder="src")}
    assert project({"src/app.py": COUNTS}, functions).run().output == [1]


def test_functions__keep_their_state_within_an_execution_only(project: Project) -> None:
    machine = project({"src/app.py": COUNTS}, {"A": function_of(folder="src"), "B": function_of(folder="src")})
    machine.definition.find("B").raw["Parameters"]["FunctionName"] = "pipeline-A"
    assert (machine.run().output, machine.run().output) == ([2], [2])


@pytest.mark.parametrize(
    ("handler", "folder", "path"),
    [
        ("app.lambda_handler", "src", "src/app.py"),
        ("app.lambda_handler", "./src/", "src/app.py"),
        ("handlers/price.lambda_handler", "src", "src/handlers/price.py"),
        ("handlers.price.lambda_handler", "src", "src/handlers/price.py"),
        ("src/app.lambda_handler", ".", "src/app.py"),
        ("start-import.lambda_handler", "src", "src/start-import.py"),
        ("app.lambda_handler", "", "app.py"),
    ],
)
def test_code__is_found_by_folder_and_handler(project: Project, handler: str, folder: str, path: str) -> None:
    files = {path: "def lambda_handler(event, context):\n    return __name__\n"}
    assert project(files, {"A": function_of(handler, folder)}).run().output == handler.rpartition(".")[0].replace(
        "/", "."
    )


def test_code__imports_of_the_handlers_own_kind_work_later_too(project: Project) -> None:
    files = {
        "a/app.py": "def lambda_handler(event, context):\n    from late import NAME\n    return [NAME]\n",
        "a/late.py": "NAME = 'a'",
        "b/app.py": "def lambda_handler(event, context):\n    from late import NAME\n    return [*event, NAME]\n",
        "b/late.py": "NAME = 'b'",
    }
    assert project(files, {"A": function_of(folder="a"), "B": function_of(folder="b")}).run().output == ["a", "b"]


def test_code__in_packages_with_relative_imports(project: Project) -> None:
    files = {
        "src/shop/__init__.py": "",
        "src/shop/price.py": """
            from . import rates
            from .deep.er import x
            def handler(event, context):
                return rates.RATE + x
        """,
        "src/shop/rates.py": "RATE = 1",
        "src/shop/deep/er.py": "x = 2",
    }
    assert project(files, {"A": function_of("shop.price.handler", "src")}).run().output == 3


def test_code__that_extends_the_path_by_itself(project: Project) -> None:
    files = {
        "a/app.py": """
            import os, sys
            sys.path.append(os.path.join(os.path.dirname(__file__), "vendored"))
            import thing
            def lambda_handler(event, context):
                import other_thing
                return thing.NAME + other_thing.NAME
        """,
        "a/vendored/thing.py": "NAME = 'a'",
        "a/vendored/other_thing.py": "NAME = 'b'",
    }
    before = list(sys.path)
    assert project(files, {"A": function_of(folder="a")}).run().output == "ab"
    assert sys.path == before


def test_code__what_is_installed_here_goes_before_pips_copy(project: Project) -> None:
    files = {
        "a/app.py": "import yaml\ndef lambda_handler(event, context):\n    return yaml.__version__\n",
        "a/yaml/__init__.py": "__version__ = 'a copy'",
        "a/PyYAML-1.dist-info/RECORD": "yaml/__init__.py,,\n",
    }
    import yaml

    assert project(files, {"A": function_of(folder="a")}).run().output == yaml.__version__


def test_code__its_own_modules_go_before_what_is_installed(project: Project) -> None:
    files = {
        "a/app.py": "import yaml\ndef lambda_handler(event, context):\n    return yaml.NAME\n",
        "a/yaml.py": "NAME = 'own'",
    }
    import yaml

    assert project(files, {"A": function_of(folder="a")}).run().output == "own"
    assert sys.modules["yaml"] is yaml


def test_code__in_a_zip_file(project: Project, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("app.py", "import helper\ndef lambda_handler(event, context):\n    return helper.NAME\n")
        archive.writestr("helper.py", "NAME = 'zipped'")
    assert project({}, {"A": function_of(folder="code.zip")}).run().output == "zipped"


INLINE = "def handler(event, context):\n    return [__name__, event]\n"


@pytest.mark.parametrize(
    "code",
    [
        {"InlineCode": "def handler(event, context):\n    return [__name__, event]\n"},
        {
            "Type": "AWS::Lambda::Function",
            "Code": {"ZipFile": "def handler(event, context):\n    return [__name__, event]\n"},
        },
    ],
    ids=["sam", "cloudformation"],
)
def test_code__that_stands_in_the_template(project: Project, code: dict[str, Any]) -> None:
    function = function_of("index.handler", **{key: value for key, value in code.items() if key != "Type"})
    function["Type"] = code.get("Type", function["Type"])
    assert project({}, {"A": function}).run({"n": 1}).output == ["index", {"n": 1}]


def test_code__that_stands_in_the_template_has_the_templates_lines(tmp_path: Path) -> None:
    text = """\
        Resources:
          A:
            Type: AWS::Serverless::Function
            Properties:
              Runtime: python3.12
              Handler: index.handler
              InlineCode: |
                def handler(event, context):
                    raise ValueError("bad")
          Machine:
            Type: AWS::Serverless::StateMachine
            Properties:
              DefinitionSubstitutions: {A: !GetAtt A.Arn}
              Definition: {StartAt: A, States: {A: {Type: Task, Resource: "${A}", End: true}}}
    """
    file = tmp_path / "template.yaml"
    file.write_text(textwrap.dedent(text))
    execution = StateMachine(file).run(check=False)
    assert f'File "{file}", line 9, in handler' in json.loads(execution.cause)["stackTrace"][0]


def test_code__of_cdk_is_found_by_its_asset(project: Project) -> None:
    function = function_of("index.handler", Code={"S3Bucket": "cdk-assets", "S3Key": "0a.zip"})
    function |= {"Type": "AWS::Lambda::Function", "Metadata": {"aws:asset:path": "asset.0a"}}
    files = {"asset.0a/index.py": "def handler(event, context):\n    return 'cdk'\n"}
    assert project(files, {"A": function}).run().output == "cdk"


def test_code__that_is_only_in_a_bucket_says_so(project: Project) -> None:
    function = function_of(CodeUri="s3://bucket/key.zip")
    with pytest.raises(MockError, match=r"the code of the function 'pipeline-A' is not here: the template says s3://"):
        project({}, {"A": function}).run()


def test_code__without_the_handlers_module_says_so(project: Project) -> None:
    with pytest.raises(MockError, match=r"(?s)has no module 'app'.*\.aws-sam/build/template\.yaml"):
        project({"src/other.py": ""}, {"A": function_of(folder="src")}).run()


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({"PackageType": "Image", "Runtime": None, "Handler": None}, r"container image \(PackageType: Image\)"),
        ({"Runtime": "nodejs20.x"}, r"runs on nodejs20\.x"),
        ({"Runtime": "java21"}, "runs on java21"),
        ({"Runtime": "provided.al2023"}, r"runs on provided\.al2023"),
    ],
)
def test_functions__that_cannot_run_here_say_why(project: Project, properties: dict[str, Any], why: str) -> None:
    function = function_of(folder="src", **properties)
    function["Properties"] = {key: value for key, value in function["Properties"].items() if value is not None}
    machine = project({"src/app.py": ""}, {"A": function})
    with pytest.raises(TaskNotHandled, match=rf"(?s)nothing handles the Task 'A'.*{why}.*lambdas="):
        machine.run()
    assert machine.run(mocks={"A": lambda event: "mocked"}).output == "mocked"


ENVIRONMENT = """
    import os
    AT_IMPORT = os.environ.get("TABLE")
    def lambda_handler(event, context):
        return {"import": AT_IMPORT, "call": os.environ.get("TABLE"), "all": dict(os.environ)}
"""


def variables(**values: Any) -> dict[str, Any]:
    return {"Environment": {"Variables": values}}


def test_variables__are_each_functions_own_and_resolved(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONLY_IN_THE_SHELL", "1")
    monkeypatch.setenv("TABLE", "of the shell")
    others = {"Orders": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}}}
    functions = {
        "A": function_of(folder="src", **variables(TABLE={"Ref": "Orders"}, DEBUG=True, COUNT=3)),
        "B": function_of(folder="src"),
    }
    machine = project({"src/app.py": ENVIRONMENT}, functions, others=others)
    machine.run()
    first, second = (machine.executions[-1].outputs(name)[0] for name in "AB")
    assert (first["import"], first["call"], first["all"]["DEBUG"], first["all"]["COUNT"]) == (
        "orders",
        "orders",
        "true",
        "3",
    )
    assert (second["import"], second["call"]) == (None, None)
    assert "ONLY_IN_THE_SHELL" not in first["all"]
    assert os.environ["TABLE"] == "of the shell"


def test_variables__of_lambda_itself_are_there(project: Project) -> None:
    machine = project({"src/app.py": ENVIRONMENT}, {"A": function_of(folder="src", MemorySize=512)})
    seen = machine.run().output["all"]
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "pipeline-A"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.12"
    assert seen["_HANDLER"] == "app.lambda_handler"
    assert seen["LAMBDA_TASK_ROOT"].endswith("src")
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == "us-east-1"


def test_variables__that_a_handler_sets_are_gone_after_it(project: Project) -> None:
    files = {
        "src/app.py": "import os\ndef lambda_handler(event, context):\n    os.environ['SET'] = '1'\n    return 1\n"
    }
    project(files, {"A": function_of(folder="src")}).run()
    assert "SET" not in os.environ


def test_variables__that_only_the_shell_has_are_named_where_they_are_missed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLE", "of the shell")
    files = {"src/app.py": "import os\ndef lambda_handler(event, context):\n    return os.environ['TABLE']\n"}
    with pytest.raises(Exception, match="KeyError") as caught:
        project(files, {"A": function_of(folder="src")}).run()
    assert "the template gives the function 'pipeline-A' none" in caught.value.__cause__.__notes__[0]


@pytest.mark.parametrize("key", ["A", "pipeline-A", "Parameters"])
@pytest.mark.parametrize("as_file", [False, True])
def test_variables__can_be_given(project: Project, tmp_path: Path, key: str, as_file: bool) -> None:
    given: Any = {key: {"TABLE": "mine"}}
    if as_file:
        (tmp_path / "env.json").write_text(json.dumps(given))
        given = tmp_path / "env.json"
    machine = project(
        {"src/app.py": ENVIRONMENT}, {"A": function_of(folder="src", **variables(TABLE="orders"))}, env_vars=given
    )
    assert machine.run().output["import"] == "mine"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"B": {"TABLE": "x"}}, r"(?s)names 'B'.*no such function"),
        ({"A": {"TABEL": "x"}}, r"(?s)'TABEL', which the template does not"),
        ({"Parameters": {"TABEL": "x"}}, "'TABEL', which the template does not"),
        ({"A": "x"}, "is not a mapping of functions"),
        ("nowhere.json", "cannot be read"),
    ],
)
def test_variables__given_wrongly_are_refused(project: Project, given: Any, message: str) -> None:
    functions = {"A": function_of(folder="src", **variables(TABLE="orders"))}
    with pytest.raises(MockError, match=message):
        project({"src/app.py": ENVIRONMENT}, functions, env_vars=given)


def test_globals__hold_for_all_functions(project: Project) -> None:
    shared = {"Globals": {"Function": {"CodeUri": "src/", "Runtime": "python3.12", **variables(TABLE="g", STAGE="g")}}}
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Handler": "app.lambda_handler", **variables(TABLE="own")},
    }
    seen = project({"src/app.py": ENVIRONMENT}, {"A": function}, shared=shared).run().output["all"]
    assert (seen["TABLE"], seen["STAGE"]) == ("own", "g")


def layer(folder: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": folder}, **more}


LAYERED = "import common\ndef lambda_handler(event, context):\n    return common.NAME\n"


@pytest.mark.parametrize(
    ("path", "metadata"),
    [
        ("layer/python/common.py", {}),
        ("layer/python/lib/python3.12/site-packages/common.py", {}),
        ("layer/common.py", {"Metadata": {"BuildMethod": "python3.12"}}),
    ],
)
def test_layers__of_the_template_are_on_the_path(project: Project, path: str, metadata: dict[str, Any]) -> None:
    files = {"src/app.py": LAYERED, path: "NAME = 'of the layer'"}
    function = function_of(folder="src", Layers=[{"Ref": "Common"}])
    machine = project(files, {"A": function}, others={"Common": layer("layer/", **metadata)})
    assert machine.run().output == "of the layer"


def test_layers__that_are_elsewhere_are_warned_of(project: Project) -> None:
    arn = "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python312-x86_64:7"
    files = {"src/app.py": "def lambda_handler(event, context):\n    return 1\n"}
    machine = project(files, {"A": function_of(folder="src", Layers=[arn])})
    with pytest.warns(LambdaLayerWarning, match=arn):
        assert machine.run().output == 1


@pytest.mark.filterwarnings("ignore::pipeproof.stepfunctions.errors.LambdaLayerWarning")
@pytest.mark.parametrize("how", ["layer", "requirements"])
def test_missing_package__that_the_function_brings_in_aws_is_no_failure_of_its(project: Project, how: str) -> None:
    files = {"src/app.py": "import nowhere_to_be_found\n"}
    if how == "requirements":
        files["src/requirements.txt"] = "# needs\nnowhere-to-be-found>=1  # and more\n"
    layers = {"Layers": ["arn:aws:lambda:us-east-1:1:layer:x:1"]} if how == "layer" else {}
    with pytest.raises(MockError, match="imports 'nowhere_to_be_found', which is not installed here"):
        project(files, {"A": function_of(folder="src", **layers)}).run()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("import nowhere_to_be_found\n", "Runtime.ImportModuleError"),
        ("def other(event, context): ...\n", "Runtime.HandlerNotFound"),
        ("def lambda_handler(:\n", "Runtime.UserCodeSyntaxError"),
        ("import os\nos.environ['NOT_THERE']\n", "KeyError"),
        ("import sys\nsys.exit(3)\n", "Runtime.ExitError"),
    ],
)
def test_start__that_fails_is_the_functions_failure(project: Project, text: str, error: str) -> None:
    execution = project({"src/app.py": text}, {"A": function_of(folder="src")}).run(check=False)
    assert (execution.status, execution.error) == ("FAILED", error)


def test_lambdas__given_by_logical_id_go_before_the_templates_code(project: Project) -> None:
    functions = {"A": function_of(folder="src")}
    assert project({"src/app.py": ""}, functions, lambdas={"A": lambda event, context: "given"}).run().output == "given"


def test_lambdas__named_as_text_keep_what_the_template_says(project: Project, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    functions = {"A": function_of(CodeUri="s3://b/k.zip", **variables(TABLE="orders"))}
    files = {"elsewhere_named.py": ENVIRONMENT}
    machine = project(files, functions, lambdas={"A": "elsewhere_named:lambda_handler"})
    try:
        assert machine.run().output["call"] == "orders"
    finally:
        sys.modules.pop("elsewhere_named", None)


def test_tests_own_import__is_what_runs(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "src/patched_app.py": "import patched_rates\ndef handler(event, context):\n    return patched_rates.rate()\n",
        "src/patched_rates.py": "def rate(): return 1\n",
    }
    machine = project(files, {"A": function_of("patched_app.handler", "src")})
    monkeypatch.syspath_prepend(str(tmp_path / "src"))
    assert machine.run().output == 1
    import patched_app

    monkeypatch.setattr(patched_app.patched_rates, "rate", lambda: 2)
    try:
        assert machine.run().output == 2
        assert sys.modules["patched_app"] is patched_app
    finally:
        for name in ("patched_app", "patched_rates"):
            sys.modules.pop(name, None)


def test_local_time__is_utc_as_in_lambda(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        files = {
            "src/app.py": "import time\ndef lambda_handler(event, context):\n    return time.localtime().tm_gmtoff\n"
        }
        assert project(files, {"A": function_of(folder="src")}).run().output == 0
        assert time.localtime().tm_gmtoff != 0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_variables__that_a_function_sets_are_there_in_its_next_invocation(project: Project) -> None:
    text = """
        import os
        os.environ["AT_IMPORT"] = "1"
        def lambda_handler(event, context):
            seen = [os.environ["AT_IMPORT"], os.environ.get("IN_HANDLER")]
            os.environ["IN_HANDLER"] = "2"
            return seen
    """
    machine = project({"src/app.py": text}, {"A": function_of(folder="src"), "B": function_of(folder="src")})
    state = machine.definition.find("B")
    assert state is not None
    state.raw["Parameters"]["FunctionName"] = "pipeline-A"
    assert machine.run().output == ["1", "2"]
    assert machine.run().outputs("A")[0] == ["1", None]
    assert not os.environ.keys() & {"AT_IMPORT", "IN_HANDLER"}
