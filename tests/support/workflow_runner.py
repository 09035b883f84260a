"""An imitation of GitHub's service: runs the jobs of a reusable workflow as their steps stand.

It knows what this repository's own workflow uses: jobs that need each other, conditions, outputs, a matrix, `run` with
bash, the action of a checkout, artifacts and caches (folders here), and `actions/attest`, whose inputs it keeps.
Anything else is an error, so that a step that is not understood is not passed over.
"""

import fnmatch
import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from actions_runner import ROOT, Runner, parse_file_command
from workflow_expressions import Functions, as_text, fill, is_true

from pipeproof.home import REPOSITORY

COMMIT = "0123456789abcdef0123456789abcdef01234567"
"""As in [Runner][]'s environment."""


@dataclass
class Ran:
    """A job, or one of a matrix, and what came of it."""

    result: str = "success"
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    attested: dict[str, Any] | None = None


@dataclass
class Service:
    """What outlives a job: the repository, artifacts of this run, caches of all.

    Attributes:
        folder: Where all of it lies.
        repository: The caller's files.
        environment: Added to the environment of all steps.
    """

    folder: Path
    repository: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    run_id: str = "42"

    def call(self, workflow: Path, **given: Any) -> dict[str, list[Ran]]:
        """Call a reusable workflow; give what came of each job, of a matrix of each of its jobs."""
        document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        declared = document[True]["workflow_call"]["inputs"]  # YAML 1.1 reads `on` as a boolean
        assert given.keys() <= declared.keys(), given.keys() - declared.keys()
        inputs = {name: each.get("default") for name, each in declared.items()} | given
        done: dict[str, list[Ran]] = {}
        while len(done) < len(document["jobs"]):
            name = next(
                name
                for name, job in document["jobs"].items()
                if name not in done and all(need in done for need in _needs(job))
            )
            done[name] = self._run_job(name, document["jobs"][name], inputs, done)
        return done

    def _run_job(
        self, name: str, job: Mapping[str, Any], inputs: Mapping[str, Any], done: Mapping[str, list[Ran]]
    ) -> list[Ran]:
        needs = {need: {"result": _worst(done[need]), "outputs": _outputs(done[need])} for need in _needs(job)}
        good = all(need["result"] == "success" for need in needs.values())
        contexts = {"inputs": inputs, "needs": needs, "github": self._github(), "runner": {"os": "Linux"}, "matrix": {}}
        contexts["job"] = {"workflow_repository": REPOSITORY, "workflow_sha": "f" * 40}
        functions = _functions(good=good)
        if not is_true(str(job.get("if", "success()")), contexts, functions):
            return [Ran("skipped")]
        matrix = fill(job.get("strategy", {}).get("matrix", {}), contexts, functions)
        assert len(matrix) <= 1, "one dimension is enough here"
        cells = [{key: value} for key, values in matrix.items() for value in values] or [{}]
        jobs = []
        for number, cell in enumerate(cells):
            folder = self.folder / self.run_id / f"{name}-{number}"
            jobs.append(_Job(self, name, folder, contexts | {"matrix": cell, "steps": {}}).run(job))
        return jobs

    def _github(self) -> dict[str, str]:
        return {"run_id": self.run_id, "run_attempt": "1", "token": "", "sha": COMMIT, "repository": "octo/orders"}

    def make_workspace(self) -> Path:
        """Return an empty workspace: each job has a machine of its own, and all have it in the same place."""
        workspace = self.folder / "workspace"
        shutil.rmtree(workspace, ignore_errors=True)
        workspace.mkdir(parents=True)
        return workspace

    @property
    def artifacts(self) -> Path:
        """The artifacts of this run, a folder each."""
        return self.folder / self.run_id / "artifacts"

    @property
    def caches(self) -> Path:
        """The caches, a folder each."""
        return self.folder / "caches"


