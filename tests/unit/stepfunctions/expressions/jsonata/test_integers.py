"""$formatInteger and $parseInteger: whole numbers in digits, words, Roman numerals and letters, there and back.

The pictures are those of XPath and XQuery Functions and Operators 3.1, section 4.6; what comes out is what the reference
(npm jsonata 2.0.6) gives."""

# ruff: noqa: E501, RUF001 - an expression and what it gives stand on one line; letters of other scripts are meant

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatInteger(0, "w")', "zero"),
        (
            '$map([0..20], function($n){$formatInteger($n, "w")})',
            [
                "zero",
                "one",
                "two",
                "three",
                "four",
                "five",
                "six",
                "seven",
                "eight",
                "nine",
                "ten",
                "eleven",
                "twelve",
                "thirteen",
                "fourteen",
                "fifteen",
                "sixteen",
                "seventeen",
                "eighteen",
                "nineteen",
                "twenty",
            ],
        ),
        (
            '$map([0..21], function($n){$formatInteger($n, "w;o")})',
            [
                "zeroth",
                "first",
                "second",
                "third",
                "fourth",
                "fifth",
                "sixth",
                "seventh",
                "eighth",
                "ninth",
                "tenth",
                "eleventh",
                "twelfth",
                "thirteenth",
                "fourteenth",
                "fifteenth",
                "sixteenth",
                "seventeenth",
                "eighteenth",
                "nineteenth",
                "twentieth",
                "twenty-first",
            ],
        ),
        (
            '$map([1..9], function($n){$formatInteger($n * 10, "w")})',
            ["ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
        ),
        (
            '$map([1..9], function($n){$formatInteger($n * 10, "w;o")})',
            [
                "tenth",
                "twentieth",
                "thirtieth",
                "fortieth",
                "fiftieth",
                "sixtieth",
                "seventieth",
                "eightieth",
                "ninetieth",
            ],
        ),
        (
            '$map([2..9], function($n){$formatInteger($n * 11, "w")})',
            [
                "twenty-two",
                "thirty-three",
                "forty-four",
                "fifty-five",
                "sixty-six",
                "seventy-seven",
                "eighty-eight",
                "ninety-nine",
            ],
        ),
        ('$formatInteger(100, "w")', "one hundred"),
        ('$formatInteger(100, "w;o")', "one hundredth"),
        ('$formatInteger(101, "w")', "one hundred and one"),
        ('$formatInteger(101, "w;o")', "one hundred and first"),
        ('$formatInteger(119, "w")', "one hundred and nineteen"),
        ('$formatInteger(120, "w")', "one hundred and twenty"),
        ('$formatInteger(123, "w")', "one hundred and twenty-three"),
        ('$formatInteger(555, "w")', "five hundred and fifty-five"),
        ('$formatInteger(999, "w")', "nine hundred and ninety-nine"),
        ('$formatInteger(999, "w;o")', "nine hundred and ninety-ninth"),
        ('$formatInteger(1000, "w")', "one thousand"),
        ('$formatInteger(1000, "w;o")', "one thousandth"),
        ('$formatInteger(1001, "w")', "one thousand and one"),
        ('$formatInteger(1099, "w")', "one thousand and ninety-nine"),
        ('$formatInteger(1100, "w")', "one thousand, one hundred"),
        ('$formatInteger(2789, "w")', "two thousand, seven hundred and eighty-nine"),
        ('$formatInteger(10000, "w")', "ten thousand"),
        ('$formatInteger(12476, "w")', "twelve thousand, four hundred and seventy-six"),
        ('$formatInteger(100000, "w")', "one hundred thousand"),
        ('$formatInteger(999999, "w")', "nine hundred and ninety-nine thousand, nine hundred and ninety-nine"),
        ('$formatInteger(1000000, "w")', "one million"),
        ('$formatInteger(1000000, "w;o")', "one millionth"),
        ('$formatInteger(1000001, "w")', "one million and one"),
        (
            '$formatInteger(1234567, "w")',
            "one million, two hundred and thirty-four thousand, five hundred and sixty-seven",
        ),
        ('$formatInteger(1000000000, "w")', "one billion"),
        (
            '$formatInteger(1234567890, "w;o")',
            "one billion, two hundred and thirty-four million, five hundred and sixty-seven thousand, eight hundred and ninetieth",
        ),
        ('$formatInteger(1000000000000, "w")', "one trillion"),
        ('$formatInteger(1e15, "w")', "one thousand trillion"),
        ('$formatInteger(1e18, "w")', "one million trillion"),
        ('$formatInteger(-5, "w")', "-five"),
        ('$formatInteger(-1, "w;o")', "-first"),
        ('$formatInteger(21, "W")', "TWENTY-ONE"),
        ('$formatInteger(21, "Ww")', "Twenty-One"),
        ('$formatInteger(21, "Ww;o")', "Twenty-First"),
        ('$formatInteger(21, "W;o")', "TWENTY-FIRST"),
        ('$formatInteger(1101, "Ww")', "One Thousand, One Hundred and One"),
    ],
)
def test_words(gives, expression, expected):
    """`w`, `W` and `Ww`; `;o` makes an ordinal of them."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatInteger(1999, "I")', "MCMXCIX"),
        ('$formatInteger(1999, "i")', "mcmxcix"),
        (
            '$map([1..20], function($n){$formatInteger($n, "I")})',
            [
                "I",
                "II",
                "III",
                "IV",
                "V",
                "VI",
                "VII",
                "VIII",
                "IX",
                "X",
                "XI",
                "XII",
                "XIII",
                "XIV",
                "XV",
                "XVI",
                "XVII",
                "XVIII",
                "XIX",
                "XX",
            ],
        ),
        (
            '$map([40, 44, 49, 50, 90, 99, 100, 400, 444, 500, 900, 999, 1000, 3999, 4000], function($n){$formatInteger($n, "I")})',
            [
                "XL",
                "XLIV",
                "XLIX",
                "L",
                "XC",
                "XCIX",
                "C",
                "CD",
                "CDXLIV",
                "D",
                "CM",
                "CMXCIX",
                "M",
                "MMMCMXCIX",
                "MMMM",
            ],
        ),
        ('$formatInteger(0, "I")', ""),
        ('$formatInteger(-4, "I")', "-IV"),
        ('$formatInteger(4, "I;o")', "IV"),
    ],
)
def test_roman(gives, expression, expected):
    """`I` and `i`."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            '$map([1, 2, 25, 26, 27, 28, 52, 53, 702, 703, 18278], function($n){$formatInteger($n, "A")})',
            ["A", "B", "Y", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA", "ZZZ"],
        ),
        ('$map([1, 26, 27, 703], function($n){$formatInteger($n, "a")})', ["a", "z", "aa", "aaa"]),
        ('$formatInteger(0, "A")', ""),
        ('$formatInteger(-28, "a")', "-ab"),
    ],
)
def test_letters(gives, expression, expected):
    """`A` and `a`."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatInteger(123, "1")', "123"),
        ('$formatInteger(123, "0")', "123"),
        ('$formatInteger(123, "9")', "123"),
        ('$formatInteger(5, "01")', "05"),
        ('$formatInteger(5, "001")', "005"),
        ('$formatInteger(5, "#01")', "05"),
        ('$formatInteger(1234567, "#,##0")', "1,234,567"),
        ('$formatInteger(1234567, "#,##1")', "1,234,567"),
        ('$formatInteger(1234567, "#,###,##0")', "1,234,567"),
        ('$formatInteger(12, "#,##0")', "12"),
        ('$formatInteger(12, "0,000")', "0,012"),
        ('$formatInteger(1234567, "#,#,0")', "1,2,3,4,5,6,7"),
        ('$formatInteger(1234567, "#.##.1")', "1234.56.7"),
        ('$formatInteger(1234567, "#:##,#1")', "123:45,67"),
        ('$formatInteger(1234567, "0 000 000")', "1 234 567"),
        ('$formatInteger(1234567, "0.000,000")', "1.234,567"),
        ('$formatInteger(12, "0.000,000")', "0.000,012"),
        ('$formatInteger(1, "#.##,0")', ".,1"),
        ('$formatInteger(1234, "##,##0")', "1,234"),
        ('$formatInteger(1234, ",##0")', "1,234"),
        ('$formatInteger(1234567, "0-00-000")', "12-34-567"),
        ('$formatInteger(1234567890, "#,####,##0")', "123,4567,890"),
        ('$formatInteger(-1234, "#,##0")', "-1,234"),
        ('$formatInteger(-5, "001")', "-005"),
        ('$formatInteger(1e15, "0")', "1000000000000000"),
        ('$formatInteger(1e21, "0")', "1e+21"),
        ('$formatInteger(12.7, "0")', "12"),
        ('$formatInteger(-12.2, "0")', "-13"),
    ],
)
def test_digits(gives, expression, expected):
    """As many as the picture has at least, with its separators."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            '$map([0..14], function($n){$formatInteger($n, "1;o")})',
            [
                "0th",
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
            ],
        ),
        (
            '$map([20, 21, 22, 23, 24, 100, 101, 102, 110, 111, 112, 113, 114, 121, 1011], function($n){$formatInteger($n, "0;o")})',
            [
                "20th",
                "21st",
                "22nd",
                "23rd",
                "24th",
                "100th",
                "101st",
                "102nd",
                "110th",
                "111th",
                "112th",
                "113th",
                "114th",
                "121st",
                "1011th",
            ],
        ),
        ('$formatInteger(1234, "#,##0;o")', "1,234th"),
        ('$formatInteger(5, "1;c")', "5"),
        ('$formatInteger(5, "1;o(-en)")', "5th"),
        ('$formatInteger(5, "w;c")', "five"),
        ('$formatInteger(5, "1;")', "5"),
        ('$formatInteger(5, "1;2;o")', "0;5th"),
    ],
)
def test_ordinal(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$formatInteger(5, ";o")',
            'D3130: Formatting or parsing an integer as a sequence starting with "" is not supported by this implementation',
        ),
    ],
)
def test_ordinal__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatInteger(123, "٠")', "١٢٣"),
        ('$formatInteger(1234567, "#,##٠")', "١,٢٣٤,٥٦٧"),
        ('$formatInteger(12, "०००")', "०१२"),
        ('$formatInteger(12, "０１")', "１２"),
        ('$formatInteger(12, "߀߁")', "߁߂"),
    ],
)
def test_scripts(gives, expression, expected):
    """Digits of other scripts, by their zero."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$formatInteger(12, "0٠")',
            "D3131: In a decimal digit pattern, all digits must be from the same decimal group",
        ),
    ],
)
def test_scripts__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$formatInteger(5, "#")',
            'D3130: Formatting or parsing an integer as a sequence starting with "#" is not supported by this implementation',
        ),
        (
            '$formatInteger(5, "")',
            'D3130: Formatting or parsing an integer as a sequence starting with "" is not supported by this implementation',
        ),
        (
            '$formatInteger(5, "*")',
            'D3130: Formatting or parsing an integer as a sequence starting with "*" is not supported by this implementation',
        ),
        (
            '$formatInteger(5, "Α")',
            'D3130: Formatting or parsing an integer as a sequence starting with "Α" is not supported by this implementation',
        ),
        (
            '$formatInteger(5, "x")',
            'D3130: Formatting or parsing an integer as a sequence starting with "x" is not supported by this implementation',
        ),
        (
            '$formatInteger(5, "WW")',
            'D3130: Formatting or parsing an integer as a sequence starting with "WW" is not supported by this implementation',
        ),
        (
            '$formatInteger(5, "ww")',
            'D3130: Formatting or parsing an integer as a sequence starting with "ww" is not supported by this implementation',
        ),
    ],
)
def test_sequence__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatInteger($missing, "0")', MISSING),
        ('$formatInteger(1/0, "0")', "Infinity"),
    ],
)
def test_arguments(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$formatInteger("5", "0")', 'T0410: Argument 2 of function "formatInteger" does not match function signature'),
        ("$formatInteger(5)", 'T0410: Argument 2 of function "formatInteger" does not match function signature'),
    ],
)
def test_arguments__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$parseInteger("123", "0")', 123),
        ('$parseInteger("0123", "0")', 123),
        ('$parseInteger("-123", "0")', -123),
        ('$parseInteger("+123", "0")', 123),
        ('$parseInteger("12x", "0")', 12),
        ('$parseInteger("x12", "0")', "NaN"),
        ('$parseInteger("", "0")', "NaN"),
        ('$parseInteger(" 12", "0")', 12),
        ('$parseInteger("12.7", "0")', 12),
        ('$parseInteger("0x1F", "0")', 31),
        ('$parseInteger("1,234", "#,##0")', 1234),
        ('$parseInteger("1,234,567", "#,##0")', 1234567),
        ('$parseInteger("1.234.567", "#.##0")', 1),
        ('$parseInteger("1.234,567", "0.000,000")', 1234567),
        ('$parseInteger("1:23,45", "#:##,#1")', 12345),
        ('$parseInteger("1 234", "# ##0")', 1),
        ('$parseInteger("12th", "1;o")', 12),
        ('$parseInteger("1st", "1;o")', 1),
        ('$parseInteger("1,234th", "#,##0;o")', 1234),
        ('$parseInteger("5", "1;o")', "NaN"),
        ('$parseInteger("th", "1;o")', "NaN"),
        ('$parseInteger("١٢", "٠")', 12),
        ('$parseInteger("१२", "०")', 12),
    ],
)
def test_parse_digits(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    "expression",
    [
        '$parseInteger("12", "٠")',
    ],
)
def test_parse_digits__breaks_as_the_reference_does(breaks, expression):
    breaks(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$parseInteger("I", "I")', 1),
        (
            '$map(["I", "II", "III", "IV", "V", "VI", "IX", "X", "XIV", "XL", "XC", "CD", "CM", "MCMXCIX", "MMXVIII", "MDCLXVI"], function($n){$parseInteger($n, "I")})',
            [1, 2, 3, 4, 5, 6, 9, 10, 14, 40, 90, 400, 900, 1999, 2018, 1666],
        ),
        ('$parseInteger("xiv", "i")', 14),
        ('$parseInteger("XIV", "i")', 14),
        ('$parseInteger("xiv", "I")', "NaN"),
        ('$parseInteger("", "I")', 0),
        ('$parseInteger("XQ", "I")', "NaN"),
        ('$parseInteger("IIX", "I")', 8),
    ],
)
def test_parse_roman(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            '$map(["A", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"], function($n){$parseInteger($n, "A")})',
            [1, 26, 27, 28, 52, 53, 702, 703],
        ),
        ('$map(["a", "z", "aa", "zzz"], function($n){$parseInteger($n, "a")})', [1, 26, 27, 18278]),
        ('$parseInteger("abc", "A")', 23227),
        ('$parseInteger("", "a")', 0),
    ],
)
def test_parse_letters(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            '$map([0..20], function($n){$parseInteger($formatInteger($n, "w"), "w")})',
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
        ),
        (
            '$map([0..20], function($n){$parseInteger($formatInteger($n, "w;o"), "w;o")})',
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
        ),
        (
            '$map([1..9], function($n){$parseInteger($formatInteger($n * 10, "w;o"), "w;o")})',
            [10, 20, 30, 40, 50, 60, 70, 80, 90],
        ),
        (
            '$map([21, 35, 48, 99, 100, 101, 110, 123, 999, 1000, 1001, 1100, 2789, 12476, 100000, 999999, 1000000, 1234567, 1000000000, 1234567890], function($n){$parseInteger($formatInteger($n, "w"), "w")})',
            [
                21,
                35,
                48,
                99,
                100,
                101,
                110,
                123,
                999,
                1000,
                1001,
                1100,
                2789,
                12476,
                100000,
                999999,
                1000000,
                1234567,
                1000000000,
                1234567890,
            ],
        ),
        (
            '$map([21, 100, 101, 999, 1000, 1100, 2789, 1000000, 1234567], function($n){$parseInteger($formatInteger($n, "w;o"), "w;o")})',
            [21, 100, 101, 999, 1000, 1100, 2789, 1000000, 1234567],
        ),
        ('$parseInteger("one hundred", "w")', 100),
        ('$parseInteger("one hundredth", "w")', 100),
        ('$parseInteger("two thousandth", "w")', 2000),
        ('$parseInteger("three millionth", "w")', 3000000),
        ('$parseInteger("four billionth", "w")', 4000000000),
        ('$parseInteger("five trillionth", "w")', 5000000000000),
        ('$parseInteger("twentieth", "w")', 20),
        ('$parseInteger("thirty-fifth", "w")', 35),
        ('$parseInteger("ONE HUNDRED AND FIVE", "W")', 105),
        ('$parseInteger("One Hundred and Five", "Ww")', 105),
        ('$parseInteger("one hundred five", "w")', 105),
        ('$parseInteger("twelve thousand four hundred", "w")', 12400),
        ('$parseInteger("nineteen hundred", "w")', 1900),
        ('$parseInteger("one million and two thousand", "w")', 1002000),
        ('$parseInteger("two thousand and seventeen", "w")', 2017),
        ('$parseInteger("hundred", "w")', 0),
        ('$parseInteger("thousand", "w")', 0),
        ('$parseInteger("zero", "w")', 0),
        ('$parseInteger("zeroth", "w")', 0),
        ('$parseInteger("nothing", "w")', "NaN"),
        ('$parseInteger("one nothing", "w")', "NaN"),
        ('$parseInteger("", "w")', "NaN"),
        ('$parseInteger("one-hundred", "w")', 100),
        ('$parseInteger("one trillion", "w")', 1000000000000),
    ],
)
def test_parse_words(gives, expression, expected):
    """There and back, and other ways to say a number."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$parseInteger($missing, "0")', MISSING),
    ],
)
def test_parse_picture(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$parseInteger("5", "#")',
            'D3130: Formatting or parsing an integer as a sequence starting with "#" is not supported by this implementation',
        ),
        (
            '$parseInteger("5", "")',
            'D3130: Formatting or parsing an integer as a sequence starting with "" is not supported by this implementation',
        ),
        (
            '$parseInteger("5", "*")',
            'D3130: Formatting or parsing an integer as a sequence starting with "*" is not supported by this implementation',
        ),
        (
            '$parseInteger("5", "0٠")',
            "D3131: In a decimal digit pattern, all digits must be from the same decimal group",
        ),
        ('$parseInteger(5, "0")', 'T0410: Argument 1 of function "parseInteger" does not match function signature'),
    ],
)
def test_parse_picture__refuses(refuses, expression, message):
    refuses(expression, message)
