"""Sources: which files are the user's own."""

import os
from functools import lru_cache
from pathlib import Path

_STANDARD_LIBRARY = str(Path(os.__file__).parent)


@lru_cache(maxsize=4096)
def is_users(file: str, workspace: str) -> bool:
    """Tell whether a file is the user's own: in the workspace, and in none of its virtual environments."""
    if file.startswith("<"):  # `<frozen os>`, `<string>`: no file at all
        return False
    path = Path(file)
    root = Path(workspace)
    if not path.is_absolute() and not path.exists():  # an extension's, built elsewhere: `pyarrow/error.pxi`
        return False
    if not path.is_relative_to(root):
        path = path.resolve()
        if not path.is_relative_to(root):
            return False
    if str(path).startswith(_STANDARD_LIBRARY) or {"site-packages", "dist-packages"} & set(path.parts):
        return False
    between = path.relative_to(root).parents
    return not any((root / folder / "pyvenv.cfg").exists() for folder in between) and path.suffix != ".pyc"
