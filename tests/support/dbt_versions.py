"""What a test of dbt needs of the dbt that is installed: most run on each, these say why not."""

from importlib.metadata import PackageNotFoundError, version

import pytest


def _major(package: str) -> int:
    try:
        return int(version(package).split(".")[0])
    except PackageNotFoundError:
        return 0


def version_1_alone(why: str) -> pytest.MarkDecorator:
    """Skip a test where dbt is of version 2, run by its command line."""
    return pytest.mark.skipif(_major("dbt-core") != 1, reason=f"dbt 1 alone: {why}")
