"""The identity of a test in another tool's report: its node id, and the file that defines it.

pytest's JUnit names a class `tests.test_orders.TestLate`; where the workspace has `tests/test_orders.py` (or the file
is told) the test gets the node id that pytest gives it, so that its earlier runs know it. Tests of other tools are
named `file::class::name`, with what of it is told.
"""

from functools import cache

from pipeproof.results.reading.sources import Sources

_JVM = (".java", ".kt", ".scala", ".groovy")


class Names:
    """Gives tests their node ids.

    Args:
        sources: Those of the workspace.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self.prefix = cache(self._prefix)

    def _prefix(self, file: str | None, classname: str, suite: str) -> tuple[str, str | None]:
        """Return what stands before `::name` in the node ids of a class, and the file that defines it.

        Args:
            file: The file as the report tells it, where it does.
            classname: The class as the report names it; may be empty.
            suite: The suite's name, for a test without a class.
        """
        known = self._known(file) if file else None
        if known is None or known.endswith(".py"):
            python = self._python(known, classname)
            if python:
                return python
        if known is None and classname:
            known = self._of_class(classname)
            return classname, known
        if known is None:
            return suite or "(no suite)", None
        return (f"{known}::{classname}" if classname else known), known

    def module(self, name: str) -> str | None:
        """Return the file of a dotted module that pytest could not collect; `None` where it is none."""
        file = "/".join(name.split(".")) + ".py" if name.replace(".", "_").isidentifier() else name
        return self._sources.find(file) if file.endswith(".py") else None

    def _known(self, file: str) -> str | None:
        """Return a told file relative to the workspace; one that is not found there is named as it was told."""
        return self._sources.find(file) or file.replace("\\", "/").removeprefix("./") or None

    def _python(self, file: str | None, classname: str) -> tuple[str, str] | None:
        """Divide a dotted name into a file of Python's and the classes in it."""
        parts = classname.split(".")
        if file:
            module = file.removesuffix(".py").replace("/", ".")
            for count in range(len(parts), 0, -1):
                head = ".".join(parts[:count])
                if module == head or module.endswith(f".{head}"):
                    return "::".join([file, *parts[count:]]), file
            return None
        if not all(part.isidentifier() for part in parts):
            return None
        for count in range(len(parts), 0, -1):
            name = "/".join(parts[:count]) + ".py"
            looks_so = parts[count - 1].startswith("test_") or parts[count - 1].endswith("_test")
            found = self._sources.find(name) if self._sources.known else name if looks_so else None
            if found:
                return "::".join([found, *parts[count:]]), found
        return None

    def _of_class(self, classname: str) -> str | None:
        """Return the file of a class of the JVM's: `com/acme/OrdersTest.java`, in whatever source folder."""
        outer = classname.partition("$")[0].replace(".", "/")
        return next((found for suffix in _JVM if (found := self._sources.find(outer + suffix))), None)
