"""What is checked in a statement as it is written, as sqlglot takes other dialects' words and signs for the same.

Functions: https://trino.io/docs/current/functions/list.html and
https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions.html, of which those are listed that are executed here.
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from pipeproof.sql.errors import FailedError, RejectedError, place, untranslatable

_BOTH = """
abs and any_value avg bool_and bool_or cast ceil ceiling char coalesce concat count cube cume_dist current_date
current_timestamp date date_trunc decimal dense_rank exists extract filter first first_value floor greatest in lag
last last_value lead least left length like listagg lower ltrim max min mod nth_value ntile nullif on or percent_rank
position pow power rank regexp_replace replace reverse right round row row_number rtrim split_part sqrt stddev
stddev_pop stddev_samp strpos substr substring sum time timestamp trim upper using values var_pop var_samp varchar
variance
"""
_TRINO = """
approx_distinct arbitrary array array_agg array_distinct array_join array_max array_min array_sort cardinality
contains count_if date_add date_diff date_format date_parse day day_of_month day_of_week day_of_year dow doy
element_at every exp from_iso8601_date from_unixtime hour if json_extract_scalar last_day_of_month lpad map map_keys
map_values max_by min_by minute month now quarter regexp_extract regexp_like rpad second sign split starts_with
to_unixtime transform try try_cast unnest week week_of_year year
"""
_REDSHIFT = """
btrim char_length character_length charindex convert date_part dateadd datediff decode getdate isnull last_day len md5
nvl nvl2 regexp_substr textlen to_char to_date to_timestamp trunc
"""
_SNOWFLAKE = """
array_agg boolor_agg booland_agg charindex coalesce contains count_if cross dateadd datediff date_part day dayofmonth
dayofweek dayofweekiso dayofyear decode distinct div0 div0null double endswith equal_null float from hour iff ifnull
ilike int integer last_day len max_by min_by minute month nullifzero number numeric nvl nvl2 over parse_json partition
qualify quarter regexp_like regexp_substr rlike second sign split_part startswith string sysdate text to_char to_date
to_number to_varchar try_cast try_to_date try_to_number timestampadd timestampdiff week weekiso weekofyear year
zeroifnull boolean getdate md5 md5_hex regexp_like to_decimal to_numeric try_to_decimal try_to_numeric
lpad rpad to_timestamp to_timestamp_ntz try_to_timestamp try_to_timestamp_ntz
"""
_BIGQUERY = """
bool countif cross date_add date_diff date_sub datetime datetime_add datetime_diff datetime_sub datetime_trunc div
distinct ends_with float64 format_date format_datetime from if ifnull int64 instr last_day logical_and logical_or
numeric over partition qualify regexp_contains regexp_extract safe_cast safe_divide sign starts_with string string_agg
md5 json_extract_scalar json_value parse_timestamp timestamp_add timestamp_diff timestamp_seconds timestamp_sub
timestamp_trunc to_hex week
char_length character_length format_timestamp lpad parse_date rpad
"""
_ABSENT = """
add_months array_contains array_length array_size array_to_string byte_length charindex countif dateadd datediff
dayofmonth dayofweek dayofyear decode endswith explode getdate group_concat iff ifnull iif initcap instr isnan isnull
json_value_array last_day lcase left len list locate logical_and logical_or mid nvl nvl2 rand_str right signum
startswith str_position string_agg substring_index ucase weekofyear
"""
"""Functions of other dialects that Trino has not."""
_NOT_OF_BOTH = {
    "snowflake": frozenset(("bool_and", "bool_or", "ceiling", "strpos")),
    "bigquery": frozenset(("bool_and", "bool_or", "listagg", "split_part")),
}
"""Those of `_BOTH` that a warehouse has not."""


@cache
def _known(service: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Functions that are executed for a service, that sqlglot takes for one of its own, that the service has not."""
    from sqlglot.dialects.dialect import Dialect

    names = {
        "athena": ("athena", _TRINO), "redshift-data": ("redshift", _REDSHIFT), "snowflake": ("snowflake", _SNOWFLAKE),
        "bigquery": ("bigquery", _BIGQUERY), "redshift": ("redshift", _REDSHIFT), "trino": ("trino", _TRINO),
    }  # fmt: skip
    dialect, own = names[service]
    parser = Dialect.get_or_raise(dialect).parser_class
    of_sqlglot = frozenset(name.lower() for name in (*parser.FUNCTIONS, *parser.FUNCTION_PARSERS))
    executed = frozenset((_BOTH + own).split()) - _NOT_OF_BOTH.get(service, frozenset())
    return executed, of_sqlglot, frozenset(_ABSENT.split() if service == "athena" else ())


def check_functions(tokens: Sequence[Any], sql: str, service: str) -> None:
    """Check that what is called has a name that the service has.

    Raises:
        FailedError: Trino has no such function.
        UntranslatableQueryError: The function is not executed here.
    """
    executed, of_sqlglot, absent = _known(service)
    before = None
    for token, following in pairwise(tokens):
        name, after = token.text.lower(), before
        before = token.token_type.name
        if following.text != "(" or after in ("INTO", "TABLE", "DOT", "ALIAS") or before == "STRING":
            continue
        if name in executed or name not in of_sqlglot | absent:
            continue
        if name in absent:
            line, column = place(sql, token.start)
            raise FailedError(f"FUNCTION_NOT_FOUND: line {line}:{column}: Function '{name}' not registered")
        raise untranslatable(service, f"the function {name}", sql, token.start)


def check_trino(tokens: Sequence[Any], sql: str) -> None:
    """Check a statement for what Trino's grammar has not.

    Raises:
        RejectedError: Athena does not take it.
    """
    depth, limits = 0, set[int]()
    before = ""
    for token in tokens:
        kind = token.token_type.name
        depth += (kind == "L_PAREN") - (kind == "R_PAREN")
        limits -= {inner for inner in limits if inner > depth}
        is_wrong = (
            (kind == "L_BRACKET" and before not in ("VAR", "IDENTIFIER", "R_PAREN", "R_BRACKET", "ARRAY"))
            or (kind == "STRING" and before == "STRING")
            or (kind == "OFFSET" and depth in limits)
            or (kind == "RLIKE")
            or (kind == "NOT" and token.text == "!")
            or (kind == "FROM" and before in ("", "L_PAREN"))
        )
        if is_wrong:
            line, column = place(sql, token.start)
            raise RejectedError(f"line {line}:{column}: mismatched input '{token.text}'")
        if kind == "LIMIT":
            limits.add(depth)
        before = kind
