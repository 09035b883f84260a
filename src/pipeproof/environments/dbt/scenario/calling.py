"""A macro called by a test: as text that dbt renders, which gives its value back as JSON.

dbt renders it as a query of its own (`compile --inline`), or as the code of a model, where a test says whose `this` it
is. So dispatch, `target`, `execute`, `var` and the macros of packages are what they are in a model.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.errors import DbtNameError, DbtOptionError
from pipeproof.environments.dbt.project import mistakes
from pipeproof.errors import Location

_MARK = "/* pipeproof */"
"""Where the value begins: dbt puts the queries of ephemeral models before what refers to them."""

_DECIMAL = "pipeproof decimal"
_PLAIN = (
    "(item if item is none or item is boolean or item is integer or item is float or item is string "
    f"else {{'{_DECIMAL}': item | string}} if item is number else item | string)"
)
"""What JSON can say; a number that is neither whole nor a float is a decimal of the database's."""

_DEEP = f"(item if item.include_policy is not defined and (item is mapping or item is sequence) else {_PLAIN})"
"""A relation is a mapping to Jinja, and has a policy of what to write."""

_RETURN = """
{%- set called = @CALL -%}
{%- set rows = [] -%}
{%- if called is string or called is number or called is boolean or called is none -%}
  {%- set item = called -%}{%- set value = @CELL -%}
{%- elif called.include_policy is defined -%}
  {%- set value = called | string -%}
{%- elif called is mapping -%}
  {%- set value = {} -%}
  {%- for key, item in called.items() -%}{%- do value.update({key | string: @ITEM}) -%}{%- endfor -%}
{%- elif called.column_names is defined and called.rows is defined -%}
  {%- set value = rows -%}
  {%- for row in called.rows -%}
    {%- set cells = {} -%}
    {%- for name in called.column_names -%}
      {%- set item = row[name] -%}{%- do cells.update({name: @CELL}) -%}
    {%- endfor -%}
    {%- do rows.append(cells) -%}
  {%- endfor -%}
{%- elif called is sequence -%}
  {%- set value = rows -%}
  {%- for item in called -%}{%- do rows.append(@ITEM) -%}{%- endfor -%}
{%- else -%}
  {%- set value = called | string -%}
{%- endif -%}
@MARK{{ tojson({"value": value}) }}"""
"""What gives a value back: a table of an adapter's as a list of rows; relations, columns and times as text."""

_EXPRESSION = re.compile(r"\{\{(.*)\}\}", re.DOTALL)


def write_call(name: str, args: Sequence[Any], options: Mapping[str, Any]) -> str:
    """Return the text that calls a macro and gives back its value.

    Args:
        name: The macro, with its package's name before it where it is of one: `cents`, `dbt_utils.star`.
        args: Its arguments by position.
        options: Its arguments by name.

    Raises:
        DbtOptionError: An argument is nothing that Jinja can write.
    """
    given = [_write(name, value) for value in args]
    given += [f"{key}={_write(name, value)}" for key, value in options.items()]
    parts = {"@CALL": f"{name}({', '.join(given)})", "@ITEM": _DEEP, "@CELL": _PLAIN, "@MARK": _MARK}
    return re.sub("|".join(parts), lambda found: parts[found[0]], _RETURN)


def read_value(compiled: str) -> Any:
    """Return what a macro gave, of the text that dbt made of a call; text without the blanks around it."""
    value = json.loads(compiled.rpartition(_MARK)[2], object_hook=_read_decimal)["value"]
    return value.strip() if isinstance(value, str) else value


def _read_decimal(found: dict[str, Any]) -> Any:
    return Decimal(found[_DECIMAL]) if _DECIMAL in found else found


def locate_macro(name: str, manifest: Any, project_dir: Path) -> Location | None:
    """Return the line of the project's file that defines a macro; None where it is a package's."""
    plain = name.rpartition(".")[2]
    macro = manifest.macros.get(f"macro.{manifest.metadata.project_name}.{plain}")
    if macro is None:
        return None
    file = project_dir / macro.original_file_path
    lines = file.read_text(encoding="utf-8").splitlines()
    definition = re.compile(rf"\{{%-?\s*macro\s+{re.escape(plain)}\s*\(")
    return Location(file, next((at for at, line in enumerate(lines, 1) if definition.search(line)), 1))


def check_macro(name: object, manifest: Any) -> None:
    """Refuse a macro that the project cannot call by that name.

    Raises:
        DbtNameError: There is none.
    """
    if not isinstance(name, str):
        raise DbtNameError(f"a macro is named by text, not by {type(name).__name__}")
    names = {*_names(manifest)}
    if name not in names:
        hint = mistakes.suggest(name, names) or "a macro of a package has the package's name before it"
        raise DbtNameError(f"the project has no macro {name!r}", hint=hint)


def _names(manifest: Any) -> Iterator[str]:
    """Yield the names by which a model calls macros: dbt's own and the project's also without their package."""
    project = manifest.metadata.project_name
    for macro in manifest.macros.values():
        yield f"{macro.package_name}.{macro.name}"
        if macro.package_name == project or macro.package_name == "dbt" or macro.package_name.startswith("dbt_duckdb"):
            yield macro.name


def _write(macro: str, value: Any) -> str:
    """Return a value as Jinja writes it; text that is all `{{ … }}` is the expression in it."""
    if isinstance(value, str):
        expression = _EXPRESSION.fullmatch(value.strip())
        return f"({expression[1].strip()})" if expression else _write_text(value)
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return repr(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_write(macro, key)}: {_write(macro, item)}' for key, item in value.items())}}}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return f"[{', '.join(_write(macro, item) for item in value)}]"
    raise DbtOptionError(
        f"dbt.macro({macro!r}): an argument {value!r} cannot be written in Jinja",
        hint='give text, a number, a list or a dict; "{{ … }}" is an expression, such as "{{ ref(\'orders\') }}"',
    )


def _write_text(text: str) -> str:
    """Return text in quotes, by escapes that Jinja reads as JSON does."""
    escaped = re.sub(r"[\x00-\x1f{}%#\\']", lambda found: f"\\u{ord(found[0]):04x}", text)
    return f"'{escaped}'"
