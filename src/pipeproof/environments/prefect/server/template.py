"""The database that every server starts from: migrated once for a version of Prefect, then copied.

It is looked for beside the interpreter (an image builds it there) and then in the user's cache folder, where it is
kept when it had to be made. `python -m pipeproof.environments.prefect [FOLDER]` makes it ahead of time.
"""

import contextlib
import os
import shutil
import sqlite3
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from pipeproof import environ
from pipeproof.variables import CACHE_DIR


def find_template() -> Path:
    """Where the template for the installed Prefect is, or, where there is none yet, is to be kept."""
    name = template_name()
    prepared = (folder / name for folder in (shared_folder(), _folder_beside_package()))
    return next((place for place in prepared if place.exists()), cache_folder() / name)


def template_name() -> str:
    """The template's file name: migrations and block types change with Prefect's version, and with nothing else."""
    return f"prefect-{version('prefect')}.sqlite"


def shared_folder() -> Path:
    """Return the folder beside the interpreter, for an image or an environment that was prepared."""
    return Path(sys.prefix) / "share" / "pipeproof"


def _folder_beside_package() -> Path:
    """Return the folder of the environment that pipeproof is installed in.

    It is another one than the interpreter's where a project's requirements are laid over the image's.
    """
    # PREFIX/lib/python3.x/site-packages/pipeproof/environments/prefect/server/template.py
    return Path(__file__).parents[6] / "share" / "pipeproof"


def cache_folder() -> Path:
    """Return the user's folder: `PIPEPROOF_CACHE_DIR`, or the platform's place for caches."""
    if chosen := CACHE_DIR.read():
        return chosen
    home = Path(environ.get("HOME") or Path.home())
    default = home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"
    return Path(environ.get("XDG_CACHE_HOME") or default) / "pipeproof"


def keep_template(database: Path, place: Path) -> Path:
    """Keep a freshly migrated database as the template; it appears whole or not at all.

    Returns:
        Where it is: `place`, or, where that cannot be written, a file beside `database`.
    """
    compact = database.with_name("compact.sqlite")
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM INTO ?", (str(compact),))
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=place.parent, prefix=place.name)
        os.close(handle)
        try:
            shutil.copyfile(compact, partial)
            Path(partial).chmod(0o644)
            Path(partial).replace(place)
        except OSError:
            Path(partial).unlink(missing_ok=True)
            raise
        return place
    return compact
