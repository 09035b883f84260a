"""The run's comment on its pull request, from `pipeproof run` and from a workflow that follows another one."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeproof.events import MALFORMED
from pipeproof.github.api import Api, ApiError
from pipeproof.github.comments import find_pull_request, put_comment
from pipeproof.github.context import Context
from pipeproof.report.comment import make_marker, render_comment
from pipeproof.report.links import Links
from pipeproof.results.baseline import Comparison
from pipeproof.results.model import Run

_RIGHTS = (
    "The job needs `permissions: {pull-requests: write}`; runs of forks and of Dependabot cannot have it, "
    "docs/how-to/report.md says what they can do."
)


def comment_on_pull_request(
    run: Run,
    title: str,
    api: Api | None,
    context: Context | None,
    event: Mapping[str, Any],
    *,
    workspace: Path,
    notice: Callable[[str], None],
    redact: Callable[[str], str] = str,
    notes: Sequence[str] = (),
    comparison: Comparison | None = None,
    create: bool = True,
) -> str:
    """Write or edit the comment; give what was done: `created`, `edited` or `nothing`.

    It never fails a run: why there is no comment is said in a notice.

    Args:
        run: The results.
        title: The heading; it tells jobs of one name apart.
        api: GitHub's, where there is a token.
        context: The run on GitHub.
        event: The webhook's payload.
        workspace: The folder that places are named from.
        notice: Told why there is no comment.
        redact: Has the comment before it leaves.
        notes: Lines of plain text that the reader has to know.
        comparison: What changed since the baseline, where there is one.
        create: Whether to write a comment where there is none.
    """
    if context is None:
        return "nothing"
    if api is None:
        notice("There is no comment on the pull request: that needs `github-token`, the workflow's `github.token`.")
        return "nothing"
    try:
        number = find_pull_request(context.event_name, event, api)
        if number is None:
            return "nothing"
        links = Links(context.link_to if context.repository and context.sha else None)
        marker = make_marker(context.workflow, context.job, title)
        body = render_comment(
            run,
            title,
            marker,
            links,
            workspace=workspace,
            notes=notes,
            comparison=comparison,
            run_url=context.run_url if context.repository else None,
        )
        return put_comment(api, number, marker, redact(body), create=create)
    except ApiError as error:
        hint = _RIGHTS if error.status in (401, 403, 404) else "The next run tries again."
        notice(f"There is no comment on the pull request: GitHub answered {error}. {hint}")
    except MALFORMED as error:
        told = f"{type(error).__name__}: {error}"
        notice(f"There is no comment on the pull request: GitHub's answer is in no known form ({told}).")
    return "nothing"
