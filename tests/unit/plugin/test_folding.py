"""The output of a failing flow is about the user's lines."""

from types import SimpleNamespace

import pytest

from pipeproof.plugin.folding import fold, fold_text

ENGINE = "/venv/lib/python3.11/site-packages/prefect/engine.py"
FRAME = '  File "{file}", line 3, in run\n    call()\n    ^^^^^^\n'
HEAD = "Traceback (most recent call last):\n"


def traceback(*files, error="KeyError: 'no'\n"):
    return HEAD + "".join(FRAME.format(file=file) for file in files) + error


@pytest.mark.parametrize(
    ("files", "folded"),
    [
        ((ENGINE, ENGINE, "/w/flows.py"), "  … 2 frames: prefect\n" + FRAME.format(file="/w/flows.py")),
        (("/w/flows.py", ENGINE), FRAME.format(file="/w/flows.py") + "  … 1 frame: prefect\n"),
        (
            (ENGINE, ENGINE.replace("prefect", "anyio"), ENGINE, "/w/a.py"),
            "  … 3 frames: prefect, anyio\n" + FRAME.format(file="/w/a.py"),
        ),
        (("/w/flows.py",), FRAME.format(file="/w/flows.py")),
    ],
)
def test_fold_text__frames_of_packages(files, folded):
    """Runs of them become one line each; all else stays as it is."""
    text = f"12:00 | ERROR | before\n{{}}12:01 | INFO | {ENGINE}\n"
    assert fold_text(text.format(traceback(*files))) == text.format(f"{HEAD}{folded}KeyError: 'no'\n")


def test_fold_text__traceback_that_is_shown():
    """It is printed once."""
    text = traceback(ENGINE, "/w/a.py") + "between\n" + traceback("/w/b.py", error="ValueError: other\n")
    folded = fold_text(text, {"KeyError: 'no'"})
    assert folded.startswith("  … its traceback is the one above\nbetween\n")
    assert folded.endswith("ValueError: other\n")


def entry(path, *lines):
    return SimpleNamespace(
        reprfileloc=SimpleNamespace(path=path), lines=list(lines), reprfuncargs=None, reprlocals=None
    )


def report(entries, sections=()):
    chain = [(SimpleNamespace(reprentries=entries), SimpleNamespace(message="KeyError: 'no'"), None)]
    return SimpleNamespace(longrepr=SimpleNamespace(chain=chain), sections=list(sections))


def test_fold__entries():
    """Ours are left out, those of packages counted; of one that raises in a package the line stays."""
    ours = fold.__code__.co_filename
    entries = [
        entry(ours),
        entry(ENGINE),
        entry("/w/a.py"),
        entry(ENGINE),
        entry(ENGINE, "    def f():", ">   x", "E  no"),
    ]
    fold(report(entries), [])
    assert [found.lines for found in entries] == [["  … 1 frames: prefect".replace("frames", "frame")], [],
        ["  … 1 frame: prefect"], [">   x", "E  no"]]  # fmt: skip


@pytest.mark.parametrize(
    ("logger", "printed", "kept"),
    [("prefect.flow_runs", "12:00 | read 3 rows", False), ("mine", "read 3 rows", True), ("prefect.x", "other", True)],
)
def test_fold__log_that_is_printed_too(logger, printed, kept):
    """It is shown once, unless some of it would be lost."""
    record = SimpleNamespace(name=logger, getMessage=lambda: "read 3 rows")
    shown = report([], [("Captured stderr call", printed), ("Captured log call", "read 3 rows")])
    fold(shown, [record])
    assert [name for name, _ in shown.sections] == ["Captured stderr call"] + ["Captured log call"] * kept


def test_fold__lines_of_the_log_that_the_error_has():
    """They are shown once, each with its traceback's mark; what else was printed stays."""
    message = "E\n  12:00:01 | INFO    | flow a-b - Beginning\n  12:00:02 | ERROR   | task load-1 - failed: no | 1"
    printed = [
        "12:00:00.001 | INFO    | Flow run 'a-b' - Beginning\n",  # another second: another line
        "12:00:01.001 | INFO    | Flow run 'a-b' - Beginning\n",
        "mine\n",
        "12:00:02.500 | ERROR   | Task run 'load-1' - failed: no | 1\n",
        traceback(ENGINE, "/w/a.py"),
        "12:00:02.500 | ERROR   | Task run 'load-1' - failed: no | 2\n",
    ]
    shown = report([], [("Captured stderr call", "".join(printed))])
    shown.longrepr.chain.append((SimpleNamespace(reprentries=[]), SimpleNamespace(message=message), None))
    fold(shown, None)
    assert shown.sections == [
        ("Captured stderr call", "  … 2 lines of the log, shown above\n" + printed[0] + printed[2] + printed[5])
    ]
