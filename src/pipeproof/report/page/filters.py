"""The page's filters: hidden until its script shows them, since without it they would do nothing."""

from itertools import islice

from pipeproof.report.page.catalogue import ORDER, Catalogue, headline
from pipeproof.report.page.markup import Markup, element
from pipeproof.report.wording import counted
from pipeproof.results.model import Run

_CHOICES = 500
_WORDS = 90


def show_filters(run: Run, known: Catalogue) -> Markup:
    """Show what the tests can be filtered by: words, outcome, module, cause."""
    statuses = [result.status for result in run.results]
    counts = {status: statuses.count(status) for status in ORDER}
    boxes = [
        element("label", element("input", type="checkbox", name="status", value=status.value, checked=True),
                f" {status.value} ({count})")
        for status, count in counts.items() if count
    ]  # fmt: skip
    modules = [
        element("option", _short(module), value=number) for module, number in islice(known.modules.items(), _CHOICES)
    ]
    causes = [
        element("option", _short(f"{number}: {headline(cause.failure)} ({counted(len(cause.members), 'test')})"),
                value=number)
        for number, cause in islice(enumerate(known.causes, 1), _CHOICES)
    ]  # fmt: skip
    return element(
        "div",
        element("h2", "Filter", class_="unseen"),
        element(
            "label", "Search ", element("input", type="search", id="words", autocomplete="off", spellcheck="false")
        ),
        element("fieldset", element("legend", "Outcome"), *boxes),
        _choice("module", "Module", modules) if len(known.modules) > 1 else None,
        _choice("cause", "Cause", causes) if len(known.causes) > 1 else None,
        element("button", "Show all", type="button", id="reset"),
        element("output", id="shown", aria_live="polite"),
        id="filters",
        role="search",
        aria_label="Filter the tests",
        hidden=True,
    )


def _choice(key: str, label: str, options: list[Markup]) -> Markup:
    every = element("option", "all", value="")
    return element("label", f"{label} ", element("select", every, *options, id=key))


def _short(words: str) -> str:
    return words if len(words) <= _WORDS else f"{words[: _WORDS - 1]}…"
