"""Cobertura XML of what the tests exercised: state machines and dbt models as files with lines.

A definition is a file whose lines are its states, with their branches as Cobertura's conditions; a model is a file of
one line. Format: Cobertura's coverage-04.dtd, as GitLab, Azure and the actions that draw it on GitHub read it.
"""

import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from pipeproof.report.coverage import Unit
from pipeproof.results.junit import xml_text

_DOCTYPE = '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'


def render_cobertura(units: Sequence[Unit], workspace: Path, started: float) -> str | None:
    """Render the units that stand in files; None where none does.

    Args:
        units: What could be covered.
        workspace: The folder that files are named from.
        started: Seconds since the epoch.
    """
    files: dict[str, list[Unit]] = {}
    for unit in units:
        if unit.file and not unit.file.startswith("/"):
            files.setdefault(unit.file, []).append(unit)
    if not files:
        return None
    root = ElementTree.Element("coverage", version="1", timestamp=str(round((started or time.time()) * 1000)))
    ElementTree.SubElement(ElementTree.SubElement(root, "sources"), "source").text = xml_text(workspace.as_posix())
    packages = ElementTree.SubElement(root, "packages")
    for folder in sorted({str(PurePosixPath(file).parent) for file in files}):
        package = ElementTree.SubElement(packages, "package", name=xml_text(folder))
        classes = ElementTree.SubElement(package, "classes")
        own = {file: found for file, found in sorted(files.items()) if str(PurePosixPath(file).parent) == folder}
        for file, found in own.items():
            _add_class(classes, file, found)
        _set_rates(package, [unit for found in own.values() for unit in found])
    _set_rates(root, [unit for found in files.values() for unit in found], counts=True)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{_DOCTYPE}\n{ElementTree.tostring(root, encoding='unicode')}\n"


def _add_class(classes: ElementTree.Element, file: str, units: Sequence[Unit]) -> None:
    name = xml_text(PurePosixPath(file).name)
    element = ElementTree.SubElement(classes, "class", name=name, filename=xml_text(file))
    ElementTree.SubElement(element, "methods")
    _set_rates(element, units)
    lines = ElementTree.SubElement(element, "lines")
    for number in sorted({unit.line or 1 for unit in units}):
        here = [unit for unit in units if (unit.line or 1) == number]
        branches = [unit for unit in here if unit.measure == "branches"]
        hits = sum(unit.hits for unit in here if unit.measure != "branches")
        line = ElementTree.SubElement(
            lines, "line", number=str(number), hits=str(hits), branch=str(bool(branches)).lower()
        )
        if branches:
            taken = sum(1 for unit in branches if unit.hits)
            line.set("condition-coverage", f"{100 * taken // len(branches)}% ({taken}/{len(branches)})")


def _set_rates(element: ElementTree.Element, units: Sequence[Unit], *, counts: bool = False) -> None:
    lines = [unit for unit in units if unit.measure != "branches"]
    branches = [unit for unit in units if unit.measure == "branches"]
    for word, found in (("line", lines), ("branch", branches)):
        covered = sum(1 for unit in found if unit.hits)
        element.set(f"{word}-rate", f"{covered / len(found) if found else 1:.4f}")
        if counts:
            plural = {"line": "lines", "branch": "branches"}[word]
            element.set(f"{plural}-covered", str(covered))
            element.set(f"{plural}-valid", str(len(found)))
    element.set("complexity", "0")
