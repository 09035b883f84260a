"""`python -m pipeproof.environments.prefect [FOLDER]`: make the template database ahead of time.

An image does this when it is built, so that the first run need not. Without a folder the template is kept beside the
interpreter, for everybody who uses it.
"""

import sys
from pathlib import Path

from pipeproof.environments.prefect.server import template
from pipeproof.environments.prefect.server.launcher import Launcher


def main(arguments: list[str]) -> None:
    """Make the template and print where it is."""
    folder = Path(arguments[0]) if arguments else template.shared_folder()
    place = folder / template.template_name()
    with Launcher.started(template=place) as launcher:
        made = launcher.wait_ready()
    if made != place:
        sys.exit(f"cannot write to {folder}")
    print(place)


if __name__ == "__main__":
    main(sys.argv[1:])
