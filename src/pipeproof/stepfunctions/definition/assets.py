"""Definitions that a template has in S3, found where they were before: beside the template, or among CDK's assets.

Source: AWS CDK's cloud assembly: `Stack.assets.json` beside `Stack.template.json` says which file of the folder becomes
which object.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def find_asset(template: Path, location: Mapping[str, Any]) -> Path | None:
    """Return the local file of an object in S3 that a template names (`Key`), or None where there is none."""
    key = location.get("Key")
    if not isinstance(key, str):
        return None
    folder = template.parent
    for path in (*_of_manifests(folder, key), folder / f"asset.{key}", folder / key):
        if path.is_file():
            return path
    return None


def _of_manifests(folder: Path, key: str) -> Iterator[Path]:
    for manifest in sorted(folder.glob("*.assets.json")):
        try:
            files = json.loads(manifest.read_text(encoding="utf-8")).get("files") or {}
        except (OSError, ValueError, AttributeError):
            continue
        for entry in files.values():
            targets = (entry.get("destinations") or {}).values()
            path = (entry.get("source") or {}).get("path")
            if isinstance(path, str) and any(target.get("objectKey") == key for target in targets):
                yield folder / path


def find_ignoring_case(path: Path) -> Path | None:
    """Return the file that a path names but for the case of its letters, as disks of macOS and Windows find it."""
    folder = path.parent
    if not folder.is_dir():
        found = find_ignoring_case(folder)
        if found is None or not found.is_dir():
            return None
        folder = found
    return next((entry for entry in sorted(folder.iterdir()) if entry.name.lower() == path.name.lower()), None)
