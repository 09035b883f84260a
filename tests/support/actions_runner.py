"""An imitation of GitHub's runner: starts the entrypoint as a container action is started, and reads what it says."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
_HANDED_ON = ("UV_", "PIP_", "SSL_", "REQUESTS_", "PYTEST_ADDOPTS")
"""What the image's environment has of this machine: where packages come from, and plugins that a child does without."""
ENTRYPOINT = ROOT / "entrypoint.py"

# actions/runner, ActionCommand.cs: the commands that a step's output can give, in either form.
_V2 = re.compile(r"^\s*::(?P<name>[A-Za-z][A-Za-z-]*)(?: (?P<properties>.*?))?::(?P<data>.*)$")
_V1 = re.compile(r"##\[(?P<name>[A-Za-z][A-Za-z-]*)(?: (?P<properties>.*?))?\](?P<data>.*)$")


@dataclass(frozen=True)
class Command:
    """A workflow command as the runner understands it."""

    name: str
    properties: Mapping[str, str]
    data: str


@dataclass(frozen=True)
class Step:
    """What the runner has after a step."""

    exit_code: int
    log: str
    commands: tuple[Command, ...]
    outputs: Mapping[str, str]
    summary: str
    files: Mapping[str, str]
    workspace: Path

    @property
    def annotations(self) -> list[tuple[str, int]]:
        """Where each error on a line stands."""
        return [
            (command.properties["file"], int(command.properties["line"]))
            for command in self.commands
            if command.name == "error" and "file" in command.properties
        ]

    @property
    def report(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.workspace / self.outputs["report-json"]).read_text(encoding="utf-8"))
        return data


def _unescape(text: str, *, is_property: bool = False) -> str:
    pairs = [("%0D", "\r"), ("%0A", "\n"), *([("%3A", ":"), ("%2C", ",")] if is_property else []), ("%25", "%")]
    for escaped, character in pairs:
        text = text.replace(escaped, character)
    return text


def parse_commands(log: str) -> tuple[Command, ...]:
    """Read the commands out of a log, as the runner does: by lines, however they end."""
    found = []
    for line in re.split(r"\r\n|\r|\n", log):
        match = _V2.match(line.strip()) or _V1.search(line)
        if match:
            pairs = (pair.partition("=") for pair in (match["properties"] or "").split(",") if "=" in pair)
            properties = {key.strip(): _unescape(value, is_property=True) for key, _, value in pairs}
            found.append(Command(match["name"], properties, _unescape(match["data"])))
    return tuple(found)


def parse_file_command(text: str) -> dict[str, str]:
    """Read `name=value` and heredoc entries of a file command."""
    values: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, heredoc, delimiter = line.partition("<<")
        if heredoc:
            value = []
            for inner in lines:
                if inner == delimiter:
                    break
                value.append(inner)
            values[name] = "\n".join(value)
        elif "=" in line:
            name, _, value_text = line.partition("=")
            values[name] = value_text
    return values


@dataclass
class Runner:
    """Runs the action on a workspace."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def environ(self, workspace: Path, inputs: Mapping[str, str]) -> dict[str, str]:
        """Give the environment that the runner makes for a container action."""
        files = self.folder / "_runner_file_commands"
        files.mkdir(exist_ok=True)
        commands = {}
        for variable in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"):
            commands[variable] = str(files / f"{variable.lower()}_5b1c")
            Path(commands[variable]).write_text("")
        event = self.folder / "event.json"
        if not event.exists():
            event.write_text("{}")
        declared = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
        values = {name: data["default"] for name, data in declared.items()} | dict(inputs)
        home = self.folder / "_github_home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_REPOSITORY": "octo/orders",
            "GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567",
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_ACTOR": "octocat",
            "GITHUB_TRIGGERING_ACTOR": "octocat",
            "GITHUB_WORKFLOW": "pipeline",
            "GITHUB_JOB": "test",
            "GITHUB_RUN_ID": "42",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": "https://api.github.com",
            "RUNNER_TEMP": str(self.folder),
            **commands,
            **{f"INPUT_{name.upper()}": value for name, value in values.items()},
            **{name: os.environ[name] for name in os.environ if name.startswith(_HANDED_ON)},
            **self.environment,
        }

    def start(self, workspace: Path, inputs: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """Start the entrypoint."""
        return subprocess.Popen(
            [sys.executable, "-I", str(ENTRYPOINT)],
            env=self.environ(workspace, inputs),
            cwd=workspace,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def finish(self, process: "subprocess.Popen[bytes]", workspace: Path) -> Step:
        """Wait for the end and read what there is to read."""
        log = process.communicate(timeout=240)[0].decode("utf-8", "replace")
        return self.read(process.returncode, log, workspace)

    def read(self, exit_code: int, log: str, workspace: Path) -> Step:
        """Read what the step has left."""
        files = {path.name: path.read_text() for path in (self.folder / "_runner_file_commands").iterdir()}
        return Step(
            exit_code=exit_code,
            log=log,
            commands=parse_commands(log),
            outputs=parse_file_command(files["github_output_5b1c"]),
            summary=files["github_step_summary_5b1c"],
            files=files,
            workspace=workspace,
        )

    def run(self, workspace: Path, **inputs: str) -> Step:
        """Run the action to its end; inputs are named with underscores."""
        named = {name.replace("_", "-"): value for name, value in inputs.items()}
        return self.finish(self.start(workspace, named), workspace)