def _needs(job: Mapping[str, Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else needs


def _worst(ran: list[Ran]) -> str:
    return next((one.result for one in ran if one.result != "success"), "success")


def _outputs(ran: list[Ran]) -> dict[str, str]:
    return {name: value for one in ran for name, value in one.outputs.items()}


def _functions(*, good: bool, workspace: Path | None = None) -> Functions:
    def hash_files(*patterns: str) -> str:
        assert workspace is not None
        files = sorted({file for pattern in patterns for file in workspace.glob(pattern) if file.is_file()})
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest() if files else ""

    return {
        "success": lambda: good,
        "failure": lambda: not good,
        "always": lambda: True,
        "cancelled": lambda: False,
        "fromJSON": json.loads,
        "format": lambda text, *values: text.format(*map(as_text, values)),
        "hashFiles": hash_files,
    }


class _Job:
    """One job on a machine of its own: an empty workspace, then its steps."""

    def __init__(self, service: Service, name: str, folder: Path, contexts: dict[str, Any]) -> None:
        self._service, self._name, self._contexts = service, name, contexts
        self._folder, self._workspace = folder, service.make_workspace()
        self._folder.mkdir(parents=True)
        self._ran = Ran()

    def run(self, job: Mapping[str, Any]) -> Ran:
        """Run the steps; one that fails ends those that do not ask to go on."""
        assert "permissions" in job, f"{self._name} would have all the rights of its caller"
        for number, step in enumerate(job["steps"]):
            functions = _functions(good=self._ran.result == "success", workspace=self._workspace)
            if not is_true(str(step.get("if", "success()")), self._contexts, functions):
                outcome, outputs = "skipped", {}
            else:
                succeeded, outputs = self._run_step(number, fill(step, self._contexts, functions))
                outcome = "success" if succeeded else "failure"
            if outcome == "failure":
                self._ran.result = "failure"
            if "id" in step:
                self._contexts["steps"][step["id"]] = {"outcome": outcome, "outputs": outputs}
        self._ran.outputs = {
            name: as_text(fill(value, self._contexts, _functions(good=True)))
            for name, value in job.get("outputs", {}).items()
        }
        return self._ran

    def _run_step(self, number: int, step: Mapping[str, Any]) -> tuple[bool, Mapping[str, str]]:
        given = {name: as_text(value) for name, value in step.get("with", {}).items()}
        if "run" in step:
            assert step["shell"] == "bash"
            return self._run_bash(number, step)
        uses, _, version = step["uses"].partition("@")
        if uses.startswith("./"):
            return self._run_action(number, uses, given, step.get("env", {}))
        assert len(version) == 40, f"{step['uses']} is not pinned"
        what = getattr(self, "_" + uses.removeprefix("actions/").replace("/", "_").replace("-", "_"))
        return True, what(given) or {}

    def _runner(self, number: int, environment: Mapping[str, Any]) -> Runner:
        folder = self._folder / f"step-{number}"
        folder.mkdir()
        texts = {name: as_text(value) for name, value in environment.items()}
        own = {"GITHUB_RUN_ID": self._service.run_id, "GITHUB_JOB": self._name}
        return Runner(folder, {**self._service.environment, **own, **texts})

    def _run_bash(self, number: int, step: Mapping[str, Any]) -> tuple[bool, Mapping[str, str]]:
        runner = self._runner(number, step.get("env", {}))
        environ = runner.environ(self._workspace, {})
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        process = subprocess.run(shell, env=environ, cwd=self._workspace, capture_output=True, text=True, check=False)
        self._ran.log += process.stdout + process.stderr
        return process.returncode == 0, parse_file_command(Path(environ["GITHUB_OUTPUT"]).read_text())

    def _run_action(
        self, number: int, uses: str, given: Mapping[str, str], environment: Mapping[str, Any]
    ) -> tuple[bool, Mapping[str, str]]:
        declared = yaml.safe_load((self._workspace / uses / "action.yml").read_text())["inputs"]
        assert given.keys() <= declared.keys(), given.keys() - declared.keys()
        runner = self._runner(number, environment)
        ran = runner.finish(runner.start(self._workspace, given), self._workspace)
        self._ran.log += ran.log
        return ran.exit_code == 0, ran.outputs

    def _checkout(self, given: Mapping[str, str]) -> None:
        assert given["persist-credentials"] == "false"
        if "repository" not in given:
            assert not any(self._workspace.iterdir()), "a checkout empties the workspace"
            shutil.copytree(self._service.repository, self._workspace, dirs_exist_ok=True)
            return
        assert (given["repository"], given["ref"]) == (REPOSITORY, "f" * 40)
        (self._workspace / given["path"]).mkdir()
        shutil.copy(ROOT / "action.yml", self._workspace / given["path"])

    def _upload_artifact(self, given: Mapping[str, str]) -> None:
        target, source = self._service.artifacts / given["name"], self._workspace / given["path"]
        if not source.exists():
            assert given.get("if-no-files-found") != "error", f"{source} is not there"
            return
        assert given.get("overwrite") == "true" or not target.exists(), f"{target.name} is there already"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*"))

    def _download_artifact(self, given: Mapping[str, str]) -> None:
        target = self._workspace / given["path"]
        if "name" in given:
            shutil.copytree(self._service.artifacts / given["name"], target, dirs_exist_ok=True)
            return
        for artifact in sorted(self._service.artifacts.iterdir()):
            if fnmatch.fnmatch(artifact.name, given["pattern"]):
                shutil.copytree(artifact, target / artifact.name)

    def _cache_restore(self, given: Mapping[str, str]) -> dict[str, str]:
        keys = [given["key"], *given.get("restore-keys", "").split()]
        found = [
            cache
            for key in keys
            for cache in sorted(self._service.caches.glob("*"), key=lambda cache: -cache.stat().st_mtime)
            if cache.name.startswith(key)
        ]
        outputs = {"cache-primary-key": given["key"], "cache-hit": "", "cache-matched-key": ""}
        if found:
            shutil.copytree(found[0], self._workspace / given["path"], dirs_exist_ok=True)
            outputs |= {"cache-hit": as_text(found[0].name == given["key"]), "cache-matched-key": found[0].name}
        return outputs

    def _cache_save(self, given: Mapping[str, str]) -> None:
        target = self._service.caches / given["key"]
        if not target.exists():  # a cache is never changed
            shutil.copytree(self._workspace / given["path"], target)

    def _attest(self, given: Mapping[str, str]) -> None:
        for subject in given["subject-path"].split():
            assert (self._workspace / subject).is_file(), subject
        predicate = json.loads((self._workspace / given["predicate-path"]).read_text())
        commit = (self._workspace / "commit").read_text()
        self._ran.attested = {"type": given["predicate-type"], "predicate": predicate, "commit": commit}
