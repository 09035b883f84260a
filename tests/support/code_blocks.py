"""The code blocks of the documentation, and what each can be held to."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

from pipeproof.home import REPOSITORY

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "examples/*/README.md", "findings/README.md")
    for path in ROOT.glob(pattern)
)


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        page: The page, below the repository's root.
        line: The line of its first fence.
        language: The word behind the fence; empty where there is none, or no fence.
        title: The file that it is, where it says so.
    """

    page: str
    line: int
    language: str
    title: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def read_blocks(page: Path) -> list[Block]:
    """Read the code blocks of a page, in their order."""
    name = page.relative_to(ROOT).as_posix()
    blocks = []
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type in {"fence", "code_block"}:
            assert token.map
            language, _, words = token.info.partition(" ")
            title = re.fullmatch(r'title="([^"]+)"', words)
            assert title or not words, f"{name}:{token.map[0] + 1}: {words}"
            blocks.append(Block(name, token.map[0] + 1, language, title[1] if title else "", token.content))
    return blocks


BLOCKS = [block for page in PAGES for block in read_blocks(page)]


def of_language(*languages: str) -> list[Block]:
    """Give the blocks of some languages."""
    return [block for block in BLOCKS if block.language in languages]


def write_titled(page: Path, folder: Path) -> list[Block]:
    """Write the blocks of a page that are files into a folder; give the others."""
    others = []
    for block in read_blocks(page):
        if not block.title:
            others.append(block)
            continue
        file = folder / block.title
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, encoding="utf-8")
    return others


def as_workflow(content: Any) -> dict[str, Any] | None:
    """Make a whole workflow of a piece of one; `None` where it is no such piece.

    A list is steps, a mapping with `steps` a job, one with jobs in it those of a workflow, and permissions alone are a
    workflow's. What a job is said to need is there as a job that does nothing.
    """
    machine = {"runs-on": "ubuntu-latest"}
    if isinstance(content, list):
        steps = all(isinstance(step, dict) and step.keys() & {"uses", "run"} for step in content)
        return as_workflow({"steps": content}) if steps else None
    if not isinstance(content, dict):
        return None
    if "steps" in content:
        buildkite = any("command" in step for step in content["steps"])
        return None if buildkite else as_workflow({"jobs": {"job": machine | content}})
    if content and all(isinstance(job, dict) and "runs-on" in job for job in content.values()):
        needed = {job["needs"]: machine | {"steps": [{"run": "true"}]} for job in content.values() if "needs" in job}
        return as_workflow({"jobs": needed | content})
    if "jobs" not in content:
        if content.keys() != {"permissions"}:
            return None
        content = {"jobs": {"job": machine | {"steps": [{"run": "true"}]}}, **content}
    # YAML 1.1 reads `on` as a boolean.
    events = content.get(True, "push")
    return {"on": events} | {name: value for name, value in content.items() if name is not True}


def list_uses(workflow: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give what a workflow calls of this repository, the part of it that is meant, and its inputs."""
    for job in workflow["jobs"].values():
        for step in [job, *job.get("steps", [])]:
            name, _, _ = str(step.get("uses", "")).partition("@")
            if name == REPOSITORY or name.startswith(REPOSITORY + "/"):
                yield name.removeprefix(REPOSITORY).lstrip("/"), step.get("with", {})


def load_yaml(text: str) -> Any:
    """Read a block of YAML as what it is; CloudFormation's tags are passed over."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda loader, suffix, node: f"!{suffix}")
    return yaml.load(text, Loader)  # of a safe loader


def list_commands(script: str) -> Iterator[list[str]]:
    """Give the commands of a shell's script as words, one a line, without the variables that are set before them."""
    for line in script.splitlines():
        words = shlex.split(line, comments=True)
        while words and re.match(r"\w+=", words[0]):
            words.pop(0)
        if words:
            yield words
