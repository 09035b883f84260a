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
_DEEPEST = 10
"""How many lists and dicts a value may have around it. (Jinja's recursive loops do not reach over an inner loop.)"""

_SCALAR = """
{%- if @X is none or @X is boolean or @X is integer or @X is float or @X is string -%}{{ tojson(@X) }}
{%- elif @X is number -%}{{ tojson({"@DECIMAL": @X | string}) }}"""
"""What JSON can say; a number that is neither whole nor a float is a decimal of the database's."""

_VALUE = (
    """
{%- if @X is not mapping and @X.column_names is defined and @X.rows is defined -%}
  {%- set rows = [] -%}
  {%- for row in @X.rows -%}
    {%- set cells = {} -%}
    {%- for name in @X.column_names -%}{%- do cells.update({name: row[name]}) -%}{%- endfor -%}
    {%- do rows.append(cells) -%}
  {%- endfor -%}
  {%- set @X = rows -%}
{%- endif -%}"""
    + _SCALAR
    + """
{%- elif @X.include_policy is defined or @X is not iterable -%}{{ tojson(@X | string) }}
{%- else -%}
  {%- set keyed = @X is mapping -%}{{ "{" if keyed else "[" }}
  {%- for key in @X -%}
    {%- if not loop.first -%},{%- endif -%}
    {%- if keyed -%}{{ tojson(key | string) }}:{%- endif -%}
    {%- set @Y = @X[key] if keyed else key -%}@INNER
  {%- endfor -%}
  {{- "}" if keyed else "]" }}
{%- endif -%}"""
)
"""What gives a value back: a table of an adapter's as a list of rows; relations, columns and times as text.

A relation can be iterated, and has a policy of what to write.
"""

_TOO_DEEP = """
{%- else -%}
  {{ exceptions.raise_compiler_error("what it returns has more than @DEEPEST lists or dicts in one another") }}
{%- endif -%}"""


def _write_json(depth: int = 0) -> str:
    """Return what Jinja writes the variable of a depth as JSON with."""
    text = _SCALAR + _TOO_DEEP if depth > _DEEPEST else _VALUE.replace("@INNER", _write_json(depth + 1))
    return text.replace("@X", f"value{depth}").replace("@Y", f"value{depth + 1}")


_RETURN = f"{{%- set value0 = @CALL -%}}{_MARK}{_write_json()}".replace("@DECIMAL", _DECIMAL).replace(
    "@DEEPEST", str(_DEEPEST)
)

_EXPRESSION = re.compile(r"\{\{(.*)\}\}", re.DOTALL)


def write_call(name: str, args: Sequence[Any], options: Mapping[str, Any]) -> str:
    """Return the text that calls a macro and gives back its value.

    Args:
        name: The macro, with its package's name before it where it is of one: `cents`, `dbt_utils.star`.
        args: Its arguments by position.
        options: Its arguments by name.

    Raises:
        DbtOptionError: An argument is nothing that Jinja can write, or is several expressions.
    """
    given = [_write(name, value) for value in args]
    given += [f"{key}={_write(name, value)}" for key, value in options.items()]
    return _RETURN.replace("@CALL", f"{name}({', '.join(given)})", 1)


def read_value(compiled: str) -> Any:
    """Return what a macro gave, of the text that dbt made of a call; text without the blanks around it."""
    value = json.loads(compiled.rpartition(_MARK)[2], object_hook=_read_decimal)
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
    known = manifest.metadata
    for macro in manifest.macros.values():
        package = macro.package_name
        yield f"{package}.{macro.name}"
        if package in {known.project_name, "dbt"} or package.startswith(("dbt_duckdb", f"dbt_{known.adapter_type}")):
            yield macro.name


def _write(macro: str, value: Any) -> str:
    """Return a value as Jinja writes it; text that is all `{{ … }}` is the expression in it."""
    if isinstance(value, str):
        expression = _EXPRESSION.fullmatch(value.strip())
        if expression and re.search(r"\}\}.*\{\{", expression[1], re.DOTALL):
            raise DbtOptionError(
                f"dbt.macro({macro!r}): an argument {value!r} is more than one expression",
                hint="one with text around it is joined in Jinja: \"{{ ref('a') ~ ' join ' ~ ref('b') }}\"",
            )
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
