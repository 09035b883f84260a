"""The image, run as GitHub's runner runs it, with whichever engine there is. `make test-image` builds it first."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from actions_runner import Runner

RUNNER_UID = 1001
"""Whom the workspace belongs to on GitHub's machines."""

_CERTIFICATES = Path("/etc/ssl/certs")
"""What this machine trusts; where packages come through a proxy, the image has to trust it as well."""


class Engine(Protocol):
    """What runs containers here."""

    def configuration(self, image: str) -> Mapping[str, Any]:
        """Give the image's configuration, as the OCI image specification names its fields."""

    def command(
        self, image: str, *, volumes: Mapping[Path, str], environment: Mapping[str, str], entrypoint: str | None
    ) -> AbstractContextManager[Sequence[str]]:
        """Give the command that runs a container; arguments go behind it."""


@dataclass(frozen=True)
class Docker:
    """docker, or podman, which has the same words."""

    program: str

    def configuration(self, image: str) -> Mapping[str, Any]:
        output = subprocess.run([self.program, "image", "inspect", image], check=True, capture_output=True).stdout
        config: Mapping[str, Any] = json.loads(output)[0]["Config"]
        return config

    @contextmanager
    def command(
        self, image: str, *, volumes: Mapping[Path, str], environment: Mapping[str, str], entrypoint: str | None
    ) -> Iterator[Sequence[str]]:
        other = ["--entrypoint", entrypoint] if entrypoint else []
        # The imitated services are on this machine's loopback.
        yield [self.program, "run", "--rm", "--network", "host", *_options(volumes, environment), *other, image]


@dataclass(frozen=True)
class Buildah:
    """buildah, which needs no daemon and no namespaces."""

    def _run(self, *arguments: str) -> str:
        command = ["buildah", "--storage-driver", os.environ.get("STORAGE_DRIVER", "overlay"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def configuration(self, image: str) -> Mapping[str, Any]:
        config: Mapping[str, Any] = json.loads(self._run("inspect", "--type", "image", image))["Docker"]["config"]
        return config

    @contextmanager
    def command(
        self, image: str, *, volumes: Mapping[Path, str], environment: Mapping[str, str], entrypoint: str | None
    ) -> Iterator[Sequence[str]]:
        container = self._run("from", "--pull-never", image)
        start = [entrypoint] if entrypoint else self.configuration(image)["Entrypoint"]
        driver = os.environ.get("STORAGE_DRIVER", "overlay")
        options = [*_options(volumes, environment), container, "--", *start]
        try:
            yield ["buildah", "--storage-driver", driver, "run", "--isolation", "chroot", *options]
        finally:
            self._run("rm", container)


def _options(volumes: Mapping[Path, str], environment: Mapping[str, str]) -> list[str]:
    mounts = [f"{host}:{inside}" for host, inside in volumes.items()]
    return [
        *(word for mount in mounts for word in ("--volume", mount)),
        *(word for name, value in environment.items() for word in ("--env", f"{name}={value}")),
    ]


def _engine() -> Engine | None:
    for program in ("docker", "podman"):
        if shutil.which(program) and not subprocess.run([program, "info"], capture_output=True).returncode:
            return Docker(program)
    return Buildah() if shutil.which("buildah") else None


@dataclass
class Image:
    """The image under test."""

    name: str
    engine: Engine

    @property
    def configuration(self) -> Mapping[str, Any]:
        return self.engine.configuration(self.name)

    def run(
        self,
        *arguments: str,
        workspace: Path | None = None,
        environment: Mapping[str, str] | None = None,
        volumes: Mapping[Path, str] | None = None,
        entrypoint: str | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a container to its end; what it prints is in `stdout`."""
        mounts = {**({workspace: "/github/workspace"} if workspace else {}), **(volumes or {})}
        with self.engine.command(
            self.name, volumes=mounts, environment=environment or {}, entrypoint=entrypoint
        ) as command:
            return subprocess.run(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=600,
            )


@dataclass
class ContainerRunner(Runner):
    """Runs the action as the runner does a container action: its folders are mounted below `/github`."""

    image: Image | None = None
    volumes: dict[Path, str] = field(default_factory=dict)

    def run(self, workspace: Path, **inputs: str) -> Any:
        assert self.image
        names = {"_runner_file_commands": "file_commands", "_github_home": "home", "_github_workflow": "workflow"}
        (self.folder / "_github_workflow").mkdir(exist_ok=True)
        (self.folder / "_github_workflow" / "event.json").write_text("{}")
        outside = self.environ(workspace, {name.replace("_", "-"): value for name, value in inputs.items()})
        inside = {
            name: value
            for name, value in outside.items()
            if name not in {"PATH", "LANG"} and not name.startswith(("PIP_", "SSL_", "REQUESTS_"))
        }
        for outer, inner in (*names.items(), ("", "runner_temp")):
            inside = {
                name: value.replace(str(self.folder / outer), f"/github/{inner}") for name, value in inside.items()
            }
        inside |= {"GITHUB_WORKSPACE": "/github/workspace", "GITHUB_EVENT_PATH": "/github/workflow/event.json"}
        if os.geteuid() == 0:  # all of it is the runner's user's, like the workspace
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, RUNNER_UID, RUNNER_UID)
        self.folder.chmod(0o755)
        volumes = {self.folder: "/github/runner_temp"}
        volumes |= {self.folder / outer: f"/github/{inner}" for outer, inner in names.items()} | self.volumes
        if (_CERTIFICATES / "ca-certificates.crt").exists():
            volumes[_CERTIFICATES] = f"{_CERTIFICATES}:ro"
            inside["SSL_CERT_FILE"] = str(_CERTIFICATES / "ca-certificates.crt")
        done = self.image.run(workspace=workspace, environment=inside, volumes=volumes)
        return self.read(done.returncode, done.stdout, workspace)


@pytest.fixture(scope="session")
def image() -> Image:
    """The image named by `PIPEPROOF_IMAGE`."""
    name = os.environ.get("PIPEPROOF_IMAGE")
    if not name:
        pytest.skip("PIPEPROOF_IMAGE names no image: run `make test-image`")
    engine = _engine()
    if engine is None:
        pytest.fail("there is no docker, podman or buildah to run the image with")
    return Image(name, engine)


@pytest.fixture
def container_runner(tmp_path: Path, image: Image) -> ContainerRunner:
    folder = tmp_path / "runner"
    folder.mkdir()
    return ContainerRunner(folder, image=image)


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[..., Path]:
    """Make a workspace, of files or from a folder, that belongs to the runner's user where we may say so."""

    def make(files: Mapping[str, str] | None = None, *, copy_of: Path | None = None) -> Path:
        folder = tmp_path / "workspace"
        if copy_of:
            ignored = shutil.ignore_patterns("__pycache__", ".pytest_cache", "pipeproof-report", "target", "logs")
            shutil.copytree(copy_of, folder, ignore=ignored)
        for name, text in (files or {}).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        folder.chmod(0o755)
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, RUNNER_UID, RUNNER_UID)
        return folder

    return make
