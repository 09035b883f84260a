"""The versions that are installed, held against those that pipeproof promises to work with."""

import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, distributions, entry_points, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pipeproof.doctor.finding import Finding

_AREA = "versions"


def look_at_versions() -> Iterator[Finding]:
    """Yield what is installed of Python, pipeproof, its libraries, dbt's adapters and pytest's plugins."""
    own = distribution("pipeproof")
    yield Finding(_AREA, "ok", f"pipeproof {own.version}")
    yield _look_at_python(str(own.metadata["Requires-Python"]))
    # With its extras: what `all` brings stands there once for each of them.
    requirements = list({found.name: found for found in map(Requirement, own.requires or ())}.values())
    for requirement in requirements:
        if canonicalize_name(requirement.name) != "pipeproof":
            yield _look_at(requirement)
    listed = {canonicalize_name(requirement.name) for requirement in requirements}
    adapters = [found for found in distributions() if (found.name or "").startswith("dbt-")]
    others = sorted({f"{each.name} {each.version}" for each in adapters if canonicalize_name(each.name) not in listed})
    if others:
        yield Finding(_AREA, "ok", f"dbt beside it: {', '.join(others)}")
    plugins = {each.dist.name: each.dist.version for each in entry_points(group="pytest11") if each.dist}
    yield Finding(_AREA, "ok", f"pytest's plugins: {', '.join(f'{name} {plugins[name]}' for name in sorted(plugins))}")


def _look_at_python(wanted: str) -> Finding:
    number = platform.python_version()
    text = f"Python {number} ({sys.executable})"
    if Version(number) in Requirement(f"python{wanted}").specifier:
        return Finding(_AREA, "ok", text)
    return Finding(_AREA, "fault", f"{text}, and pipeproof needs {wanted}", "Install it with another Python.")


def _look_at(requirement: Requirement) -> Finding:
    extra = re.search(r"extra == ['\"]([^'\"]+)", str(requirement.marker or ""))
    bounds = f"{requirement.name}{requirement.specifier}"
    try:
        number = version(requirement.name)
    except PackageNotFoundError:
        if extra:
            how = f'Where its fixtures are wanted: pip install "pipeproof[{extra[1]}]"'
            return Finding(_AREA, "note", f"{requirement.name} is not installed ({extra[1]})", how)
        return Finding(_AREA, "fault", f"{requirement.name} is not installed", f'pip install "{bounds}"')
    if requirement.specifier.contains(number, prereleases=True):
        return Finding(_AREA, "ok", f"{requirement.name} {number}")
    return Finding(
        _AREA,
        "fault",
        f"{requirement.name} {number} is not what pipeproof was run with ({requirement.specifier})",
        f'pip install "{bounds}"',
    )
