"""The Dockerfile says of the package what its metadata says."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_image__labels_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    labels = dict(re.findall(r'opencontainers\.image\.(\w+)="([^"]*)"', (ROOT / "Dockerfile").read_text()))

    assert (labels["title"], labels["version"], labels["licenses"]) == (
        project["name"],
        project["version"],
        project["license"],
    )


def test_image__runs_a_python_that_the_package_is_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    base = re.search(r"^ARG BASE=\S+/python:(\d+\.\d+)-", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert base
    assert f"Programming Language :: Python :: {base[1]}" in project["classifiers"]


def test_image__is_given_all_that_it_copies() -> None:
    """What `.dockerignore` does not let through cannot be copied."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    copied = {
        name
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }

    assert copied <= allowed
    assert all((ROOT / name).exists() for name in allowed)
