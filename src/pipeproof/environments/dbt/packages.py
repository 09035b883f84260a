"""Where a project's packages are: as `dbt deps` installs them."""

from functools import cache
from pathlib import Path

import yaml


@cache
def find_packages(project_dir: Path) -> str:
    """Where a project's packages are installed, relative to it: dbt's `packages-install-path`."""
    try:
        settings = yaml.safe_load((project_dir / "dbt_project.yml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        settings = None
    known = settings if isinstance(settings, dict) else {}
    return str(known.get("packages-install-path") or known.get("modules-path") or "dbt_packages")
