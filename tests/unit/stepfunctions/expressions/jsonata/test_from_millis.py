"""$fromMillis and $now: times as pictures write them.

The pictures are those of XPath and XQuery Functions and Operators 3.1, section 9.8, as JSONata's page on dates and times has
them; what comes out is what the reference (npm jsonata 2.0.6) gives."""

# ruff: noqa: E501, RUF001 - an expression and what it gives stand on one line; letters of other scripts are meant

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$fromMillis(0)", "1970-01-01T00:00:00.000Z"),
        ("$fromMillis(1510067557121)", "2017-11-07T15:12:37.121Z"),
        ("$fromMillis(-1)", "1969-12-31T23:59:59.999Z"),
        ("$fromMillis(-62135596800000)", "0001-01-01T00:00:00.000Z"),
        ("$fromMillis(-62198755200000)", "-0001-01-01T00:00:00.000Z"),
        ("$fromMillis(253402300800000)", "0000-01-01T00:00:00.000Z"),
        ("$fromMillis(8640000000000000)", "5760-09-13T00:00:00.000Z"),
        ('$fromMillis(-8640000000000000, "[Y]-[M]-[D]")', "-271821-4-20"),
        ("$fromMillis(951782400000)", "2000-02-29T00:00:00.000Z"),
        ("$fromMillis(951868800000)", "2000-03-01T00:00:00.000Z"),
        ("$fromMillis(-2203891200000)", "1900-03-01T00:00:00.000Z"),
        ("$fromMillis(-2203977600000)", "1900-02-28T00:00:00.000Z"),
        ('$fromMillis(1078012800000, "[d]")', "60"),
        ("$fromMillis(1e17)", "0NaN-NaN-NaNTNaN:NaN:NaN.NaNZ"),
    ],
)
def test_from_millis__iso_8601(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$fromMillis(1510067557121, "[Y]")', "2017"),
        ('$fromMillis(1510067557121, "[Y1]")', "2017"),
        ('$fromMillis(1510067557121, "[Y01]")', "17"),
        ('$fromMillis(1510067557121, "[Y001]")', "017"),
        ('$fromMillis(1510067557121, "[Y0001]")', "2017"),
        ('$fromMillis(1510067557121, "[Y,2]")', "17"),
        ('$fromMillis(1510067557121, "[Y,2-2]")', "17"),
        ('$fromMillis(1510067557121, "[Y,*-2]")', "17"),
        ('$fromMillis(1510067557121, "[Y,6]")', "002017"),
        ('$fromMillis(1510067557121, "[Y,*]")', "2017"),
        ('$fromMillis(1510067557121, "[Y9,999,*]")', "2,017"),
        ('$fromMillis(1510067557121, "[Y##01]")', "2017"),
        ('$fromMillis(1510067557121, "[Y#1]")', "17"),
        ('$fromMillis(1510067557121, "[YI]")', "MMXVII"),
        ('$fromMillis(1510067557121, "[Yi]")', "mmxvii"),
        ('$fromMillis(1510067557121, "[Yw]")', "two thousand and seventeen"),
        ('$fromMillis(1510067557121, "[YW]")', "TWO THOUSAND AND SEVENTEEN"),
        ('$fromMillis(1510067557121, "[YWw]")', "Two Thousand and Seventeen"),
        ('$fromMillis(1510067557121, "[Ywo]")', "two thousand and seventeenth"),
        ('$fromMillis(1510067557121, "[Y1o]")', "2017th"),
        ('$fromMillis(1510067557121, "[YA]")', "BYO"),
        ('$fromMillis(-62198755200000, "[Y]")', "-1"),
        ('$fromMillis(-62198755200000, "[Y0001]")', "-0001"),
        ('$fromMillis(-62198755200000, "[YI]")', "-I"),
    ],
)
def test_year(gives, expression, expected):
    """`Y`: of its digits as many as the picture or its width has; two of `[Y01]`, all of `[Y]`."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$fromMillis(1510067557121, "[Yo]")',
            'D3130: Formatting or parsing an integer as a sequence starting with "o" is not supported by this implementation',
        ),
    ],
)
def test_year__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$fromMillis(1510067557121, "[M]")', "11"),
        ('$fromMillis(1489000000000, "[M]")', "3"),
        ('$fromMillis(1489000000000, "[M01]")', "03"),
        ('$fromMillis(1489000000000, "[M001]")', "003"),
        ('$fromMillis(1489000000000, "[M#1]")', "3"),
        ('$fromMillis(1489000000000, "[M,2]")', "03"),
        ('$fromMillis(1510067557121, "[M,1-1]")', "11"),
        ('$fromMillis(1489000000000, "[M1,2-2]")', "03"),
        ('$fromMillis(1489000000000, "[MI]")', "III"),
        ('$fromMillis(1489000000000, "[Mi]")', "iii"),
        ('$fromMillis(1489000000000, "[MA]")', "C"),
        ('$fromMillis(1489000000000, "[Ma]")', "c"),
        ('$fromMillis(1489000000000, "[Mw]")', "three"),
        ('$fromMillis(1489000000000, "[MN]")', "MARCH"),
        ('$fromMillis(1489000000000, "[Mn]")', "march"),
        ('$fromMillis(1489000000000, "[MNn]")', "March"),
        ('$fromMillis(1489000000000, "[MNn,3-3]")', "Mar"),
        ('$fromMillis(1489000000000, "[MN,*-3]")', "MAR"),
        ('$fromMillis(1489000000000, "[Mn,3]")', "march"),
        ('$fromMillis(1489000000000, "[MNn,9-9]")', "March"),
        ('$fromMillis(1489000000000, "[MNn,5-5]")', "March"),
        ('$fromMillis(1489000000000, "[MNn,1-4]")', "Marc"),
        (
            '$map([0..11], function($m){$fromMillis($m * 2629800000, "[MNn,3-3]")})',
            ["Jan", "Jan", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        ),
    ],
)
def test_month(gives, expression, expected):
    """`M`: a number, or a name that may be cut short."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$fromMillis(1489000000000, "[Mo]")',
            'D3130: Formatting or parsing an integer as a sequence starting with "o" is not supported by this implementation',
        ),
    ],
)
def test_month__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$fromMillis(1489000000000, "[D]")', "8"),
        ('$fromMillis(1489000000000, "[D01]")', "08"),
        ('$fromMillis(1489000000000, "[D1o]")', "8th"),
        ('$fromMillis(1489000000000, "[Dwo]")', "eighth"),
        ('$fromMillis(1489000000000, "[DWwo]")', "Eighth"),
        ('$fromMillis(1489000000000, "[DWo]")', "EIGHTH"),
        ('$fromMillis(1489000000000, "[DI]")', "VIII"),
        ('$fromMillis(1489000000000, "[Da]")', "h"),
        ('$fromMillis(1489000000000, "[DA]")', "H"),
        ('$fromMillis(1489000000000, "[D#1]")', "8"),
        ('$fromMillis(1489000000000, "[D0]")', "8"),
        ('$fromMillis(1489000000000, "[D001]")', "008"),
        ('$fromMillis(1489000000000, "[D,2]")', "08"),
        ('$fromMillis(1510067557121, "[D01,1-1]")', "7"),
        ('$fromMillis(1489000000000, "[D 01]")', "08"),
        ('$fromMillis(1489000000000, "[ D 0 1 ]")', "08"),
        ('$fromMillis(1489000000000, "[D٠١]")', "٠٨"),
        ('$fromMillis(1489000000000, "[Y٠٠٠١]")', "٢٠١٧"),
        (
            '$map([1..31], function($d){$fromMillis(($d - 1) * 86400000, "[D1o]")})',
            [
                "1st",
                "2nd",
                "3rd",
                "4th",
                "5th",
                "6th",
                "7th",
                "8th",
                "9th",
                "10th",
                "11th",
                "12th",
                "13th",
                "14th",
                "15th",
                "16th",
                "17th",
                "18th",
                "19th",
                "20th",
                "21st",
                "22nd",
                "23rd",
                "24th",
                "25th",
                "26th",
                "27th",
                "28th",
                "29th",
                "30th",
                "31st",
            ],
        ),
        ('$fromMillis(1489000000000, "[d]")', "67"),
        ('$fromMillis(1483228799999, "[d]")', "366"),
        ('$fromMillis(1483228800000, "[d001]")', "001"),
        ('$fromMillis(1489000000000, "[dwo]")', "sixty-seventh"),
    ],
)
def test_day(gives, expression, expected):
    """`D`: of the month; `d`: of the year."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$fromMillis(1489000000000, "[Do]")',
            'D3130: Formatting or parsing an integer as a sequence starting with "o" is not supported by this implementation',
        ),
    ],
)
def test_day__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$fromMillis(1489000000000, "[F]")', "wednesday"),
        ('$fromMillis(1489000000000, "[F0]")', "3"),
        ('$fromMillis(1489000000000, "[F1]")', "3"),
        ('$fromMillis(1489000000000, "[FN]")', "WEDNESDAY"),
        ('$fromMillis(1489000000000, "[Fn]")', "wednesday"),
        ('$fromMillis(1489000000000, "[FNn]")', "Wednesday"),
        ('$fromMillis(1489000000000, "[FNn,3-3]")', "Wed"),
        ('$fromMillis(1489000000000, "[FN,2-2]")', "WE"),
        ('$fromMillis(1489000000000, "[F1o]")', "3rd"),
        (
            '$map([0..6], function($d){$fromMillis($d * 86400000, "[FNn] [F1]")})',
            ["Thursday 4", "Friday 5", "Saturday 6", "Sunday 7", "Monday 1", "Tuesday 2", "Wednesday 3"],
        ),
        ('$map([-7..-1], function($d){$fromMillis($d * 86400000, "[F1]")})', ["4", "5", "6", "7", "1", "2", "3"]),
    ],
)
def test_weekday(gives, expression, expected):
    """`F`: a name where nothing else is asked for; Monday is 1."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            '$map([2014..2021], function($y){$fromMillis($toMillis($y & "-01-01"), "[X]-W[W01]-[F1]")})',
            [
                "2014-W01-3",
                "2015-W01-4",
                "2015-W53-5",
                "2016-W52-7",
                "2018-W01-1",
                "2019-W01-2",
                "2020-W01-3",
                "2020-W53-5",
            ],
        ),
        (
            '$map([2014..2021], function($y){$fromMillis($toMillis($y & "-12-31"), "[X]-W[W01]-[F1]")})',
            [
                "2015-W01-3",
                "2015-W53-4",
                "2016-W52-6",
                "2017-W52-7",
                "2019-W01-1",
                "2020-W01-2",
                "2020-W53-4",
                "2021-W52-5",
            ],
        ),
        (
            '$map([2014..2021], function($y){$fromMillis($toMillis($y & "-01-04"), "[X]-W[W]-[F1]")})',
            ["2014-W1-6", "2015-W1-7", "2016-W1-1", "2017-W1-3", "2018-W1-4", "2019-W1-5", "2020-W1-6", "2021-W1-1"],
        ),
        (
            '$map([2014..2021], function($y){$fromMillis($toMillis($y & "-12-28"), "[X]-W[W]-[F1]")})',
            [
                "2014-W52-7",
                "2015-W53-1",
                "2016-W52-3",
                "2017-W52-4",
                "2018-W52-5",
                "2019-W52-6",
                "2020-W53-1",
                "2021-W52-2",
            ],
        ),
        (
            '$map([2014..2021], function($y){$fromMillis($toMillis($y & "-12-29"), "[X]-W[W]")})',
            ["2015-W1", "2015-W53", "2016-W52", "2017-W52", "2018-W52", "2019-W52", "2020-W53", "2021-W52"],
        ),
        ('$fromMillis(1489000000000, "[W]")', "10"),
        ('$fromMillis(1489000000000, "[W01]")', "10"),
        ('$fromMillis(1489000000000, "[w]")', "2"),
        ('$fromMillis(1489000000000, "[x]")', "3"),
        ('$fromMillis(1489000000000, "[xNn]")', "March"),
        ('$fromMillis(1489000000000, "[xN]")', "MARCH"),
        (
            '$map(["01","02","03","04","05","06","07","08","09","10","11","12"], function($m){$fromMillis($toMillis("2018-" & $m & "-01"), "[w] [x]")})',
            ["1 1", "1 2", "1 3", "5 3", "1 5", "5 5", "4 6", "1 8", "5 8", "1 10", "1 11", "5 11"],
        ),
        (
            '$map(["01","02","03","04","05","06","07","08","09","10","11","12"], function($m){$fromMillis($toMillis("2018-" & $m & "-28"), "[w] [xNn]")})',
            [
                "4 January",
                "1 March",
                "5 March",
                "4 April",
                "5 May",
                "4 June",
                "4 July",
                "5 August",
                "4 September",
                "4 October",
                "5 November",
                "4 December",
            ],
        ),
        ('$fromMillis($toMillis("2018-04-30"), "[w] [xNn]")', "1 May"),
        ('$fromMillis($toMillis("2018-12-31"), "[w] [xNn] [W] [X]")', "1 January 1 2019"),
        ('$fromMillis($toMillis("2016-01-02"), "[w] [xNn] [W] [X]")', "5 December 53 2015"),
        ('$fromMillis($toMillis("2018-07-29"), "[w] [xNn]")', "4 July"),
        ('$fromMillis($toMillis("2018-07-30"), "[w] [xNn]")', "1 August"),
    ],
)
def test_week(gives, expression, expected):
    """`W`: of the year, and `X` the year it belongs to; `w`: of the month, and `x` that month. Weeks belong where their Thursday is."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$fromMillis(1510067557121, "[H]:[m]:[s].[f]")', "15:12:37.121"),
        ('$fromMillis(3723004, "[H]:[m]:[s].[f]")', "1:02:03.4"),
        ('$fromMillis(3723004, "[H01]:[m01]:[s01].[f001]")', "01:02:03.004"),
        ('$fromMillis(3723004, "[H1]:[m1]:[s1].[f1]")', "1:2:3.4"),
        ('$fromMillis(3723004, "[f01] [f0001]")', "04 0004"),
        ('$fromMillis(3723120, "[f] [f1] [f01] [f001]")', "120 120 120 120"),
        ('$fromMillis(3723004, "[H,2]:[m,2]:[s,2]")', "01:02:03"),
        ('$fromMillis(3723004, "[h] [P]")', "1 am"),
        ('$fromMillis(0, "[h] [P]")', "12 am"),
        ('$fromMillis(43199999, "[h] [P]")', "11 am"),
        ('$fromMillis(43200000, "[h] [P]")', "12 pm"),
        ('$fromMillis(46800000, "[h] [P]")', "1 pm"),
        ('$fromMillis(46800000, "[h01] [PN]")', "01 PM"),
        ('$fromMillis(46800000, "[h01] [Pn]")', "01 pm"),
        ('$fromMillis(46800000, "[h01] [PNn]")', "01 pm"),
        ('$fromMillis(46800000, "[PN,1-1]")', "PM"),
        ('$fromMillis(86399999, "[H]:[h][P]:[m]:[s].[f]")', "23:11pm:59:59.999"),
    ],
)
def test_time(gives, expression, expected):
    """`H`, `h` with `P`, `m`, `s` and `f`; minutes and seconds have two digits where nothing else is asked for."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$fromMillis(3723004, "[Hw] [ho] [mw]")',
            'D3130: Formatting or parsing an integer as a sequence starting with "o" is not supported by this implementation',
        ),
    ],
)
def test_time__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$fromMillis(0, "[C] [E]")', "ISO ISO"),
        ('$fromMillis(0, "[CN] [EN]")', "ISO ISO"),
    ],
)
def test_calendar(gives, expression, expected):
    """`C` and `E`: there is one calendar and one era."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$fromMillis(0, "[Z] [z]")', "+00:00 GMT+00:00"),
        ('$fromMillis(0, "[Z] [z]", "+0530")', "+05:30 GMT+05:30"),
        ('$fromMillis(0, "[Z] [z]", "-0800")', "-08:00 GMT-08:00"),
        ('$fromMillis(0, "[Z] [z]", "-0330")', "-04:30 GMT-04:30"),
        ('$fromMillis(0, "[H]:[m] [Z]", "-0330")', "19:30 -04:30"),
        ('$fromMillis(0, "[H]:[m] [Z]", "+1400")', "14:00 +14:00"),
        ('$fromMillis(0, "[Z0] [z0]", "+0530")', "+5:30 GMT+5:30"),
        ('$fromMillis(0, "[Z0] [z0]", "-0500")', "-5 GMT-5"),
        ('$fromMillis(0, "[Z0]", "-0930")', "-10:-30"),
        ('$fromMillis(0, "[Z00]", "+0500")', "+05"),
        ('$fromMillis(0, "[Z00]", "+0530")', "+05:30"),
        ('$fromMillis(0, "[Z000]", "+0530")', "+530"),
        ('$fromMillis(0, "[Z000]", "+1030")', "+1030"),
        ('$fromMillis(0, "[Z0000]", "+0530")', "+0530"),
        ('$fromMillis(0, "[Z0000]")', "+0000"),
        ('$fromMillis(0, "[Z0:00] [Z00:00] [Z00.00]", "+0530")', "+5:30 +05:30 +05.30"),
        ('$fromMillis(0, "[Z01:01t]")', "Z"),
        ('$fromMillis(0, "[Z01:01t]", "+0100")', "+01:00"),
        ('$fromMillis(0, "[Z0t]")', "Z"),
        ('$fromMillis(0, "[Z0000t]")', "Z"),
        ('$fromMillis(0, "[z00]", "-0700")', "GMT-07"),
        ('$fromMillis(0, "[z01:01t]")', "Z"),
        ('$fromMillis(0, "[Z]", "0530")', "+05:30"),
        ('$fromMillis(0, "[Z]", "Z")', "0N:aN"),
        ('$fromMillis(0, "[Y]", "Z")', "NaN"),
        ('$fromMillis(0, "[MNn]", "Z")', "undefined"),
        ('$fromMillis(0, "[H]", "Z")', "NaN"),
        ('$fromMillis(0, "[P]", "Z")', "am"),
    ],
)
def test_offset(gives, expression, expected):
    """`Z` and `z`, and the time that goes with it; below zero the hours are rounded down, as the reference has it."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$fromMillis(0, "[zt]")', "D3134: The timezone integer format specifier cannot have more than four digits"),
        (
            '$fromMillis(0, "[Z00000]")',
            "D3134: The timezone integer format specifier cannot have more than four digits",
        ),
        ('$fromMillis(0, "[ZN]")', "D3134: The timezone integer format specifier cannot have more than four digits"),
    ],
)
def test_offset__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    "expression",
    [
        '$fromMillis(0, "[F]", "Z")',
    ],
)
def test_offset__breaks_as_the_reference_does(breaks, expression):
    breaks(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$fromMillis(0, "", "+0530")', ""),
        ('$fromMillis(0, "")', ""),
        ('$fromMillis(0, "plain text")', "plain text"),
        ('$fromMillis(0, "[[[Y]]]")', "[1970]"),
        ('$fromMillis(0, "[[Y]] [D]")', "[Y] 1"),
        ('$fromMillis(0, "]] [D] ]]x]]")', "] 1 ]x]"),
        ('$fromMillis(0, "]")', "]"),
        ('$fromMillis(0, "[q1]")', "undefined"),
        ('$fromMillis(0, "[qN]")', "undefined"),
        ('$fromMillis(0, "[q1] [D]")', "undefined 1"),
        ('$fromMillis(0, "[q1]", "Z")', "undefined"),
    ],
)
def test_picture(gives, expression, expected):
    """Texts stand as they are, a bracket is written twice."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$fromMillis(0, "[D")', "D3135: No matching closing bracket ']' in date/time picture string"),
        ('$fromMillis(0, "[")', "D3135: No matching closing bracket ']' in date/time picture string"),
        ('$fromMillis(0, "x[")', "D3135: No matching closing bracket ']' in date/time picture string"),
        ('$fromMillis(0, "[]")', 'D3132: Unknown component specifier "" in date/time picture string'),
        ('$fromMillis(0, "[q]")', 'D3132: Unknown component specifier "q" in date/time picture string'),
        ('$fromMillis(0, "[1]")', 'D3132: Unknown component specifier "1" in date/time picture string'),
        (
            '$fromMillis(0, "[YN]")',
            "D3133: The 'name' modifier can only be applied to months and days in the date/time picture string, not \"Y\"",
        ),
        (
            '$fromMillis(0, "[YNn]")',
            "D3133: The 'name' modifier can only be applied to months and days in the date/time picture string, not \"Y\"",
        ),
        (
            '$fromMillis(0, "[Dn]")',
            "D3133: The 'name' modifier can only be applied to months and days in the date/time picture string, not \"D\"",
        ),
        (
            '$fromMillis(0, "[Hn]")',
            "D3133: The 'name' modifier can only be applied to months and days in the date/time picture string, not \"H\"",
        ),
        (
            '$fromMillis(0, "[Y0٠]")',
            "D3131: In a decimal digit pattern, all digits must be from the same decimal group",
        ),
        (
            '$fromMillis(0, "[Y#]")',
            'D3130: Formatting or parsing an integer as a sequence starting with "#" is not supported by this implementation',
        ),
        (
            '$fromMillis(0, "[Y*]")',
            'D3130: Formatting or parsing an integer as a sequence starting with "*" is not supported by this implementation',
        ),
    ],
)
def test_picture__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$fromMillis(0, "[M01]/[D01]/[Y0001] at [H01]:[m01]")', "01/01/1970 at 00:00"),
        ('$fromMillis(1510067557121, "[D1o] [MNn] [Y0001], [FNn]")', "7th November 2017, Tuesday"),
        (
            '$fromMillis(1510067557121, "The [Dwo] of [MNn], [Yw]")',
            "The seventh of November, two thousand and seventeen",
        ),
        ('$fromMillis(1510067557121, "[MNn] [Dwo], [YI] [h#1].[m01][P]")', "November seventh, MMXVII 3.12pm"),
        ('$fromMillis(1510067557121, "[Ww] [M,*-1] [Y9,2-2]")', "forty-five 11 17"),
    ],
)
def test_examples(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$fromMillis($missing)", MISSING),
        ("$fromMillis(1510067557121.9)", "2017-11-07T15:12:37.121Z"),
        ("$fromMillis(-0.5)", "1970-01-01T00:00:00.000Z"),
        ('$fromMillis(1510067557121, $missing, "+0100")', "2017-11-07T16:12:37.121+01:00"),
        ('$fromMillis("x")', MISSING),
    ],
)
def test_arguments(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$fromMillis(0, 1)", 'T0410: Argument 2 of function "fromMillis" does not match function signature'),
        ('$fromMillis(0, "[Y]", 100)', 'T0410: Argument 3 of function "fromMillis" does not match function signature'),
    ],
)
def test_arguments__refuses(refuses, expression, message):
    refuses(expression, message)
