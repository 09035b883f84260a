"""The workflow that runs a project's tests on GitHub: it calls the reusable one (docs/how-to/workflow.md)."""

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
    uses: OWNER/pipeproof/.github/workflows/pipeline-tests.yml@COMMIT # put a commit here that you have read
    with:
      baseline: auto
      pr-comment: on-failure
{inputs}"""


def render_workflow(directory: str = ".") -> str:
    """Return the workflow.

    Args:
        directory: The project, below the repository's root.
    """
    return _WORKFLOW.format(inputs="" if directory == "." else f"      working-directory: {directory}\n")
