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


def since(wanted: str, why: str) -> pytest.MarkDecorator:
    """Skip a test where dbt-core 1 is older than that."""
    try:
        old = Version(version("dbt-core")) < Version(wanted)
    except PackageNotFoundError:  # dbt 2 has a distribution of another name
        old = False
    return pytest.mark.skipif(old, reason=f"dbt-core before {wanted}: {why}")


def takes_arguments() -> bool:
    """Return whether what a generic test is given stands below `arguments`: before dbt-core 1.10.5 it stood beside."""
    try:
        return Version(version("dbt-core")) >= Version("1.10.5")
    except PackageNotFoundError:  # dbt 2 has a distribution of another name
        return True
