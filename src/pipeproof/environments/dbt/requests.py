"""dbt's command line for what a test asks."""

import json
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeproof import environ
from pipeproof.environments.dbt.errors import DbtNameError, DbtNothingSelected, DbtOptionError, DbtSetupError
from pipeproof.text import closest

_SELECTING = {"-s", "--select", "-m", "--models", "--model", "--exclude", "--selector", "--vars", "--state"}
_SELECTING |= {"--resource-type", "--resource-types", "--exclude-resource-type", "--exclude-resource-types"}
_SELECTING |= {"--indirect-selection"}
"""The options that have a part in what is selected."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a test asks of dbt, as [Dbt.invoke][pipeproof.environments.dbt.scenario.scenario.Dbt.invoke]."""

    command: str
    select: str | Sequence[str] | None = None
    exclude: str | Sequence[str] | None = None
    selector: str | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    full_refresh: bool = False
    state: str | Path | None = None
    defer: bool = False
    favor_state: bool = False
    args: tuple[str, ...] = ()
    only: frozenset[str] = frozenset()
    """The unique ids of what is run, where it is not for `select` to say: dbt selects folders along with names."""

    runs: bool = False
    """Whether what `compile` renders is run afterwards, and so has to be in the database's own SQL."""

    text: str = ""
    """What `compile` renders in place of a project's file: by itself, or as the code of the one node that is `only`."""

    @property
    def criteria(self) -> list[str]:
        """What is selected, criterion by criterion."""
        return _criteria(self.select)


def request_nodes(command: str, nodes: Sequence[Any]) -> Request:
    """Ask for these nodes and no others: those of their names are selected, and of these `only` is run."""
    select = [f"fqn:{'.'.join(node.fqn)},resource_type:{node.resource_type}" for node in nodes]
    apart = () if command == "test" else ("--indirect-selection", "empty")
    return Request(command, select, args=apart, only=frozenset(str(node.unique_id) for node in nodes))


TEXT = "pipeproof_text"
"""The name of text that is compiled by itself, where dbt has none of its own for it (`inline_query`)."""


def request_text(text: str, node: Any, variables: Mapping[str, Any]) -> Request:
    """Ask for what dbt makes of text: as the code of a model or snapshot, or, without one, by itself."""
    if node is None:
        return Request("compile", vars=variables, text=text)
    if node.resource_type not in {"model", "snapshot"}:
        raise DbtNameError(
            f"this={node.name!r}: a {node.resource_type} calls no macros", hint="name a model or snapshot"
        )
    return replace(request_nodes("compile", [node]), vars=variables, text=text)


def is_of_text(node: Any, request: Request) -> bool:
    """Return whether a node that was compiled is the request's text, and no ephemeral model that the text refers to."""
    return node.unique_id in request.only or (not request.only and node.name in {"inline_query", TEXT})


def check_options(command: str, given: Collection[str], known: Collection[str]) -> None:
    """Refuse options that a command does not have."""
    for name in given:
        if name not in known:
            close = closest(name, known)
            hint = f"did you mean {close}?" if close else f"there are {', '.join(known)}"
            raise DbtOptionError(f"dbt.{command} has no option {name!r}", hint=hint)


def check_request(request: Request) -> None:
    """Refuse what dbt could only fail at: variables that are none, and a comparison with nothing."""
    if not isinstance(request.vars, Mapping):
        raise DbtOptionError(
            f"dbt.{request.command}: vars is a dict, not {request.vars!r}", hint='such as vars={"min_amount": 1}'
        )
    compared = [part for part in (*request.criteria, *_criteria(request.exclude or None)) if "state:" in part]
    absent = request.state is None and environ.get("DBT_STATE") is None
    if compared and absent and not any(argument.startswith("--state") for argument in request.args):
        raise DbtOptionError(
            f"dbt.{request.command}: {compared[0]} compares with another manifest, and none is given",
            hint='give production\'s: state="…/manifest.json"',
        )


def names_outright(request: Request, node: Any) -> bool:
    """Whether a selection names a node: `orders`, `orders.v2`, `+orders`, `fqn:shop.orders`, `path:models/orders.sql`.

    One that selects it along with others, as `tag:nightly` or a folder, does not.
    """
    version = getattr(node, "version", None)
    names = [node.name] if version is None else [node.name, f"{node.name}.v{version}", f"{node.name}_v{version}"]
    path = str(node.original_file_path)
    for part in (part for criterion in request.criteria for part in criterion.split(",")):
        method, _, value = re.sub(r"^(?:@|\d*\+)|\+\d*$", "", part).rpartition(":")
        if method in {"", "fqn"} and any(value == name or value.endswith(f".{name}") for name in names):
            return True
        if (method == "path" and value == path) or (method == "file" and value == path.rsplit("/", 1)[-1]):
            return True
    return False


def write_listing(arguments: Sequence[str]) -> list[str]:
    """The command line that lists what another one would run: `list` has not all the options of other commands."""
    listing, kept = ["list"], True
    for argument in arguments[1:]:
        if argument.startswith("-"):
            kept = argument.partition("=")[0] in _SELECTING
        if kept:
            listing.append(argument)
    return [*listing, "--output", "json", "--output-keys", "unique_id"]


def write_arguments(request: Request, folder: Path) -> list[str]:
    """Return the command line, without what is the same for all invocations.

    Args:
        request: What the test asks.
        folder: A temporary folder, for a state that is fetched.
    """
    arguments = [request.command]
    if request.criteria:
        arguments += ["--select", *request.criteria]
    if excluded := _criteria(request.exclude):
        arguments += ["--exclude", *excluded]
    if request.selector:
        arguments += ["--selector", request.selector]
    if request.vars:
        arguments += ["--vars", json.dumps(request.vars, default=str)]
    if request.full_refresh:
        arguments.append("--full-refresh")
    if request.state is not None:
        arguments += ["--state", str(fetch_state(request.state, folder))]
    if request.defer:
        arguments.append("--defer")
    if request.favor_state:
        arguments.append("--favor-state")
    return [*arguments, *request.args]


def fetch_state(state: str | Path, folder: Path) -> Path:
    """Return the folder of a production manifest: given as the folder, as the file, or as an `s3://` URL of either."""
    if str(state).startswith("s3://"):
        return _download(str(state), folder)
    path = Path(state)
    found = path.parent if path.is_file() else path
    if not (found / "manifest.json").is_file():
        raise DbtSetupError(f"state: there is no manifest.json in {found}")
    return found.resolve()


def _download(url: str, folder: Path) -> Path:
    try:
        import boto3  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise DbtSetupError(f"state: {url} needs boto3", hint="install pipeproof[aws]") from error
    parts = urlsplit(url)
    key = parts.path.lstrip("/")
    if not key.endswith(".json"):
        key = f"{key.rstrip('/')}/manifest.json".lstrip("/")
    target = Path(tempfile.mkdtemp(prefix="state-", dir=folder))
    try:
        boto3.client("s3").download_file(parts.netloc, key, str(target / "manifest.json"))
    except Exception as error:
        raise DbtSetupError(f"state: s3://{parts.netloc}/{key} cannot be read: {error}") from error
    return target


def _criteria(selection: str | Sequence[str] | None) -> list[str]:
    if selection is None:
        return []
    given = [selection] if isinstance(selection, str) else selection
    if not isinstance(given, Sequence) or not all(isinstance(part, str) for part in given):
        raise DbtNameError(f"a selection is text or a list of it, not {selection!r}")
    criteria = [criterion for part in given for criterion in part.split()]
    if not criteria:
        raise DbtNothingSelected("the selection is empty", hint="leave it out for everything")
    return criteria
