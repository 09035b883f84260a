"""$toMillis: times read from ISO 8601 or by a picture, in milliseconds since 1970.

The pictures are those of `$fromMillis`; the expectations are what the reference (npm jsonata 2.0.6) gives."""

# ruff: noqa: E501, RUF001 - an expression and what it gives stand on one line; letters of other scripts are meant

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("1970-01-01T00:00:00.000Z")', 0),
        ('$toMillis("2017-11-07T15:12:37.121Z")', 1510067557121),
        ('$toMillis("2017-11-07T15:12:37Z")', 1510067557000),
        ('$toMillis("2017-11-07T15:12:37")', 1510067557000),
        ('$toMillis("2017-11-07")', 1510012800000),
        ('$toMillis("2017-11")', 1509494400000),
        ('$toMillis("2017")', 1483228800000),
        ('$toMillis("2017-11-07T15:12:37.1Z")', 1510067557100),
        ('$toMillis("2017-11-07T15:12:37.12Z")', 1510067557120),
        ('$toMillis("2017-11-07T15:12:37.1219999Z")', 1510067557121),
        ('$toMillis("2017-11-07T15:12:37.121+01:00")', 1510063957121),
        ('$toMillis("2017-11-07T15:12:37.121-0130")', 1510072957121),
        ('$toMillis("2017-11-07T15:12:37+14:00")', 1510017157000),
        ('$toMillis("2017-11-07T15:12:37+23:59")', 1509981217000),
        ('$toMillis("2017-11-07T15:12:37+24:00")', "NaN"),
        ('$toMillis("2017-11-07T24:00:00Z")', 1510099200000),
        ('$toMillis("2017-11-07T24:00:01Z")', "NaN"),
        ('$toMillis("2017-11-07T24:01:00Z")', "NaN"),
        ('$toMillis("2017-11-07T25:00:00Z")', "NaN"),
        ('$toMillis("2017-11-07T23:59:59.999Z")', 1510099199999),
        ('$toMillis("2017-11-31")', 1512086400000),
        ('$toMillis("2017-02-29")', 1488326400000),
        ('$toMillis("2016-02-29")', 1456704000000),
        ('$toMillis("2017-11-32")', "NaN"),
        ('$toMillis("2017-11-00")', "NaN"),
        ('$toMillis("2017-12-31")', 1514678400000),
        ('$toMillis("2017-13-01")', "NaN"),
        ('$toMillis("2017-00-01")', "NaN"),
        ('$toMillis("0000-01-01")', -62167219200000),
        ('$toMillis("0001-01-01")', -62135596800000),
        ('$toMillis("0050-06-15")', -60575040000000),
        ('$toMillis("0099-12-31")', -59011545600000),
        ('$toMillis("0100-01-01")', -59011459200000),
        ('$toMillis("1900-02-28")', -2203977600000),
        ('$toMillis("1900-03-01")', -2203891200000),
        ('$toMillis("9999-12-31T23:59:59.999Z")', 253402300799999),
        ('$toMillis("2017-11-07Z")', 1510012800000),
        ('$toMillis("2017-11-07+01:00")', "NaN"),
        ("$toMillis($missing)", MISSING),
        ('$toMillis("2017Z")', 1483228800000),
        ('$toMillis("2017-11Z")', 1509494400000),
    ],
)
def test_iso_8601(gives, expression, expected):
    """A time without an offset is UTC's; parts that are left out are the first ones."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$toMillis("2017-11-07T15:12")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "2017-11-07T15:12"',
        ),
        (
            '$toMillis("2017-11-07 15:12:37")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "2017-11-07 15:12:37"',
        ),
        (
            '$toMillis("2017-1-7")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "2017-1-7"',
        ),
        (
            '$toMillis("07/11/2017")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "07/11/2017"',
        ),
        (
            '$toMillis("")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given ""',
        ),
        (
            '$toMillis("x")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "x"',
        ),
        (
            '$toMillis(" 2017")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given " 2017"',
        ),
        (
            '$toMillis("2017-11-07T15:12:60Z")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "2017-11-07T15:12:60Z"',
        ),
        (
            '$toMillis("2017-11-07T15:60:00Z")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "2017-11-07T15:60:00Z"',
        ),
        (
            '$toMillis("20171107")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "20171107"',
        ),
        ("$toMillis(1)", 'T0410: Argument 1 of function "toMillis" does not match function signature'),
    ],
)
def test_iso_8601__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("2017-11-07T15:12:37.121Z", "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001]Z")', 1510067557121),
        ('$toMillis("2017-11-07", "[Y0001]-[M01]-[D01]")', 1510012800000),
        ('$toMillis("07/11/2017", "[D01]/[M01]/[Y0001]")', 1510012800000),
        ('$toMillis("7/11/2017", "[D]/[M]/[Y]")', 1510012800000),
        ('$toMillis("7/11/17", "[D]/[M]/[Y]")', -1645747200000),
        ('$toMillis("7/11/17", "[D]/[M]/[Y,2]")', -1645747200000),
        ('$toMillis("7/11/17", "[D]/[M]/[Y,2-2]")', -1645747200000),
        ('$toMillis("071117", "[D01][M01][Y01]")', -1645747200000),
        ('$toMillis("20171107", "[Y0001][M01][D01]")', 1510012800000),
    ],
)
def test_date(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("2017", "[Y]")', 1483228800000),
        ('$toMillis("2017", "[Y0001]")', 1483228800000),
        ('$toMillis("11/2017", "[M]/[Y]")', 1509494400000),
        ('$toMillis("2,017", "[Y9,999,*]")', MISSING),
        ('$toMillis("MMXVII", "[YI]")', 1483228800000),
        ('$toMillis("mmxvii", "[Yi]")', 1483228800000),
        ('$toMillis("MCMLXXXIV", "[YI]")', 441763200000),
        ('$toMillis("two thousand and seventeen", "[Yw]")', 1483228800000),
        ('$toMillis("TWO THOUSAND AND SEVENTEEN", "[YW]")', 1483228800000),
        ('$toMillis("Nineteen Hundred", "[Yw]")', -2208988800000),
    ],
)
def test_year(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("7th November 2017", "[D1o] [MNn] [Y]")', 1510012800000),
        ('$toMillis("1st January 2017", "[D1o] [MNn] [Y]")', 1483228800000),
        ('$toMillis("2nd February 2017", "[D1o] [MNn] [Y]")', 1485993600000),
        ('$toMillis("3rd March 2017", "[D1o] [MNn] [Y]")', 1488499200000),
        ('$toMillis("seventh of November, 2017", "[Dwo] of [MNn], [Y]")', 1510012800000),
        ('$toMillis("twenty-third of March, 2018", "[Dwo] of [MNn], [Y]")', 1521763200000),
    ],
)
def test_words(gives, expression, expected):
    """Days and years in words or with an ending."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$toMillis("The Seventh of NOVEMBER 2017", "The [DWwo] of [MN] [Y]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
    ],
)
def test_words__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("November 7 2017", "[Mn] [D] [Y]")', 1510012800000),
        ('$toMillis("Nov 7 2017", "[MNn,3-3] [D] [Y]")', 1510012800000),
        ('$toMillis("k 7 2017", "[Ma] [D] [Y]")', 1510012800000),
        ('$toMillis("K 7 2017", "[MA] [D] [Y]")', 1510012800000),
        ('$toMillis("XI 7 2017", "[MI] [D] [Y]")', 1510012800000),
        ('$toMillis("Tuesday 7 November 2017", "[FNn] [D] [MNn] [Y]")', 1510012800000),
        ('$toMillis("Tue 7 November 2017", "[FNn,3-3] [D] [MNn] [Y]")', 1510012800000),
    ],
)
def test_month_name(gives, expression, expected):
    """As they are written in English, or cut to the length that the picture says."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$toMillis("november 7 2017", "[MNn] [D] [Y]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
        (
            '$toMillis("NOV 7 2017", "[MN,3-3] [D] [Y]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
        (
            '$toMillis("Nov 7 2017", "[MNn] [D] [Y]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
        (
            '$toMillis("Nope 7 2017", "[MNn] [D] [Y]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
    ],
)
def test_month_name__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("2017-311", "[Y0001]-[d001]")', 1510012800000),
        ('$toMillis("2016-060", "[Y0001]-[d001]")', 1456704000000),
        ('$toMillis("2016-366", "[Y0001]-[d001]")', 1483142400000),
        ('$toMillis("2017-1", "[Y0001]-[d]")', 1483228800000),
    ],
)
def test_day_of_year(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("2017 W45", "[Y] W[W]")', 1483228800000),
    ],
)
def test_week(gives, expression, expected):
    """Dates by weeks cannot be read."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$toMillis("2017-W45-2", "[X0001]-W[W01]-[F1]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
        (
            '$toMillis("2017 11 2 2", "[X] [x] [w] [F1]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
    ],
)
def test_week__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("3:12 pm 7/11/2017", "[h]:[m] [P] [D]/[M]/[Y]")', 1510067520000),
        ('$toMillis("3:12 am 7/11/2017", "[h]:[m] [P] [D]/[M]/[Y]")', 1510024320000),
        ('$toMillis("12:12 am 7/11/2017", "[h]:[m] [P] [D]/[M]/[Y]")', 1510013520000),
        ('$toMillis("12:12 pm 7/11/2017", "[h]:[m] [P] [D]/[M]/[Y]")', 1510056720000),
        ('$toMillis("3:12PM 7/11/2017", "[h]:[m][PN] [D]/[M]/[Y]")', 1510067520000),
        ('$toMillis("15:12 7/11/2017", "[H]:[m] [D]/[M]/[Y]")', 1510067520000),
        ('$toMillis("15:12:37.121 7/11/2017", "[H]:[m]:[s].[f] [D]/[M]/[Y]")', 1510067557121),
        ('$toMillis("15 7/11/2017", "[H] [D]/[M]/[Y]")', 1510066800000),
        ('$toMillis("3 pm 7/11/2017", "[h] [P] [D]/[M]/[Y]")', 1510066800000),
    ],
)
def test_time(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$toMillis("3:12Pm 7/11/2017", "[h]:[m][P] [D]/[M]/[Y]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
    ],
)
def test_time__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$toMillis("37 2017-11-07", "[s] [Y]-[M]-[D]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
        (
            '$toMillis("15::37 2017-11-07", "[H]::[s] [Y]-[M]-[D]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
        (
            '$toMillis("121 2017-11-07", "[f] [Y]-[M]-[D]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
        (
            '$toMillis("7 2017", "[D] [Y]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
        (
            '$toMillis("2017-11-07 3", "[Y]-[M]-[D] [h]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
    ],
)
def test_parts_between__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("2017-11-07T15:12+01:00", "[Y]-[M]-[D]T[H]:[m][Z]")', 1510063920000),
        ('$toMillis("2017-11-07T15:12-01:30", "[Y]-[M]-[D]T[H]:[m][Z]")', 1510069320000),
        ('$toMillis("2017-11-07T15:12+0100", "[Y]-[M]-[D]T[H]:[m][Z0000]")', 1510063920000),
        ('$toMillis("2017-11-07T15:12-0130", "[Y]-[M]-[D]T[H]:[m][Z0001]")', 1510069320000),
        ('$toMillis("2017-11-07T15:12+01", "[Y]-[M]-[D]T[H]:[m][Z0]")', 1510063920000),
        ('$toMillis("2017-11-07T15:12-8", "[Y]-[M]-[D]T[H]:[m][Z0]")', 1510096320000),
        ('$toMillis("2017-11-07T15:12GMT+01:00", "[Y]-[M]-[D]T[H]:[m][z]")', 1510063920000),
        ('$toMillis("2017-11-07T15:12GMT-5", "[Y]-[M]-[D]T[H]:[m][z0]")', 1510085520000),
        ('$toMillis("2017-11-07T15:12+01.30", "[Y]-[M]-[D]T[H]:[m][Z00.00]")', 1510062120000),
        ('$toMillis("2017-11-07T15:12Z", "[Y]-[M]-[D]T[H]:[m][Z01:01t]")', MISSING),
        ('$toMillis("2017-11-07T15:12+00:00", "[Y]-[M]-[D]T[H]:[m][Z01:01t]")', 1510067520000),
    ],
)
def test_offset(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("٢٠١٧", "[Y٠٠٠١]")', MISSING),
        ('$toMillis("no date", "[Y]-[M]-[D]")', MISSING),
        ('$toMillis("2017-11-07 and more", "[Y]-[M]-[D]")', MISSING),
        ('$toMillis("plain", "plain")', MISSING),
        ('$toMillis("2017-11", "[Y]-[M]-[D]")', MISSING),
        ('$toMillis("2017-40-40", "[Y]-[M]-[D]")', 1589068800000),
    ],
)
def test_text_that_does_not_fit(gives, expression, expected):
    """It gives nothing."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("[2017]", "[[[Y]]]")', 1483228800000),
        ('$toMillis("2017.11", "[Y].[M]")', 1509494400000),
        ('$toMillis("2017x11", "[Y].[M]")', MISSING),
        ('$toMillis("", "[Y]")', MISSING),
    ],
)
def test_picture(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$toMillis("2017 n", "[Y] [EN]")',
            "D3133: The 'name' modifier can only be applied to months and days in the date/time picture string, not \"E\"",
        ),
        ('$toMillis("x", "[q]")', 'D3132: Unknown component specifier "q" in date/time picture string'),
        (
            '$toMillis("x", "[YN]")',
            "D3133: The 'name' modifier can only be applied to months and days in the date/time picture string, not \"Y\"",
        ),
        (
            '$toMillis("x", "[CN]")',
            "D3133: The 'name' modifier can only be applied to months and days in the date/time picture string, not \"C\"",
        ),
        ('$toMillis("x", "[Y")', "D3135: No matching closing bracket ']' in date/time picture string"),
        (
            '$toMillis("2017 2", "[Y] [D#1]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
    ],
)
def test_picture__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$toMillis("2017-11-07T15:12:37", "[Y]-[M]-[D]T[H]:[m]:[s]")', 1510067557000),
        ('$toMillis("5 2017-11-07", "[H] [Y]-[M]-[D]")', 1510030800000),
        ('$toMillis("31 12 1999", "[D01] [M01] [Y0001]")', 946598400000),
        ('$toMillis("29 2 2016", "[D] [M] [Y]")', 1456704000000),
        ('$toMillis("29 2 2017", "[D] [M] [Y]")', 1488326400000),
        ('$toMillis($missing, "[Y]")', MISSING),
        ('$toMillis("2017 0", "[Y] [M]")', 1483228800000),
        ('$toMillis("0 1 1", "[Y] [M] [D]")', -2208988800000),
        ('$toMillis("2017-001", "[Y]-[d]")', 1483228800000),
        ('$toMillis("2017-000", "[Y]-[d]")', 1483228800000),
        ('$toMillis("2017 XI seventh", "[Y] [MI] [Dwo]")', 1510012800000),
        ('$toMillis("2017 11 tuesday", "[Y] [M] [Fn]")', 1509494400000),
        ('$fromMillis($toMillis("7/11/2017", "[D]/[M]/[Y]"), "[Y0001]-[M01]-[D01]")', "2017-11-07"),
        (
            '$toMillis("10/12/2018", "[D]/[M]/[Y]") ~> $fromMillis("[FNn], [D1o] [MNn] [YI]")',
            "Monday, 10th December MMXVIII",
        ),
    ],
)
def test_examples(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$fromMillis($toMillis("13:45", "[H]:[m]"))', "2017-11-07T13:45:00.000Z"),
        ('$fromMillis($toMillis("1:45 pm", "[h]:[m] [P]"))', "2017-11-07T13:45:00.000Z"),
        ('$fromMillis($toMillis("12:45 am", "[h]:[m] [P]"))', "2017-11-07T00:45:00.000Z"),
        ('$fromMillis($toMillis("1:45", "[h]:[m]"))', "2017-11-07T01:45:00.000Z"),
        ('$fromMillis($toMillis("pm", "[P]"))', "2017-11-07T12:00:00.000Z"),
        ('$fromMillis($toMillis("13", "[H]"))', "2017-11-07T13:00:00.000Z"),
        ('$fromMillis($toMillis("5", "[m]"))', "2017-11-07T15:05:00.000Z"),
        ('$fromMillis($toMillis("5", "[s]"))', "2017-11-07T15:12:05.000Z"),
        ('$fromMillis($toMillis("5", "[f]"))', "2017-11-07T15:12:37.005Z"),
        ('$fromMillis($toMillis("9", "[D]"))', "2017-11-09T00:00:00.000Z"),
        ('$fromMillis($toMillis("3", "[M]"))', "2017-03-01T00:00:00.000Z"),
        ('$fromMillis($toMillis("3 9", "[M] [D]"))', "2017-03-09T00:00:00.000Z"),
        ('$fromMillis($toMillis("31", "[d]"))', "2017-01-31T15:12:37.121Z"),
        ('$fromMillis($toMillis("+01:00", "[Z]"))', "2017-11-07T14:12:37.121Z"),
    ],
)
def test_what_is_left_out(gives, expression, expected):
    """Larger parts are those of the time at which the expression is evaluated, smaller ones the first."""
    gives(expression, expected)
