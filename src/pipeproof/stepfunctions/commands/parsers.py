"""`pipeproof states check | run | graph`: the room's parsers, for the command line to take up.

The work is in `command_runs`, which is loaded when one of the commands runs.
"""

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

Command = Callable[[argparse.Namespace, list[str]], int]


def add_states_parser(subparsers: Any) -> None:
    """Registers `states` and its commands; each sets `command`, a function of the parsed
    arguments and what stood after `--` to an exit code."""
    states = subparsers.add_parser("states", help="lint, run and draw state machines")
    commands = states.add_subparsers(dest="states_command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="lint definitions: JSON, YAML, SAM, CloudFormation, CDK's, Terraform's")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file, or a folder: what is in it")
    check.add_argument("--type", choices=("STANDARD", "EXPRESS"), help="the machines' type, where no template says it")
    check.add_argument("--role-policy", type=Path, metavar="FILE", help="the role's policy: what it lacks is a finding")
    check.add_argument("--format", choices=("text", "json", "sarif"), default="text", help="how findings are written")
    check.add_argument("--json", action="store_true", help="the same as --format json")
    _add_parameter(check)
    check.set_defaults(command=_later("run_check"))
    run = commands.add_parser("run", help="one execution, without pytest")
    run.add_argument("file", type=Path, metavar="FILE")
    run.add_argument("--input", default="{}", metavar="JSON", help="the input, or @FILE")
    run.add_argument("--mocks", type=Path, metavar="FILE", help="mocks in the format of AWS's MockConfigFile")
    run.add_argument("--test-case", metavar="NAME", help="the mocks' test case")
    run.add_argument("--name", help="the machine's name, or its logical id in a template")
    _add_parameter(run)
    run.add_argument(
        "--substitution",
        action="append",
        metavar="NAME=VALUE",
        help="a value for ${NAME} in the definition; as often as needed",
    )
    run.add_argument(
        "--env-vars", type=Path, metavar="FILE", help="functions' environment variables, as `sam local` has them"
    )
    run.add_argument("--live", action="store_true", help="let handlers have the shell's credentials and the network")
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--json", action="store_true", help="the result and the history as JSON")
    run.set_defaults(command=_later("run_execution"))
    graph = commands.add_parser("graph", help="a Mermaid diagram")
    graph.add_argument("file", type=Path, metavar="FILE")
    graph.add_argument("--name", help="the machine's name, or its logical id in a template")
    _add_parameter(graph)
    graph.add_argument("--coverage", type=Path, metavar="REPORT", help="a report.json: what its tests have covered")
    graph.set_defaults(command=_later("run_graph_command"))


def _add_parameter(parser: Any) -> None:
    parser.add_argument(
        "--parameter",
        action="append",
        metavar="NAME=VALUE",
        help="a value for a template's parameter; as often as needed",
    )


def _later(name: str) -> Command:
    def command(arguments: argparse.Namespace, _: list[str]) -> int:
        code: int = getattr(import_module("pipeproof.stepfunctions.commands.runs"), name)(arguments)
        return code

    return command
