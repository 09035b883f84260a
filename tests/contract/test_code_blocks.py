"""Each code block of the documentation is run, or read by what it is meant for; the few pictures are counted."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from code_blocks import BLOCKS, ROOT, Block, as_workflow, list_commands, list_uses, load_yaml, of_language
from packaging.requirements import Requirement

from pipeproof.cli import _parser, _split_at_dashes
from pipeproof.excuses import parse_quarantine
from pipeproof.home import IMAGE, PACKAGE, REPOSITORY
from pipeproof.inputs import declared_inputs, input_name, read_inputs
from pipeproof.plugin.stepfunctions import _fail_under
from pipeproof.stepfunctions.machine import StateMachine

RUN_BY = {
    "README.md": "tests/contract/test_readme.py",
    "docs/how-to/aws.md": "tests/plugin/test_aws_docs.py",
    "docs/how-to/credentials.md": "tests/plugin/test_code_blocks.py",
    "docs/how-to/dbt.md": "tests/integration/dbt/test_documentation.py",
    "docs/how-to/prefect.md": "tests/plugin/test_prefect_recipes.py",
    "docs/how-to/start.md": "tests/plugin/test_code_blocks.py",
    "docs/how-to/step-functions.md": "tests/plugin/test_stepfunctions.py",
    "docs/reference/types.md": "tests/plugin/test_code_blocks.py",
}
"""Which test runs the Python of a page, and with it the files that it shows."""

NOT_RUN = {
    "docs/explanation/design.md": 2,  # drawings
    "docs/how-to/dbt.md": 2,  # what a failure looks like, which tests of their own compare
    "examples/broken/README.md": 1,  # the line that a failure stands on, without the test around it
}
"""How many blocks of a page nothing can be asked of but to be read."""

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/pipeline-tests.yml").read_text(encoding="utf-8"))
LANGUAGES = {"json", "python", "sh", "sql", "text", "toml", "yaml"}
YAML = [block for block in of_language("yaml") if not block.title]


def test_blocks__have_a_language_that_something_reads() -> None:
    """An indented block, which has none, would be passed over."""
    assert [str(block) for block in BLOCKS if block.language not in LANGUAGES] == []


def test_blocks__that_cannot_be_run_are_few_and_counted() -> None:
    pages = [block.page for block in BLOCKS if block.language == "text"]
    pages += [block.page for block in of_language("python") if block.page not in RUN_BY]
    assert {page: pages.count(page) for page in pages} == NOT_RUN


@pytest.mark.parametrize("page", sorted({block.page for block in BLOCKS if block.language == "python" or block.title}))
def test_python__is_run_by_the_test_of_its_page(page: str) -> None:
    if page in NOT_RUN:
        return
    assert Path(page).name in (ROOT / RUN_BY[page]).read_text(encoding="utf-8")


def _read_profile(content: Any) -> bool:
    """Tell whether this is a profile of dbt, with its target among its outputs (test_credentials_guide.py reads on)."""
    profiles = content.values() if isinstance(content, dict) else []
    return bool(profiles) and all(
        isinstance(one, dict)
        and one.get("target") in one.get("outputs", {})
        and "type" in one["outputs"][one["target"]]
        for one in profiles
    )


def _read_hooks(content: Any) -> None:
    known = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    for repository in content["repos"]:
        assert repository["repo"].endswith(REPOSITORY)
        assert {hook["id"] for hook in repository["hooks"]} <= known


def _fits_schema(name: str, content: Any, folder: Path) -> None:
    """Hold a document to a schema that check-jsonschema has."""
    file = folder / "document.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    arguments = ["--builtin-schema", name, str(file)]
    done = subprocess.run([sys.executable, "-m", "check_jsonschema", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml__is_what_its_reader_reads(block: Block, tmp_path: Path) -> None:
    content = load_yaml(block.text)
    if (workflow := as_workflow(content)) is not None:
        _fits_schema("vendor.github-workflows", workflow, tmp_path)
        for part, inputs in list_uses(workflow):
            if part:
                declared = WORKFLOW[True]["workflow_call"]["inputs"]
                assert (part, inputs.keys() - declared.keys()) == (".github/workflows/pipeline-tests.yml", set())
                inputs = {name: value for name, value in inputs.items() if name != "shards"}
            # What an expression gives is not known here; a number is the least that any input takes.
            texts = {name: re.sub(r"\$\{\{.*?\}\}", "1", str(value)) for name, value in inputs.items()}
            (tmp_path / "tests").mkdir(exist_ok=True)
            for file in ("tests/session-policy.json", "tests/durations.json"):
                (tmp_path / file).write_text('{"Statement": [{"Effect": "Allow", "Action": "s3:*"}]}')
            assert texts.keys() <= {input_name(declared) for declared in declared_inputs()}
            read_inputs(texts, tmp_path)
    elif isinstance(content, dict) and "steps" in content:
        _fits_schema("vendor.buildkite", content, tmp_path)
        for step in content["steps"]:
            _check_commands(step["command"])
    elif isinstance(content, dict) and all("script" in job for job in content.values()):
        _fits_schema("vendor.gitlab-ci", content, tmp_path)
        for job in content.values():
            for script in [job["script"]] if isinstance(job["script"], str) else job["script"]:
                _check_commands(script)
    elif block.text.startswith("# quarantine.yml\n"):
        assert parse_quarantine(block.text, "quarantine.yml")
    elif "repos" in content:
        _read_hooks(content)
    else:
        assert _read_profile(content), f"{block}: nothing here knows what this is"


@pytest.mark.parametrize("block", of_language("json"), ids=str)
def test_json__is_read(block: Block) -> None:
    content = json.loads(block.text)
    if "StartAt" in content:
        assert StateMachine(content).definition


@pytest.mark.parametrize("block", of_language("sql"), ids=str)
def test_sql__is_read(block: Block) -> None:
    assert duckdb.extract_statements(block.text)


@pytest.mark.parametrize("block", of_language("toml"), ids=str)
def test_toml__sets_what_is_read(block: Block, tmp_path: Path) -> None:
    settings = tomllib.loads(block.text)["tool"]["pipeproof"]
    (tmp_path / "pyproject.toml").write_text(block.text)
    assert settings == {"stepfunctions": {"fail_under": _fail_under(tmp_path)}}


def _check_make(words: list[str]) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(words[1:]) <= targets


def _check_pip(words: list[str]) -> None:
    assert words[1] == "install"
    for requirement in map(Requirement, words[2:]):
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        assert requirement.name == PACKAGE
        assert requirement.extras <= set(extras)


def _check_docker(words: list[str]) -> None:
    assert words[1] == "run"
    assert words[-1].startswith(f"{IMAGE}:")


def _check_pipeproof(words: list[str]) -> None:
    given, _ = _split_at_dashes(words[1:])
    assert callable(_parser().parse_args(given).command)


def _check_pytest(words: list[str]) -> None:
    """Read all options as pytest does before it looks for a test."""
    script = "import sys; from _pytest.config import _prepareconfig; _prepareconfig(sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", script, *words[1:]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


CHECKS = {
    "docker": _check_docker,
    "make": _check_make,
    "pip": _check_pip,
    "pipeproof": _check_pipeproof,
    "pytest": _check_pytest,
}


def _check_commands(script: str) -> None:
    commands = list(list_commands(script))
    assert commands
    for words in commands:
        CHECKS[words[0]](words)


@pytest.mark.parametrize("block", of_language("sh"), ids=str)
def test_shell__each_command_is_one_that_its_program_takes(block: Block) -> None:
    _check_commands(block.text)
