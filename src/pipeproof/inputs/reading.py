"""The runner's variables or the command line's flags become one frozen, typed value."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof import variables
from pipeproof.errors import InputError
from pipeproof.inputs.conflicts import find_conflicts
from pipeproof.inputs.declared import Inputs, declared_inputs, input_name


def action_values(environ: Mapping[str, str]) -> dict[str, str]:
    """Take the inputs' texts from the runner's environment.

    The runner puts each input into `INPUT_` and its name in upper case, with hyphens kept (actions/runner,
    `ContainerActionHandler`); an input that is not given has its default from `action.yml`.
    """
    names = (input_name(declared) for declared in declared_inputs())
    return {name: environ[key] for name in names if (key := f"INPUT_{name.upper()}") in environ}


def read_inputs(values: Mapping[str, str], workspace: Path) -> Inputs:
    """Parse the texts of the inputs, by their public names; what is not there or empty has its default.

    Raises:
        InputError: with every problem of every input, one a line.
    """
    parsed: dict[str, Any] = {}
    problems: list[str] = []
    for declared in declared_inputs():
        name = input_name(declared)
        value = values.get(name, "")
        if not value.strip():
            continue
        try:
            parsed[declared.name] = declared.metadata["parse"](value)
        except ValueError as error:
            problems.append(f"{name}: {value!r} is not valid; {error}")
    inputs = Inputs(**parsed)
    problems.extend(find_conflicts(inputs, workspace))
    if problems:
        raise InputError("\n".join(problems))
    return inputs


def chosen_variables(inputs: Inputs) -> dict[str, str]:
    """Return the variables as which inputs reach the tests.

    One that has its default is left out: what the workflow's `env:` or the project's ini file says then holds.
    """
    given = (
        (variables.DBT_PROJECT_DIR, inputs.dbt_project_dir or ""),
        (variables.DBT_TARGET, inputs.dbt_target),
        (variables.DBT_SCHEMA_PREFIX, inputs.dbt_schema_prefix),
        (variables.DBT_DIALECT, inputs.dbt_dialect),
        (variables.PREFECT_DATABASE, inputs.prefect_database),
    )
    return {variable.name: value for variable, value in given if value != variable.default}
