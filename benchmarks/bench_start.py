"""How long a job waits for its first test: from the start of a container to the first line of examples/orders.

    bench_start.py [IMAGE…] [--base BASE] [--rounds 3]

For each image the action as the runner starts it, with all inputs at their defaults; for BASE, a plain image of
Python, what a job does without one: `pip install` of the project, then pytest as it comes. That runs the tests that
need nothing of pipeproof. Rounds are alternated, and the best of each is shown, with what it consists of. Seconds of
the clock mean little on a busy machine: beside them stand those of the processors, where the engine lets them be
read (buildah: the container's processes are ours).
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "orders"
CERTIFICATES = Path("/etc/ssl/certs")
ACTION = {
    "the entrypoint": r"Install the project",
    "the requirements": r"Run the tests",
    "pytest": r"test session starts",
    "the first test": r"^(\S*/)?test_\w+\.py",
}
PLAIN = {
    "venv": r"^made a venv",
    "pip": r"^installed",
    "pytest": r"test session starts",
    "the first test": r"^(\S*/)?test_\w+\.py",
}
SCRIPT = """
set -e
cp -r . /tmp/project && cd /tmp/project
python3 -m venv /tmp/venv && echo made a venv
/tmp/venv/bin/pip install --quiet --disable-pip-version-check --no-cache-dir -e '.[test]' && echo installed
exec /tmp/venv/bin/python -u -m pytest tests/test_validation.py tests/test_handlers.py tests/test_storage.py
"""


@dataclass(frozen=True)
class Start:
    """One start: when each part was done, in seconds since the beginning, and the processors' seconds in all."""

    parts: Mapping[str, float]
    processors: float

    @property
    def seconds(self) -> float:
        return list(self.parts.values())[-1]


def engine() -> str:
    """Return the engine that there is: docker, podman or buildah."""
    for program in ("docker", "podman"):
        if shutil.which(program) and not subprocess.run([program, "info"], capture_output=True, check=False).returncode:
            return program
    return "buildah"


@contextmanager
def container(image: str, workspace: Path, plain: bool) -> Iterator[Sequence[str]]:
    """Give the command that starts a container in the workspace."""
    places = {workspace: "/github/workspace", CERTIFICATES: f"{CERTIFICATES}:ro"}
    given = [word for host, inside in places.items() if host.exists() for word in ("--volume", f"{host}:{inside}")]
    names = {"SSL_CERT_FILE": CERTIFICATES / "ca-certificates.crt", "PYTHONUNBUFFERED": "1", "INPUT_TITLE": "Start"}
    given += [word for name, value in names.items() for word in ("--env", f"{name}={value}")]
    program = engine()
    if program != "buildah":
        entry = ["--entrypoint", "sh"] if plain else []
        script = ["-c", SCRIPT] if plain else []
        yield [program, "run", "--rm", "--workdir", "/github/workspace", *given, *entry, image, *script]
        return
    made = subprocess.run(["buildah", "from", "--pull-never", image], check=True, capture_output=True, text=True)
    name = made.stdout.strip()
    inside = ["sh", "-c", SCRIPT] if plain else ["/opt/pipeproof/bin/python", "-I", "/entrypoint.py"]
    try:
        yield [
            "buildah",
            "run",
            "--isolation",
            "chroot",
            "--workingdir",
            "/github/workspace",
            *given,
            name,
            "--",
            *inside,
        ]
    finally:
        subprocess.run(["buildah", "rm", name], check=True, capture_output=True)


def count_processors(root: int) -> float:
    """Return the processors' seconds of a process and all that it has started, those that have ended included."""
    parents, ticks = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number = int(stat.parent.name)
        parents[number], ticks[number] = int(fields[1]), sum(map(int, fields[11:15]))
    family = {root}
    while more := {number for number, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(ticks.get(number, 0) for number in family) / os.sysconf("SC_CLK_TCK")


def measure(image: str, marks: Mapping[str, str]) -> Start:
    """Start a container, and end it when its first test has said something."""
    plain = marks is PLAIN
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder, "orders")
        shutil.copytree(EXAMPLE, workspace, ignore=shutil.ignore_patterns("__pycache__", "pipeproof-report", "target"))
        for path in (Path(folder), workspace, *workspace.rglob("*")):
            os.chown(path, 1001, 1001)
        with container(image, workspace, plain) as command:
            began, parts, waiting = time.monotonic(), {}, list(marks.items())
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
            ) as run:
                assert run.stdout
                said = b""
                while waiting and (read := os.read(run.stdout.fileno(), 4096)):
                    said += read
                    while waiting and re.search(waiting[0][1], said.decode(errors="replace"), re.MULTILINE):
                        parts[waiting.pop(0)[0]] = time.monotonic() - began
                processors = count_processors(run.pid)
                os.killpg(run.pid, signal.SIGKILL)
            if waiting:
                raise SystemExit(f"{image} did not come to {waiting[0][0]}:\n{said.decode(errors='replace')[-2000:]}")
    return Start(parts, processors)


def show(image: str, start: Start) -> None:
    """Print a start, and what it consists of."""
    print(f"\n{image}: {start.seconds:.1f} s to the first test, {start.processors:.1f} s of the processors")
    before = 0.0
    for name, at in start.parts.items():
        print(f"  {at - before:6.1f} s  {name}")
        before = at


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", nargs="*", metavar="IMAGE")
    parser.add_argument("--base", help="a plain image of Python")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if not given.images:
        print("no image is named: `make image`, then bench_start.py localhost/pipeproof:latest")
    wanted = [(image, ACTION) for image in given.images] + ([(given.base, PLAIN)] if given.base else [])
    best: dict[str, Start] = {}
    for _ in range(given.rounds):
        for image, marks in wanted:
            start = measure(image, marks)
            best[image] = min(start, best.get(image, start), key=lambda one: one.processors or one.seconds)
    for image, start in best.items():
        show(image, start)


if __name__ == "__main__":
    main()
