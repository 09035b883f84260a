"""The command line: `pipeproof run` and its sisters. Without arguments it is the action."""

import argparse
import errno
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any, NoReturn

from pipeproof.errors import InputError, PipeproofError
from pipeproof.inputs import declared_inputs, input_name, parsers
from pipeproof.variables import DEBUG


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    given, pytest_args = _split_at_dashes(given)
    options = _parser(given).parse_args(given)
    try:
        code: int = options.command(options, pytest_args)
        return code
    except PipeproofError as error:
        if options.debug:
            raise
        print(f"pipeproof: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        # The reader of our output has gone (`pipeproof … | head`), or the disk is full; Python would complain of what
        # is left when it ends.
        if error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno != errno.EPIPE:
            print(f"pipeproof: its output could not be written: {error.strerror}", file=sys.stderr)
        return 1


def _split_at_dashes(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as all of our errors do, without the usage before it; a slip of a flag is answered with it."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        options, unknown = super().parse_known_args(args, namespace)
        flags = [word.partition("=")[0] for word in unknown if word.startswith("-")]
        if flags:
            from pipeproof.text import closest

            meant = closest(flags[0], self._option_string_actions)
            runs_pytest = "--tests" in self._option_string_actions
            hint = f"; pytest's own stand after --: {self.prog} -- {flags[0]}" if runs_pytest else ""
            self.error(f"there is no flag {flags[0]}{f'; did you mean {meant}?' if meant else hint}")
        if unknown and "--tests" in self._option_string_actions:
            self.error(f"{unknown[0]!r} stands alone; tests are named with --tests {unknown[0]}")
        return options, unknown

    def error(self, message: str) -> NoReturn:
        flag = re.fullmatch("argument (--[a-z-]+): expected one argument", message)
        if flag:
            message = f"{message}; write a value that begins with - behind an =: {flag[1]}=…"
        self.exit(2, f"{self.prog}: {message}\n  `{self.prog} --help` shows what there is.\n")


class _Once(argparse.Action):
    """A flag that has one value: of two, one would be lost without a word."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None) -> None:
        if getattr(namespace, self.dest, None) is not None:
            parser.error(f"argument {option}: is given twice")
        setattr(namespace, self.dest, values)


_LISTS = (parsers.words, parsers.arguments)
"""The parsers of inputs that have several values: those of a flag that is given again are added."""


class _Version(argparse.Action):
    """Prints the version, which is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(f"pipeproof {version('pipeproof')}")
        parser.exit()


def _parser(given: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Make the parser: of the command that is given alone, as each loads its room; of all where none is."""
    parser: argparse.ArgumentParser = _Parser(
        prog="pipeproof", description="Test data pipelines, in CI and on a laptop."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(required=True, metavar="command", title="commands")
    named = next((word for word in given if not word.startswith("-")), "")
    for add in [_COMMANDS[named]] if named in _COMMANDS else _COMMANDS.values():
        add(commands)
    return parser


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser(
        "run",
        help="run a project's tests and report, as the action does",
        usage="pipeproof run [--directory DIR] [--input-name value …] [-- pytest arguments]",
        description="Run a project's tests and report. Each input of the action is a flag.",
        allow_abbrev=False,
    )
    run.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    run.set_defaults(command=_run)
    run.add_argument("--directory", type=Path, default=None, metavar="DIR", help="the workspace (default: this folder)")
    run.add_argument("--no-dbt-tests", action="store_true", help="leave out the dbt project's own tests")
    for declared in declared_inputs():
        shown = declared.metadata["shown_default"]
        run.add_argument(
            f"--{input_name(declared)}",
            metavar="VALUE",
            action=_Once if declared.metadata["parse"] not in _LISTS else "append",
            help=f"{declared.metadata['help']}{f' (default: {shown})' if shown else ''}".replace("%", "%%"),
        )


def _run(options: argparse.Namespace, pytest_args: Sequence[str]) -> int:
    from pipeproof.main import main as run

    names = [input_name(declared) for declared in declared_inputs()]
    given = {name: getattr(options, name.replace("-", "_")) for name in names}
    values = {
        name: value if isinstance(value, str) else " ".join(value) for name, value in given.items() if value is not None
    }
    if options.no_dbt_tests:
        pytest_args = ("--no-dbt-tests", *pytest_args)
    if pytest_args:
        values["pytest-args"] = f"{values.get('pytest-args', '')} {shlex.join(pytest_args)}"
    environ = {**os.environ, DEBUG: "1"} if options.debug else dict(os.environ)
    return run(environ, values=values, directory=options.directory)


_OF_MERGE = (
    "working-directory",
    "report-dir",
    "title",
    "annotations",
    "summary",
    "baseline",
    "history",
    "fail-on",
    "quarantine",
    "github-token",
    "pr-comment",
    "fail-under",
    "allow-empty",
)
"""The inputs of a run that count where no test is run: what is reported, and how it is judged."""


def _add_merge(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    merge = commands.add_parser(
        "merge",
        help="put the reports of all shards together and judge them as one run",
        usage="pipeproof merge DIR … [--output DIR] [--directory DIR] [--input-name value …]",
        description="Put the reports of all shards together: one report, summary, comment and exit code. "
        "A shard that is missing, there twice, or of another commit is an error.",
        allow_abbrev=False,
    )
    merge.set_defaults(command=_merge)
    merge.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="a shard's report-dir, or a folder of them")
    merge.add_argument(
        "--directory", type=Path, default=None, metavar="DIR", help="the workspace (default: this folder)"
    )
    declared = {input_name(field): field.metadata for field in declared_inputs()}
    for name in _OF_MERGE:
        flags = [f"--{name}", *(["--output"] if name == "report-dir" else [])]
        merge.add_argument(*flags, metavar="VALUE", action=_Once, help=declared[name]["help"].replace("%", "%%"))


def _merge(options: argparse.Namespace, pytest_args: Sequence[str]) -> int:  # noqa: ARG001 - as each command
    from pipeproof.main import main as run

    given = {name: getattr(options, name.replace("-", "_")) for name in _OF_MERGE}
    values = {name: value for name, value in given.items() if value is not None}
    values["merge"] = " ".join(f'"{folder.resolve()}"' for folder in options.folders)
    environ = {**os.environ, DEBUG: "1"} if options.debug else dict(os.environ)
    return run(environ, values=values, directory=options.directory)


_REPORT_FLAGS = (
    "report-dir",
    "title",
    "annotations",
    "summary",
    "baseline",
    "history",
    "quarantine",
    "fail-on",
    "fail-under",
    "pr-comment",
    "github-token",
    "allow-empty",
)
"""The inputs that count where the tests ran already."""


def _add_completion(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    completion = commands.add_parser(
        "completion",
        help="print what a shell needs to complete pipeproof's commands and flags",
        description='In ~/.bashrc: eval "$(pipeproof completion bash)". For zsh: pipeproof completion zsh > '
        "a folder of fpath/_pipeproof.",
        allow_abbrev=False,
    )
    completion.add_argument("shell", choices=("bash", "zsh", "tcsh"))

    def run(options: argparse.Namespace, pytest_args: Sequence[str]) -> int:  # noqa: ARG001 - as each command
        import shtab

        print(shtab.complete(_parser(), shell=options.shell))
        return 0

    completion.set_defaults(command=run)


def _add_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    report = commands.add_parser(
        "report",
        help="make the report of JUnit or CTRF files, or of a run that was killed before it could",
        description="Make the report of JUnit XML or CTRF files, whatever wrote them. Without files: of a run that was "
        "killed, of the journal that it left in the report's folder.",
        allow_abbrev=False,
    )
    report.set_defaults(command=_report)
    report.add_argument("files", type=Path, nargs="*", metavar="FILE", help="JUnit XML or CTRF, or folders of them")
    report.add_argument("--directory", type=Path, default=Path(), metavar="DIR", help="the workspace")
    declared = {input_name(field): field.metadata for field in declared_inputs()}
    for name in _REPORT_FLAGS:
        shown = declared[name]["shown_default"]
        told = f"{declared[name]['help']}{f' (default: {shown})' if shown else ''}"
        report.add_argument(f"--{name}", metavar="VALUE", action=_Once, help=told.replace("%", "%%"))


def _report(options: argparse.Namespace, pytest_args: Sequence[str]) -> int:  # noqa: ARG001 - as each command
    from pipeproof.file_report import report_files
    from pipeproof.inputs import read_inputs
    from pipeproof.killed_run import finish_report
    from pipeproof.outlets.terminal import Terminal

    workspace = options.directory.resolve()
    given = {name: getattr(options, name.replace("-", "_")) for name in _REPORT_FLAGS}
    inputs = read_inputs({name: value for name, value in given.items() if value is not None}, workspace)
    if options.files:
        return report_files(options.files, inputs, workspace, os.environ)
    run = finish_report(workspace, PurePath(os.path.normpath(inputs.report_dir)), inputs.title)
    Terminal(workspace).draw_totals(run, str(options.directory / inputs.report_dir))
    return 0 if run.conclusion == "success" else 1


def _add_comment(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    comment = commands.add_parser(
        "comment",
        help="comment a report on its pull request, in a workflow that follows the run's own",
        description="Write the comment of `pr-comment` from a report.json, with the token in GITHUB_TOKEN: "
        "in a workflow `on: workflow_run`, for pull requests of forks.",
        allow_abbrev=False,
    )
    comment.set_defaults(command=_comment)
    comment.add_argument("report", type=Path, help="the run's report.json; it may be a stranger's")
    comment.add_argument("--baseline", type=Path, metavar="PATH", help="an earlier report.json, or a folder of them")


def _comment(options: argparse.Namespace, pytest_args: Sequence[str]) -> int:  # noqa: ARG001 - as each command
    from pipeproof.commenting import comment_on_pull_request
    from pipeproof.github.api import API_PATIENCE, Api
    from pipeproof.github.context import read_context, read_event
    from pipeproof.results.baseline import compare, read_baseline
    from pipeproof.results.stored import read_run
    from pipeproof.transport import Transport

    run, title = read_run(options.report)
    comparison = compare(run, read_baseline(options.baseline)) if options.baseline else None
    context, token = read_context(os.environ, Path.cwd()), os.environ.get("GITHUB_TOKEN")
    if context is None:
        raise InputError("there is no pull request to comment on: this is not a run of GitHub's")
    api = Api(context.api_url, context.repository, token, Transport(os.environ, API_PATIENCE)) if token else None
    done = comment_on_pull_request(
        run, title, api, context, read_event(context), workspace=Path("/"), notice=_say, comparison=comparison
    )
    print(f"the comment: {done}")
    return 0


def _add_audit(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    audit = commands.add_parser("audit", help="check the audit of a run").add_subparsers(required=True, metavar="what")
    verify = audit.add_parser(
        "verify",
        help="check that no line of an audit.jsonl was changed, taken out or put in",
        description="Check the chain of hashes of an audit.jsonl. Lines taken from its end break no chain: "
        "compare the last hash with the one in the run's log, or give it with --head.",
        allow_abbrev=False,
    )
    verify.set_defaults(command=_verify_audit)
    verify.add_argument("file", type=Path, help="the audit.jsonl")
    verify.add_argument("--head", metavar="SHA256", help="what the hash of the last line has to be")


def _verify_audit(options: argparse.Namespace, pytest_args: Sequence[str]) -> int:  # noqa: ARG001 - as each command
    from pipeproof.credentials.audit import verify_chain, verify_parts

    try:
        text = options.file.read_text(encoding="utf-8")
        count, head = verify_chain(text)
        parts = verify_parts(text, options.file.parent)
    except OSError as error:
        raise InputError(f"{options.file} cannot be read ({error})") from None
    except ValueError as error:
        raise PipeproofError(
            f"{options.file}: {error}", hint="What this audit says is not what the run wrote."
        ) from None
    if options.head and options.head.lower() != head:
        raise PipeproofError(
            f"{options.file}: its last line has the hash {head or 'of nothing'}, not {options.head}",
            hint="Lines are missing at its end, or it is another run's.",
        )
    counted = f"{count} record{'' if count == 1 else 's'}{f', with the audits of {parts} shards' if parts else ''}"
    _say(f"{counted}, unbroken{f'; the last has the hash {head}' if head else ''}")
    return 0


def _say(text: str) -> None:
    """Print what others may have worded, on one line: on GitHub a line can be a command."""
    from pipeproof.github.commands import neutralize

    print(neutralize(" ".join(text.split())))


def _of_room(module: str, name: str) -> Callable[[Any], None]:
    """Return the function of a room that adds its command; the room is loaded when it does."""

    def add(commands: Any) -> None:
        getattr(import_module(module), name)(commands)

    return add


_COMMANDS: Mapping[str, Callable[[Any], None]] = {
    "run": _add_run,
    "merge": _add_merge,
    "init": _of_room("pipeproof.scaffold.command", "add_init_parser"),
    "doctor": _of_room("pipeproof.doctor.command", "add_doctor_parser"),
    "watch": _of_room("pipeproof.watching.command", "add_watch_parser"),
    "completion": _add_completion,
    "report": _add_report,
    "comment": _add_comment,
    "audit": _add_audit,
    "states": _of_room("pipeproof.stepfunctions.commands.parsers", "add_states_parser"),
    "clean": _of_room("pipeproof.clean", "add_clean_parser"),
    "dbt": _of_room("pipeproof.environments.dbt.sampling.command", "add_dbt_parser"),
}
"""Each command, in the order in which the help names them, with what adds its parser."""
