"""The place of a failure, out of the text of its traceback: pytest's, Python's own, Java's, Go's, JavaScript's.

Python names the innermost frame last, the others name it first. As in a run of our own it is the innermost frame
inside the workspace that counts; a place that the message itself begins with (a line of a model, a state of a
definition) comes before it.
"""

import re
from collections.abc import Iterator

from pipeproof.results.reading.sources import Sources

Place = tuple[str, int]

_PATH = r"(?:[A-Za-z]:)?[^\s:()\"'<>|*?]{1,400}"
_PYTEST = re.compile(rf"(?P<file>{_PATH}):(?P<line>\d{{1,7}}): ?(?:\Z|in |[A-Za-z_][\w.]*\Z)")
"""`tests/test_orders.py:12: AssertionError`, and `tests/helpers.py:5: in check` of the short style."""
_PYTHON = re.compile(r'(?:E?[ \t]*|  \| +)File "(?P<file>[^"\n]{1,400})", line (?P<line>\d{1,7})')
"""Also the outermost level of an exception group; what is inside of one is indented deeper."""
_OWN = re.compile(rf"\A(?P<file>{_PATH}):(?P<line>\d{{1,7}}): (?:call|setup|teardown|collect|crash|session)\b")
"""What pipeproof's own JUnit begins with."""
_MESSAGE = re.compile(rf"\A(?:[A-Za-z_][\w.]*: )?(?P<file>{_PATH}\.\w{{1,10}}):(?P<line>\d{{1,7}})(?::\d+)?\b")
_JAVA = re.compile(
    r"^[ \t]*at (?P<where>[\w.$/<>@-]{1,400})\.[\w$<>]+\((?P<file>[\w$-]+\.\w{1,10}):(?P<line>\d{1,7})\)", re.MULTILINE
)
_OTHERS = re.compile(
    r"(?<![^\s(\"'@=])(?P<file>(?:[A-Za-z]:[\\/]|file://)?[^\s:()\"'<>|*?`]{1,400}\.(?:[cm]?[jt]sx?|go|rb|rs|php|cs|c|cc|cpp|h|hpp|vue|kts?|"
    r"java|scala|groovy|py|sql|ya?ml|json|feature|swift|exs?))(?::(?P<line>\d{1,7})|\((?P<line2>\d{1,7})[,)])"
)
_LIMIT = 64 * 1024
_FRAMES = 500


def find_place(message: str, text: str, sources: Sources, hint: str | None = None) -> Place | None:
    """Return the file, relative to the workspace, and the line that a failure belongs to; `None` where none is known.

    Args:
        message: The failure's message.
        text: The text of its traceback; of a long one its start and its end are read.
        sources: Those of the workspace.
        hint: A file of which the failure most likely is, where one of several frames is in it.
    """
    if (own := _OWN.match(text)) and not own["file"].startswith(("/", "..")):
        return own["file"], int(own["line"])
    if (told := _MESSAGE.match(message)) and (file := sources.find(told["file"])):
        return file, int(told["line"])
    if len(text) > 2 * _LIMIT:
        text = f"{text[:_LIMIT]}\n{text[-_LIMIT:]}"
    return _innermost_of_python(text, sources) or _first_of_java(text, sources) or _first_of_others(text, sources, hint)


def _innermost_of_python(text: str, sources: Sources) -> Place | None:
    for match, _ in zip(_frames_of_python(text), range(_FRAMES), strict=False):
        if file := sources.find(match["file"]):
            return file, int(match["line"])
    return None


def _frames_of_python(text: str) -> Iterator[re.Match[str]]:
    """Yield the lines that name a place, from the end: mostly the last line does, and the others need not be read."""
    end = len(text)
    while end >= 0:
        start = text.rfind("\n", 0, end) + 1
        if match := _PYTEST.match(text, start, end) or _PYTHON.match(text, start, end):
            yield match
        end = start - 1


def _first_of_java(text: str, sources: Sources) -> Place | None:
    for match, _ in zip(_JAVA.finditer(text), range(_FRAMES), strict=False):
        where = match["where"].rpartition("/")[2]  # `app//com.acme.OrdersTest` of a named class loader
        package = where.rpartition(".")[0].replace(".", "/")
        if file := sources.find(f"{package}/{match['file']}" if package else match["file"]):
            return file, int(match["line"])
    return None


def _first_of_others(text: str, sources: Sources, hint: str | None) -> Place | None:
    found: Place | None = None
    for match, _ in zip(_OTHERS.finditer(text), range(_FRAMES), strict=False):
        file = sources.find(match["file"].removeprefix("file://"))
        if file and (hint is None or file == hint):
            return file, int(match["line"] or match["line2"])
        if file and found is None:
            found = (file, int(match["line"] or match["line2"]))
    return found
