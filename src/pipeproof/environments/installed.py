"""Says in one line what has to be installed, where what an environment is made of is not."""

from importlib.util import find_spec

from pipeproof.errors import SetupError


def require(what: str, extra: str, *modules: str) -> None:
    """Make sure that there is what an environment needs.

    Args:
        what: Its name, such as `Prefect`.
        extra: The extra of pipeproof that brings it.
        modules: What is imported of it; the first is the package that a project's requirements would name.

    Raises:
        SetupError: A module is not installed.
    """
    __tracebackhide__ = True
    missing = next((name for name in modules if not is_installed(name)), None)
    if missing is not None:
        named = what if missing == modules[0] else f"{missing}, which {what} needs here,"
        raise SetupError(not_installed(named, extra, missing))


def not_installed(what: str, extra: str, package: str) -> str:
    """Return the line that says that something is not installed, and what to do about it."""
    return f"{what} is not installed: install pipeproof[{extra}], or add {package} to the requirements"


def is_installed(module: str) -> bool:
    """Return whether a module could be imported; it is not."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
