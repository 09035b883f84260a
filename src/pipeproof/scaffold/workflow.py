"""The workflow that runs a project's tests on GitHub: it calls the reusable one (docs/how-to/workflow.md)."""

from pipeproof.home import REPOSITORY, format_reference

PLACE = ".github/workflows/pipeline-tests.yml"
"""Where it is written, below the repository's root."""

_WORKFLOW = """\
name: Pipeline tests

on:
  push:
    branches: [main]
  pull_request:

permissions: {{}}

jobs:
  pipeline:
    permissions: {{actions: read, attestations: write, contents: read, id-token: write, pull-requests: write}}
    uses: {repository}/.github/workflows/pipeline-tests.yml@{reference}
    with:
      baseline: auto
      pr-comment: on-failure
{inputs}"""


def render_workflow(directory: str = ".") -> str:
    """Return the workflow.

    Args:
        directory: The project, below the repository's root.
    """
    inputs = "" if directory == "." else f"      working-directory: {directory}\n"
    return _WORKFLOW.format(repository=REPOSITORY, reference=format_reference(), inputs=inputs)
