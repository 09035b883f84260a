"""Where pipeproof is published: the one place that says so; tests/contract/test_home.py holds all else to it."""

from typing import Final

REPOSITORY: Final = "pipeproof/pipeproof"
"""The repository on GitHub, `owner/name`, in lower case as the registry wants it."""

IMAGE: Final = f"ghcr.io/{REPOSITORY}"
"""The image's name in the registry, without a tag or digest."""

PACKAGE: Final = "pipeproof"
"""The distribution's name on PyPI."""

RELEASE: Final = "v0.1.0"
"""The tag of the release that documentation, templates and `pipeproof init` name."""

COMMIT: Final = ""
"""That release's commit, 40 hexadecimal digits; `tools/release.py pin` sets it once there is one."""


def format_reference() -> str:
    """Return what stands behind `@` in `uses:`: the release's commit with its tag as a comment, or its tag."""
    return f"{COMMIT} # {RELEASE}" if COMMIT else RELEASE
