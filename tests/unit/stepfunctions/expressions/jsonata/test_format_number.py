"""$formatNumber: numbers as pictures show them.

The pictures are those of XPath and XQuery Functions and Operators 3.1, section 4.7; what comes out is what the reference
(npm jsonata 2.0.6) gives."""

# ruff: noqa: E501, RUF001 - an expression and what it gives stand on one line; letters of other scripts are meant

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(12345.6, "#,###.00")', "12,345.60"),
        ('$formatNumber(12345678.9, "9,999.99")', "12,345,678.90"),
        ('$formatNumber(123412345678.9, "9,9,99.99")', "123412345,6,78.90"),
        ('$formatNumber(1234.56789, "9,999.999,999")', "1,234.567,890"),
        ('$formatNumber(123.9, "9999")', "0124"),
        ('$formatNumber(0.14, "01%")', "14%"),
        ('$formatNumber(123.9, "01%")', "12390%"),
        ('$formatNumber(0.14, "001‰")', "140‰"),
        ('$formatNumber(-6, "000")', "-006"),
        ('$formatNumber(1234.5678, "00.000e0")', "12.346e2"),
        ('$formatNumber(34.555, "#0.00;(#0.00)")', "34.56"),
        ('$formatNumber(-34.555, "#0.00;(#0.00)")', "(34.56)"),
        ('$formatNumber(0.234, "0.0e0")', "2.3e-1"),
        ('$formatNumber(0.234, "#.00e0")', "0.23e0"),
        ('$formatNumber(0.123, "#.e9")', "0.1e0"),
        ('$formatNumber(0.234, ".00e0")', ".23e0"),
        ('$formatNumber(3.14159, "#.##")', "3.14"),
        ('$formatNumber(1234567.891, "#,##0.0#")', "1,234,567.89"),
        ('$formatNumber(100, "#,##0")', "100"),
        ('$formatNumber(1000000, "#,##0")', "1,000,000"),
        ('$formatNumber(0.001, "0.00")', "0.00"),
        ('$formatNumber(-0.001, "0.00")', "-0.00"),
        ('$formatNumber(0.05, "0%")', "5%"),
        ('$formatNumber(1.999, "0.0#")', "2.0"),
        ('$formatNumber(1, "1")', "1"),
        ('$formatNumber(12, "9")', "12"),
        ('$formatNumber(1.50, "0.9")', "1.5"),
        ('$formatNumber(1.25, "#.1")', "1.2"),
    ],
)
def test_examples(gives, expression, expected):
    """Those of XPath's page and of JSONata's."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(0, "0")', "0"),
        ('$formatNumber(0, "#")', "0"),
        ('$formatNumber(0, "0.00")', "0.00"),
        ('$formatNumber(0, "#.##")', ".0"),
        ('$formatNumber(0, ".00")', ".00"),
        ('$formatNumber(0, "#.0#")', ".0"),
    ],
)
def test_zero(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(0.5, "0")', "0"),
        ('$formatNumber(1.5, "0")', "2"),
        ('$formatNumber(2.5, "0")', "2"),
        ('$formatNumber(-0.5, "0")', "-0"),
        ('$formatNumber(0.5, "#")', "0"),
        ('$formatNumber(0.5, "#.#")', ".5"),
        ('$formatNumber(0.5, ".#")', ".5"),
        ('$formatNumber(0.5, "0.#")', "0.5"),
        ('$formatNumber(0.5, "0.00")', "0.50"),
        ('$formatNumber(12.345, "0.00")', "12.34"),
        ('$formatNumber(12.355, "0.00")', "12.36"),
        ('$formatNumber(1.005, "0.00")', "1.00"),
        ('$formatNumber(99.995, "0.00")', "100.00"),
        ('$formatNumber(99.999, "0.00")', "100.00"),
        ('$formatNumber(999.5, "0")', "1000"),
    ],
)
def test_rounding(gives, expression, expected):
    """Halves to the even side, by the number's decimals."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(1234567, "#,##0")', "1,234,567"),
        ('$formatNumber(1234567, "#,###")', "1,234,567"),
        ('$formatNumber(123, "#,##0")', "123"),
        ('$formatNumber(12, "#,##0")', "12"),
        ('$formatNumber(1234, "#,##0")', "1,234"),
        ('$formatNumber(1234567, "#,##,##0")', "12,34,567"),
        ('$formatNumber(1234567890, "#,##,##,##0")', "123,45,67,890"),
        ('$formatNumber(1234567890, "#,####,##0")', "123,4567,890"),
        ('$formatNumber(123456789, "#,###,##0")', "123,456,789"),
        ('$formatNumber(1234567, "0,0,0")', "1,2,3,4,5,6,7"),
        ('$formatNumber(12, "0,000")', "0,012"),
        ('$formatNumber(12, "0,000,000")', "0,000,012"),
        ('$formatNumber(123456, "00,00")', "12,34,56"),
        ('$formatNumber(1.23456789, "0.000,000")', "1.234,568"),
        ('$formatNumber(1.23456789, "0.00,0#")', "1.23,46"),
        ('$formatNumber(1.2, "0.##,#")', "1.2,"),
        ('$formatNumber(1.23456, "0.0,0,0")', "1.2,35"),
        ('$formatNumber(1234.56789, "#,##0.00,00")', "1,234.56,79"),
        ('$formatNumber(123456.789123, "#,##0.000,000")', "123,456.789,123"),
    ],
)
def test_groups(gives, expression, expected):
    """Of one size they go on; else they stand where the picture has them."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(5, "000")', "005"),
        ('$formatNumber(5, "##0")', "5"),
        ('$formatNumber(5, "#00")', "05"),
        ('$formatNumber(12345, "000")', "12345"),
        ('$formatNumber(12345, "#")', "12345"),
        ('$formatNumber(5, "00.00")', "05.00"),
        ('$formatNumber(5.1, "0.###")', "5.1"),
        ('$formatNumber(5.1234, "0.###")', "5.123"),
        ('$formatNumber(5.1236, "0.0##")', "5.124"),
        ('$formatNumber(5, "0.0##")', "5.0"),
        ('$formatNumber(5, "0.")', "5"),
        ('$formatNumber(5.5, "0.")', "6"),
        ('$formatNumber(5.5, "#.")', "6"),
    ],
)
def test_digits(gives, expression, expected):
    """`0` is written always, `#` where there is something."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(0.14, "0%")', "14%"),
        ('$formatNumber(0.145, "0.0%")', "14.5%"),
        ('$formatNumber(0.14, "%0")', "%14"),
        ('$formatNumber(1.5, "#,##0%")', "150%"),
        ('$formatNumber(0.1456, "0.0‰")', "145.6‰"),
        ('$formatNumber(0.14, "###pm", {"per-mille": "pm"})', "140pm"),
        ('$formatNumber(0.14, "0pc", {"percent": "pc"})', "14pc"),
        ('$formatNumber(-0.14, "0%")', "-14%"),
    ],
)
def test_percent(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(-1234.5, "#,##0.00")', "-1,234.50"),
        ('$formatNumber(-1234.5, "#,##0.00;(#,##0.00)")', "(1,234.50)"),
        ('$formatNumber(1234.5, "#,##0.00;(#,##0.00)")', "1,234.50"),
        ('$formatNumber(-5, "0;0-")', "5-"),
        ('$formatNumber(-5, "0;00")', "05"),
        ('$formatNumber(-5, "0.00;(0)")', "(5)"),
        ('$formatNumber(-5, "(0)")', "-(5)"),
        ('$formatNumber(-0, "0")', "0"),
    ],
)
def test_negative(gives, expression, expected):
    """By the second picture, or the first with a minus sign."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(5, "$#,##0")', "$5"),
        ('$formatNumber(1234, "$#,##0 USD")', "$1,234 USD"),
        ('$formatNumber(5, "#0 kg")', "5 kg"),
        ('$formatNumber(5, "€0.00")', "€5.00"),
        ('$formatNumber(5, "[0]")', "[5]"),
        ('$formatNumber(5, "a0b")', "a5b"),
        ('$formatNumber(5, "e0")', "e5"),
        ('$formatNumber(5, "- 0 -")', "- 5 -"),
    ],
)
def test_text(gives, expression, expected):
    """What stands before and after the digits."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$formatNumber(5, "0e")', "D3093:"),
    ],
)
def test_text__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(1, "0.0e0")', "1.0e0"),
        ('$formatNumber(10, "0.0e0")', "10.0e0"),
        ('$formatNumber(10, "0e0")', "10e0"),
        ('$formatNumber(9.99, "0.0e0")', "10.0e0"),
        ('$formatNumber(12345, "0.0e0")', "1.2e4"),
        ('$formatNumber(12345, "00.0e0")', "12.3e3"),
        ('$formatNumber(12345, "000e00")', "123e02"),
        ('$formatNumber(12345, "#0.0e0")', "1.2e4"),
        ('$formatNumber(12345, "##0.0##e0")', "1.235e4"),
        ('$formatNumber(0.00012345, "0.00e0")', "1.23e-4"),
        ('$formatNumber(0.00012345, "0.00e00")', "1.23e-04"),
        ('$formatNumber(0.00012345, "00.00e000")', "12.34e-005"),
        ('$formatNumber(1e20, "0.0e0")', "10.0e19"),
        ('$formatNumber(1e-20, "0.0e0")', "1.0e-20"),
        ('$formatNumber(0.234, "0.0E0", {"exponent-separator": "E"})', "2.3E-1"),
        ('$formatNumber(1000, "#e0")', "1.e3"),
        ('$formatNumber(1000, ".#e0")', "1.0e3"),
    ],
)
def test_exponent(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(1e-7, "0.00")', "0.00"),
        ('$formatNumber(1e21, "0")', "1e+21"),
        ('$formatNumber(1e20, "#,##0")', "100,000,000,000,000,000,000"),
        ('$formatNumber(1.5e300, "0")', "1.5e+"),
        ('$formatNumber(1/0, "0")', "Infinity"),
        ('$formatNumber(-1/0, "0")', "-Infinity"),
    ],
)
def test_size(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(1234.5, "#.##0,00", {"decimal-separator": ",", "grouping-separator": "."})', "1.234,50"),
        ('$formatNumber(1234.5, "# ##0,00", {"decimal-separator": ",", "grouping-separator": " "})', "1 234,50"),
        ('$formatNumber(-5, "0", {"minus-sign": "~"})', "~5"),
        ('$formatNumber(-5, "0", {"minus-sign": "minus "})', "minus 5"),
        ('$formatNumber(5, "X0", {"digit": "X"})', "5"),
        ('$formatNumber(12345, "X,XX0", {"digit": "X"})', "12,345"),
        ('$formatNumber(5, "٠٠", {"zero-digit": "٠"})', "٠٥"),
        ('$formatNumber(12345.67, "#,##٠.٠٠", {"zero-digit": "٠"})', "١٢,٣٤٥.٦٧"),
        ('$formatNumber(1234.5678, "①①.①①①e①", {"zero-digit": "①"})', "②③.④⑤⑦e③"),
        ('$formatNumber(0.00012345, "٠.٠٠e٠٠", {"zero-digit": "٠"})', "١.٢٣e-٠٤"),
        ('$formatNumber(-5, "0|(0)", {"pattern-separator": "|"})', "(5)"),
        ('$formatNumber(5, "0", {"infinity": "inf", "NaN": "nan"})', "5"),
        ('$formatNumber(5, "0", {})', "5"),
        ('$formatNumber($missing, "0")', MISSING),
    ],
)
def test_characters(gives, expression, expected):
    """Each can be another one, digits those of another script."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$formatNumber(-5, "0;(0)", {"pattern-separator": "|"})', "D3086:"),
    ],
)
def test_characters__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(5, "#0#0")', "05"),
    ],
)
def test_picture(gives, expression, expected):
    """The last rule that is broken is named."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$formatNumber(5, "0;0;0")', "D3080: The picture string must only contain a maximum of two sub-pictures"),
        (
            '$formatNumber(5, "0.0.0")',
            "D3081: The sub-picture must not contain more than one instance of the 'decimal-separator' character",
        ),
        (
            '$formatNumber(5, "0%%")',
            "D3082: The sub-picture must not contain more than one instance of the 'percent' character",
        ),
        (
            '$formatNumber(5, "%0%")',
            "D3082: The sub-picture must not contain more than one instance of the 'percent' character",
        ),
        (
            '$formatNumber(5, "0‰‰")',
            "D3083: The sub-picture must not contain more than one instance of the 'per-mille' character",
        ),
        (
            '$formatNumber(5, "0%‰")',
            "D3084: The sub-picture must not contain both a 'percent' and a 'per-mille' character",
        ),
        ('$formatNumber(5, ".")', "D3085:"),
        (
            '$formatNumber(5, ",")',
            "D3088: The sub-picture must not contain a 'grouping-separator' at the end of the integer part",
        ),
        ('$formatNumber(5, "x")', "D3086:"),
        ('$formatNumber(5, "")', "D3085:"),
        ('$formatNumber(5, "%")', "D3086:"),
        ('$formatNumber(5, "0x0")', "D3086:"),
        ('$formatNumber(5, "0 0")', "D3086:"),
        (
            '$formatNumber(5, "0,.0")',
            "D3087: The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character",
        ),
        (
            '$formatNumber(5, "0.,0")',
            "D3087: The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character",
        ),
        (
            '$formatNumber(5, "#,.#")',
            "D3087: The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character",
        ),
        (
            '$formatNumber(5, "0,")',
            "D3088: The sub-picture must not contain a 'grouping-separator' at the end of the integer part",
        ),
        (
            '$formatNumber(5, "#,#,")',
            "D3088: The sub-picture must not contain a 'grouping-separator' at the end of the integer part",
        ),
        (
            '$formatNumber(5, "0,,0")',
            "D3089: The sub-picture must not contain two adjacent instances of the 'grouping-separator' character",
        ),
        ('$formatNumber(5, "0#")', "D3090:"),
        ('$formatNumber(5, "0.#0")', "D3091:"),
        ('$formatNumber(5, "0.0#0")', "D3091:"),
        ('$formatNumber(5, "0e0%")', "D3092:"),
        ('$formatNumber(5, "0e0‰")', "D3092:"),
        ('$formatNumber(5, "0e")', "D3093:"),
        ('$formatNumber(5, "0e#")', "D3093:"),
        ('$formatNumber(5, "0e0.0")', "D3093:"),
        ('$formatNumber(5, "0e0#")', "D3093:"),
        ('$formatNumber(5, "0.0e0e0")', "D3093:"),
        (
            '$formatNumber(5, "0;0.0.0")',
            "D3081: The sub-picture must not contain more than one instance of the 'decimal-separator' character",
        ),
        (
            '$formatNumber(5, "#;0%‰")',
            "D3084: The sub-picture must not contain both a 'percent' and a 'per-mille' character",
        ),
        ('$formatNumber("5", "0")', 'T0410: Argument 2 of function "formatNumber" does not match function signature'),
        ("$formatNumber(5, 0)", 'T0410: Argument 2 of function "formatNumber" does not match function signature'),
        (
            '$formatNumber(5, "0", "x")',
            'T0410: Argument 3 of function "formatNumber" does not match function signature',
        ),
        ('$formatNumber(5, "0.0;x")', "D3086:"),
    ],
)
def test_picture__refuses(refuses, expression, message):
    refuses(expression, message)
