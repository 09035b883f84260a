"""Installing the project's own requirements, into an environment laid over the one that pipeproof runs from.

The overlay holds only what differs: versions that are there already are preferred, the project's pins win, and
pipeproof's own bounds are part of the same resolution, so that the plugin still works in what comes out. Nothing is
installed where nothing is missing.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distribution, distributions, version
from pathlib import Path, PurePath
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeproof.errors import SetupError
from pipeproof.inputs import Install
from pipeproof.sandbox.manifests import read_pipfile_lock, read_poetry, stale_in_lock
from pipeproof.sandbox.python import PythonEnvironment, base_environment
from pipeproof.untrusted import Folder, read_file, read_text

_OVERLAY = "environment"
"""The folder of the environment that is laid over the base."""

BUILD_BACKENDS = Path(sys.prefix, "share", "pipeproof", "build-backends")
"""Where the image keeps wheels of build backends: a project that lacks nothing else is built without the network."""

RunUv = Callable[[Sequence[str]], tuple[int, str]]
"""Runs uv with these arguments, in the project, as the tests' user; gives its exit status and what it printed."""

_FLAGS_WITH_VALUE = frozenset({
    "--config-setting", "--config-settings", "--default-index", "--exclude-newer", "--extra-index-url", "--find-links",
    "--index", "--index-strategy", "--index-url", "--keyring-provider", "--no-binary", "--no-build-package",
    "--no-build-isolation-package", "--only-binary", "--prerelease", "--resolution", "-C", "-f", "-i",
})  # fmt: skip
_FLAGS_OF_REQUIREMENTS = {
    "-r": "-r", "--requirement": "-r", "--requirements": "-r", "-c": "-c", "--constraint": "-c", "--constraints": "-c",
    "-e": "-e", "--editable": "-e",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a project asks for: lines of a requirements file, flags for uv, and where they were found."""

    source: str
    lines: tuple[str, ...]
    flags: tuple[str, ...] = ()
    note: str | None = None
    """What the user should know of what is installed."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the install step writes.

    Attributes:
        own: A folder that only the supervisor writes to, and all can read.
        shared: A folder that the tests' user owns.
        give_folder: Makes a folder of that name with these files, and gives it to the tests' user.
    """

    own: Path
    shared: Path
    give_folder: Callable[[str, Mapping[str, str]], Path]


FILES = (
    "uv.lock", "requirements-test.txt", "requirements.txt", "pyproject.toml", "Pipfile.lock", "setup.py", "setup.cfg",
)  # fmt: skip
"""The files in which a project's requirements are looked for, in this order."""


def install_project(install: Install, project: Path, places: Places, run_uv: RunUv) -> PythonEnvironment:
    """Install what the project asks for.

    Raises:
        SetupError: with the resolver's words.
    """
    base = base_environment()
    asked = requirements_of(install, project, run_uv)
    if asked is None:
        said = f"no file says what the project needs: neither {', '.join(FILES[:-1])} nor {FILES[-1]}"
        return replace(base, note=said) if install.mode == "auto" else base
    present: dict[str, str] = {canonicalize_name(found.name): found.version for found in distributions() if found.name}
    overlay = places.shared / _OVERLAY
    # The overlay is made before anything of the project's runs (a build backend does), so that no link of its making
    # lies in the way of what is written here.
    _uv(run_uv, asked, ["venv", "--quiet", "--python", str(base.python), str(overlay)])
    _lay_over_base(places.shared)
    missing = projects = _missing_projects(asked, base, places, run_uv)
    if missing is None:
        missing = list(_missing(_resolve(asked, base, present, project, places, run_uv), present))
    if not missing:
        return replace(base, note=asked.note)
    listed = _note(places, "missing.txt", missing)
    python = overlay / "bin" / "python"
    command = ["pip", "install", "--python", str(python), "--no-deps", *asked.flags, "-r", str(listed)]
    if projects is None or run_uv([*command, *_without_network()])[0]:
        _uv(run_uv, asked, command)
    names = tuple(re.split(r"\s*[;\\]", block, maxsplit=1)[0] for block in missing)
    return PythonEnvironment(python, (python.parent, *base.scripts), names, asked.note)


def _missing_projects(asked: Requirements, base: PythonEnvironment, places: Places, run_uv: RunUv) -> list[str] | None:
    """Tell, without the network, whether nothing is missing but the project itself.

    Returns:
        The editable requirements to install, `None` where something else is missing as well.
    """
    wanted = _note(places, "asked.in", asked.lines)
    command = ["pip", "install", "--dry-run", *_without_network(), "--python", str(base.python)]
    status, output = run_uv([*command, *asked.flags, "-r", str(wanted)])
    changes = [line for line in output.splitlines() if line.startswith((" + ", " - ", " ~ "))]
    editable = [line for line in asked.lines if line.startswith("-e ")]
    if status or len(changes) > len(editable) or not all(re.match(r" \+ \S+ @ file:", line) for line in changes):
        return None
    return editable if changes else []


def _without_network() -> tuple[str, ...]:
    """Give uv's flags for what needs nothing from elsewhere, but for a build backend that lies here."""
    return ("--offline", *(("--find-links", str(BUILD_BACKENDS)) if BUILD_BACKENDS.is_dir() else ()))


def _resolve(
    asked: Requirements,
    base: PythonEnvironment,
    present: Mapping[str, str],
    project: Path,
    places: Places,
    run_uv: RunUv,
) -> Iterator[str]:
    """Resolve what is asked for, together with pipeproof's own bounds, to exact versions."""
    wanted = _note(places, "requirements.in", (*asked.lines, *own_requirements()))
    # What stands in the output file already is preferred where the requirements allow it. A build backend may have run
    # by now, so the file is made where it could leave nothing.
    preferred = "".join(f"{name}=={number}\n" for name, number in sorted(present.items()))
    resolved = places.give_folder("resolved", {"requirements.txt": preferred}) / "requirements.txt"
    hashes = ("--generate-hashes",) if _has_hashes(asked.lines, project) else ()
    _uv(
        run_uv,
        asked,
        [
            "pip", "compile", "--python", str(base.python), "--no-header", "--no-annotate", "--no-emit-index-url",
            *hashes, "--output-file", str(resolved), *asked.flags, str(wanted),
        ],
    )  # fmt: skip
    return _blocks(read_text(resolved, root=resolved.parent))


def _note(places: Places, name: str, lines: Iterable[str]) -> Path:
    """Write lines for uv to read, where only the supervisor writes."""
    with Folder.at(places.own) as own:
        own.put(name, "".join(f"{line}\n" for line in lines).encode())
    return places.own / name


def requirements_of(install: Install, project: Path, run_uv: RunUv) -> Requirements | None:
    """Find what the project asks for; `None` where it asks for nothing."""
    if install.mode == "none":
        return None
    if install.mode == "arguments":
        return parse_arguments(install.arguments, project)
    if (project / "uv.lock").is_file():
        return _locked(project, run_uv)
    for name in ("requirements-test.txt", "requirements.txt"):
        if (project / name).is_file():
            return Requirements(name, (f"-r {project / name}",))
    declared = _pyproject(project)
    if "project" not in declared:
        return _other_tools(project, declared)
    extras = declared["project"].get("optional-dependencies", {})
    groups = declared.get("dependency-groups", {})
    flags = ("--group", f"{project / 'pyproject.toml'}:test") if "test" in groups else ()
    if "build-system" not in declared and not (project / "setup.py").exists():
        # A project that is not built has dependencies and is imported from where it lies.
        lines = [*declared["project"].get("dependencies", ()), *extras.get("test", ())]
        return Requirements("pyproject.toml", tuple(lines), flags)
    return Requirements("pyproject.toml", (f"-e {project}{'[test]' if 'test' in extras else ''}",), flags)


def _other_tools(project: Path, declared: Mapping[str, Any]) -> Requirements | None:
    """Find what Pipenv, Poetry or setuptools says of a project; `None` where none of them does.

    Raises:
        SetupError: What it says cannot be installed from here, and why.
    """
    if (project / "Pipfile.lock").is_file():
        return Requirements("Pipfile.lock", read_pipfile_lock(read_text(project / "Pipfile.lock")))
    if (project / "Pipfile").is_file():
        raise SetupError(
            "the project has a Pipfile and no Pipfile.lock, which alone is read",
            hint="Run `pipenv lock` and commit the result, or set `install`.",
        )
    if "poetry" in declared.get("tool", {}):
        note = read_poetry(declared)
        return Requirements("pyproject.toml, by Poetry", (f"-e {project}",), note=note)
    for name in ("setup.py", "setup.cfg"):
        text = read_text(project / name) if (project / name).is_file() else ""
        if (name == "setup.py" and text) or "[metadata]" in text or "[options]" in text:
            return Requirements(name, (f"-e {project}",))
    return None


def parse_arguments(arguments: Sequence[str], project: Path) -> Requirements:
    """Read arguments of `uv pip install`: requirements and files of them, and flags that are passed on."""

    def place(flag: str, value: str) -> str:
        # A file that another names is looked for beside that one, and ours does not lie in the project.
        return f"{flag} {value if flag == '-e' or '://' in value else project / value}"

    lines: list[str] = []
    flags: list[str] = []
    pending = iter(arguments)
    for argument in pending:
        name, given, value = argument.partition("=")
        if argument in _FLAGS_OF_REQUIREMENTS:
            lines.append(place(_FLAGS_OF_REQUIREMENTS[argument], next(pending, "")))
        elif given and name in _FLAGS_OF_REQUIREMENTS and name.startswith("--"):
            lines.append(place(_FLAGS_OF_REQUIREMENTS[name], value))
        elif argument[:2] in {"-r", "-c", "-e"} and not argument.startswith("--"):
            lines.append(place(argument[:2], argument[2:]))
        elif argument.startswith("-"):
            flags.append(argument)
            if argument in _FLAGS_WITH_VALUE:
                flags.append(next(pending, ""))
        else:
            lines.append(argument)
    return Requirements("install", tuple(lines), tuple(flags))


def own_requirements() -> tuple[str, ...]:
    """Give pipeproof's own bounds, with those of each extra that is installed: the plugin must work in the outcome."""
    try:
        declared = [Requirement(text) for text in distribution("pipeproof").requires or ()]
    except PackageNotFoundError:
        return ()
    extras = {extra for requirement in declared for extra in _extras_of(requirement)}
    complete = {
        extra
        for extra in extras
        if all(_is_installed(requirement) for requirement in declared if extra in _extras_of(requirement))
    }
    lines = []
    for requirement in declared:
        wanted_by = _extras_of(requirement)
        if (not wanted_by or wanted_by & complete) and canonicalize_name(requirement.name) != "pipeproof":
            requirement.marker = None
            lines.append(str(requirement))
    return tuple(lines)


def _extras_of(requirement: Requirement) -> set[str]:
    return set(re.findall(r"extra == ['\"]([^'\"]+)['\"]", str(requirement.marker or "")))


def _is_installed(requirement: Requirement) -> bool:
    try:
        version(requirement.name)
    except PackageNotFoundError:
        return False
    return True


def _locked(project: Path, run_uv: RunUv) -> Requirements:
    """Take the versions that `uv.lock` holds, with the `test` extra and group where there are such."""
    declared = _pyproject(project)
    chosen = []
    if "test" in declared.get("project", {}).get("optional-dependencies", {}):
        chosen += ["--extra", "test"]
    if "test" in declared.get("dependency-groups", {}):
        chosen += ["--group", "test"]
    status, output = run_uv(["export", "--frozen", "--no-header", "--no-annotate", "--no-hashes", *chosen])
    if status:
        raise SetupError(f"uv.lock could not be read:\n{output.strip()}", hint="Run `uv lock` and commit the result.")
    stale = stale_in_lock(read_text(project / "uv.lock"), declared)
    note = (
        f"uv.lock does not fit pyproject.toml, which asks for {', '.join(stale)}: what the lock says is installed. "
        "Run `uv lock` and commit the result."
    )
    lines = tuple(line for line in output.splitlines() if line.strip())
    return Requirements("uv.lock", lines, note=note if stale else None)


def _pyproject(project: Path) -> Mapping[str, Any]:
    path = project / "pyproject.toml"
    try:
        return tomllib.loads(read_file(path).decode()) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise SetupError(f"{path.name}: {error}", hint="Mend the file, or set `install`.") from error


def _uv(run_uv: RunUv, asked: Requirements, arguments: Sequence[str]) -> None:
    status, output = run_uv(arguments)
    if status:
        hint = "pipeproof's own bounds are part of the resolution; `install: none` leaves what is there."
        if "Permission denied" in output:
            hint = (
                "Building wrote to the project, as a user who may not: see whom the workspace belongs to (never root)."
            )
        if "Git executable not found" in output:
            hint = (
                "The image has no git: build a wheel in a step before this one and add `--find-links` to `install`,"
                " or make an image of your own from this one, with git."
            )
        raise SetupError(
            f"the project's requirements ({asked.source}) could not be installed:\n{output.strip()}", hint=hint
        )


def _has_hashes(lines: Sequence[str], project: Path) -> bool:
    files = (project / line[3:].strip() for line in lines if line.startswith("-r "))
    return any("--hash=" in read_text(file) for file in files if file.is_file())


def _blocks(text: str) -> Iterator[str]:
    """Give the requirements of a file, each with its continuation lines."""
    block: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        block.append(line)
        if not line.rstrip().endswith("\\"):
            yield "\n".join(block)
            block = []


def _missing(blocks: Iterator[str], present: Mapping[str, str]) -> Iterator[str]:
    """Leave out what is there already in that very version."""
    for block in blocks:
        match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", block)
        if not match or present.get(canonicalize_name(match[1])) != match[2]:
            yield block


def _lay_over_base(shared: Path) -> None:
    """Make the base's packages importable in the overlay, after the overlay's own."""
    packages = PurePath(_OVERLAY, "lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")
    behind = [entry for entry in sys.path if Path(entry).name in {"site-packages", "dist-packages"}]
    lines = [f"import site; site.addsitedir({entry!r})" for entry in behind]
    with Folder.below(shared, packages) as own:
        own.put("_pipeproof_base.pth", "".join(f"{line}\n" for line in lines).encode())
