"""What a test of dbt needs of the dbt that is installed: most run on each, these say why not."""

from importlib.metadata import PackageNotFoundError, version

import pytest
from packaging.version import Version


def _major(package: str) -> int:
    try:
        return int(version(package).split(".")[0])
    except PackageNotFoundError:
        return 0


def version_1_alone(why: str) -> pytest.MarkDecorator:
    """Skip a test where dbt is of version 2, run by its command line."""
    return pytest.mark.skipif(_major("dbt-core") != 1, reason=f"dbt 1 alone: {why}")


def since(wanted: str, why: str, package: str) -> pytest.MarkDecorator:
    """Skip a test where a package of dbt's version 1 is older than that; dbt 2 has no such packages."""
    try:
        old = Version(version(package)) < Version(wanted)
    except PackageNotFoundError:
        old = False
    return pytest.mark.skipif(old, reason=f"{package} before {wanted}: {why}")


def given_to_test(arguments: str) -> str:
    """Return what a generic test is given as this dbt reads it: below `arguments`, or beside before dbt-core 1.10.5."""
    try:
        beside = Version(version("dbt-core")) < Version("1.10.5")
    except PackageNotFoundError:  # dbt 2 has a distribution of another name
        beside = False
    return arguments if beside else f"arguments: {{{arguments}}}"
