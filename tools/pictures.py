"""Pictures of what a run reports: its job summary, as GitHub would show it, and its page, in light and dark.

Runs the examples, takes the pictures in Chromium into a folder, and those that the documentation shows into
docs/pictures. Mermaid, which GitHub brings along, comes from npm into a folder that is kept for the next time; the
script ends where it does not draw a diagram. Needs npm, and Chromium with fonts (apt-get install chromium
fonts-dejavu-core fonts-noto-color-emoji).

    make pictures            # or: .venv/bin/python tools/pictures.py [--reuse] [folder]
"""

import argparse
import html
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page, sync_playwright

from pipeproof.report.links import Links
from pipeproof.report.page.document import render_page
from pipeproof.report.summary import render_summary
from pipeproof.results.model import Failure, Run, Status, TestResult

ROOT = Path(__file__).parents[1]
MERMAID = "mermaid@11"
WIDTH, HEIGHT = 1000, 1300
SHOWN = {
    "summary-broken-light": (0, 900),
    "page-broken-dark": (0, 900),
    "page-orders-light": ("graphs", 900),
}
"""What the documentation shows: where the picture begins, and how high it is."""

STYLE = """
body { margin: 0 auto; max-width: 920px; padding: 16px 24px; font: 14px/1.5 system-ui, "DejaVu Sans", sans-serif;
       background: #fff; color: #1f2328; overflow-wrap: break-word; }
h2 { padding-bottom: .3em; border-bottom: 1px solid #d1d9e0; font-size: 1.5em; } h3 { font-size: 1.25em; }
code, pre { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; background: #818b981f; border-radius: 6px; }
code { padding: .2em .4em; } pre { padding: 16px; overflow: auto; line-height: 1.45; }
pre.mermaid { background: none; text-align: center; }
table { border-collapse: collapse; display: block; max-width: 100%; overflow: auto; margin-bottom: 16px; }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0; } tr:nth-child(2n) { background: #f6f8fa; }
a { color: #0969da; } details { margin-bottom: 16px; }
blockquote { margin: 0; padding: 0 1em; border-left: .25em solid #d1d9e0; }
@media (prefers-color-scheme: dark) {
  body { background: #0d1117; color: #f0f6fc; } th, td, h2, blockquote { border-color: #3d444d; } a { color: #4493f8; }
  tr:nth-child(2n) { background: #151b23; } code, pre { background: #656c7633; }
}
"""
"""About what GitHub's style makes of Markdown."""

DRAW = """async (dark) => {
  mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', theme: dark ? 'dark' : 'default' });
  const failed = [];
  for (const [at, one] of [...document.querySelectorAll('pre.mermaid')].entries()) {
    one.closest('details').open = true;  // what is folded has no size
    try {
      one.innerHTML = (await mermaid.render(`diagram${at}`, one.textContent)).svg;
    } catch (error) {
      failed.push(`${one.closest('details').firstChild.textContent}: ${error}`);
    }
  }
  return [document.querySelectorAll('pre.mermaid svg').length, failed];
}"""


def main() -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description="Make pictures of the summary and the page.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(tempfile.gettempdir()) / "pipeproof-pictures")
    parser.add_argument("--reuse", action="store_true", help="take the examples' last reports")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    script = _fetch_mermaid(options.folder)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, summary, page in _reports(reuse=options.reuse):
            (options.folder / f"page-{name}.html").write_text(page, encoding="utf-8")
            (options.folder / f"summary-{name}.html").write_text(_as_github_shows(summary), encoding="utf-8")
            for kind in ("summary", "page"):
                for scheme in ("light", "dark"):
                    _take(browser, options.folder / f"{kind}-{name}.html", scheme, script)
        browser.close()


def _fetch_mermaid(folder: Path) -> Path:
    script = folder / "node_modules/mermaid/dist/mermaid.min.js"
    if not script.exists():
        subprocess.run(["npm", "install", "--silent", "--no-save", "--prefix", str(folder), MERMAID], check=True)
    return script


def _reports(*, reuse: bool) -> Iterator[tuple[str, str, str]]:
    """Yield each run's name, its summary and its page."""
    for example in ("orders", "broken"):
        report = ROOT / "examples" / example / "pipeproof-report"
        if not (reuse and report.exists()):
            command = [
                "run",
                "--directory",
                str(report.parent),
                "--title",
                f"The {example} pipeline",
                "--install",
                "none",
            ]
            subprocess.run([str(Path(sys.executable).with_name("pipeproof")), *command], check=False)
        yield example, (report / "summary.md").read_text("utf-8"), (report / "report.html").read_text("utf-8")
    many = _many_failures()
    yield (
        "many",
        render_summary(many, "The nightly pipeline", Links()),
        "".join(render_page(many, "The nightly pipeline", Links())),
    )


def _many_failures() -> Run:
    """Return a run in which 10,000 tests fail, for 2,000 reasons."""
    results = []
    for at in range(10_000):
        message = f"assert {at % 2_000} == {at % 2_000 + 1}"
        traceback = f"def test_price():\n>       assert price({at}) == {at + 1}\nE       {message}\n"
        failure = Failure("call", "AssertionError", message, traceback, f"tests/test_{at % 40}.py", at % 2_000 + 1)
        name = f"tests/test_{at % 40}.py::test_price[{at}]"
        results.append(TestResult(name, failure.file, 1, Status.FAILED, at / 5_000, failures=(failure,)))
    return Run(tuple(results), duration=312.0, started=1.8e9)


def _as_github_shows(summary: str) -> str:
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    markdown.add_render_rule("fence", _fence)
    scheme = '<meta name="color-scheme" content="light dark">'
    return f'<!DOCTYPE html><meta charset="utf-8">{scheme}<style>{STYLE}</style>{markdown.render(summary)}'


def _fence(_: Any, tokens: Any, at: int, *__: Any) -> str:
    kind = "mermaid" if tokens[at].info == "mermaid" else "code"
    return f'<pre class="{kind}">{html.escape(tokens[at].content)}</pre>'


def _take(browser: Browser, file: Path, scheme: str, script: Path) -> None:
    """Take one picture, and a smaller one for the documentation where that shows it."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": WIDTH, "height": HEIGHT})  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(file.as_uri())
    drawn = 0
    if file.name.startswith("summary"):
        page.add_script_tag(path=script)
        drawn, failed = page.evaluate(DRAW, scheme == "dark")
        if failed:
            raise SystemExit("Mermaid does not draw:\n" + "\n".join(failed))
    name = f"{file.stem}-{scheme}"
    height = min(page.evaluate("document.documentElement.scrollHeight"), 12_000)
    page.set_viewport_size({"width": WIDTH, "height": height})  # what is out of sight is not drawn
    page.screenshot(path=file.with_name(f"{name}.png"))
    print(f"{name}: {height} pixels high, {drawn} diagrams, {file.stat().st_size:,} bytes")
    if name in SHOWN:
        _show(page, name)
    context.close()


def _show(page: Page, name: str) -> None:
    start, height = SHOWN[name]
    top = page.evaluate("(id) => document.getElementById(id).getBoundingClientRect().top", start) if start else 0
    target = ROOT / "docs/pictures" / f"{name}.png"
    page.screenshot(path=target, clip={"x": 0, "y": top, "width": WIDTH, "height": height})
    print(f"  {target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
