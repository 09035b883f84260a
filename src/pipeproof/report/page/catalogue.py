"""The tests on the page: by what they are told apart, and a row for each of them.

What can be filtered has `data-status`, `data-module` and `data-cause`: each a list of words, of which one has to be
asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pipeproof.report.page.markup import Markup, code, element, frame, text
from pipeproof.report.wording import duration, first_line, tell
from pipeproof.results.causes import Cause
from pipeproof.results.model import Failure, Run, Status, TestResult

_HEADLINE = 300
_LINKED = 5
_TABLE = 1_000
"""Bytes of a table without its rows, and of what follows it."""
ORDER = (Status.ERROR, Status.FAILED, Status.FLAKY, Status.SKIPPED, Status.PASSED)
"""The worst first."""
_SIGNS = {Status.ERROR: "✗", Status.FAILED: "✗", Status.FLAKY: "≈", Status.SKIPPED: "○", Status.PASSED: "✓"}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What tests can be told apart by: the numbers of modules and of causes.

    Attributes:
        modules: Each module's number.
        causes: What failed, in the order of its rank.
        causes_of: The numbers of a test's causes, from 1, by its node id.
    """

    modules: Mapping[str, int]
    causes: Sequence[Cause]
    causes_of: Mapping[str, Sequence[int]]

    def words_of(self, *results: TestResult) -> dict[str, str]:
        """Return the attributes by which tests are filtered."""
        modules = {self.modules[module_of(result)]: None for result in results}
        causes = {cause: None for result in results for cause in self.causes_of.get(result.id, ())}
        return {
            "data_status": " ".join(dict.fromkeys(result.status.value for result in results)),
            "data_module": " ".join(map(str, modules)),
            "data_cause": " ".join(map(str, causes)),
        }


def catalogue(run: Run, causes: Sequence[Cause]) -> Catalogue:
    """Number the modules and the causes of a run."""
    modules = {module: number for number, module in enumerate(dict.fromkeys(map(module_of, run.results)), 1)}
    causes_of: dict[str, list[int]] = {}
    for number, cause in enumerate(causes, 1):
        for result, _ in cause.members:
            causes_of.setdefault(result.id, []).append(number)
    return Catalogue(modules, causes, causes_of)


def module_of(result: TestResult) -> str:
    """Give the file of a test, or what its id begins with."""
    return result.id.partition("::")[0]


def headline(failure: Failure) -> str:
    """Say in one line what a failure says."""
    return tell(failure, _HEADLINE)


def show_tests(run: Run, known: Catalogue, shown_causes: int, room: int) -> list[Markup]:
    """Show a row for each test, those that failed first, in at most `room` bytes, with links to the causes shown."""
    if not run.results:
        return []
    room -= _TABLE
    said = any(result.failures or result.reason for result in run.results)
    ordered = (result for status in ORDER for result in run.results if result.status is status)
    rows: list[Markup] = []
    for row in _rows(ordered, known, shown_causes, said=said):
        room -= len(row.encode())
        if room < 0:
            break
        rows.append(row)
    names = ("outcome", "test", *(("what it said",) if said else ()))
    head = [
        *(element("th", name, scope="col") for name in names),
        element("th", "duration", scope="col", class_="number"),
    ]
    caption = element("caption", "All tests", class_="unseen")
    table, body = frame("table", class_="every"), frame("tbody")
    made = [table[0], caption, element("thead", element("tr", *head)), body[0], *rows, body[1], table[1]]
    left = len(run.results) - len(rows)
    more = f"… and {left} more, which would make the page too large: report.json has all."
    return [*made, element("p", more)] if left else made


@cache
def _outcome(status: Status) -> Markup:
    return element("td", f"{_SIGNS[status]} {status.value}", class_=status.value)


def _rows(results: Iterable[TestResult], known: Catalogue, shown_causes: int, *, said: bool) -> Iterator[Markup]:
    for result in results:
        causes = known.causes_of.get(result.id, ())
        told = ""
        if said:
            links = [f'<a href="#cause-{at}">cause {at}</a>' for at in causes[:_LINKED] if at <= shown_causes]
            words = headline(result.failures[0]) if result.failures else first_line(result.reason or "", _HEADLINE)
            told = f"<td>{text(words)}{' ' if words and links else ''}{', '.join(links)}</td>"
        # Put together here and not of elements: it is most of what a large page is made of.
        yield Markup(
            f'<tr data-status="{result.status}" data-module="{known.modules[module_of(result)]}" '
            f'data-cause="{" ".join(map(str, causes))}">{_outcome(result.status)}<td>{code(result.id)}</td>{told}'
            f'<td class="number">{duration(result.duration)}</td></tr>'
        )
