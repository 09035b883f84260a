# ruff: noqa: E501, RUF001 - long lists of what is chosen from read best as lists; digits of other scripts are meant
"""JSONata expressions and documents made from a seed, for the differential lane.

The grammar knows types, so that most expressions mean something, and breaks them now and then, so that errors are compared
too. Each expression reads variables only, as Step Functions has it: there is no input document.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

NUMBERS = [
    0, 1, 2, 3, -1, -2, 5, 7, 10, 12, 100, 255, 1000, 0.1, 0.5, 1.5, 2.5, -2.5, 3.14159, 12.345, 0.125, 99.995, 1e-7, 1e6,
    1e20, 1e21, 1.5e300, 123456789012, -0.0, 34.555, 1234.5678, 0.000001, 1700000000000,
]  # fmt: skip
TEXTS = [
    "", "a", "b", "A", "Abc", "abc", "hello world", "1", "01", " 1 ", "10", "1e3", "-5", "0x1F", "true", "null", "été", "日本",
    "😀x", "a,b,c", "x-y-z", "  padded  ", "line\nbreak", "tab\there", 'quo"te', "it's", "back\\slash", "2018-03-27",
    "2017-11-07T15:12:37.121Z", "2020-02-29T23:59:59+05:30", "aGVsbG8=", "a b&c=d/é?", "%20x", "ß", "İ", "Straße", "AB-12",
]  # fmt: skip
NAMES = ["a", "b", "c", "id", "name", "n", "xs", "tags", "empty", "deep", "10", "2", "é", "a b"]

DOCUMENT: dict[str, Any] = {
    "n": 5,
    "neg": -3.25,
    "big": 123456789012,
    "s": "Hello World",
    "u": "été 日本 😀",
    "t": True,
    "f": False,
    "nil": None,
    "none": [],
    "empty": {},
    "one": [7],
    "nested": [[1, 2], [3, [4, 5]], []],
    "xs": [3, 1, 2, 3.5, -1, 0],
    "ss": ["b", "a", "C", "é", "10", "9", ""],
    "holes": [1, None, 3, None],
    "mixed": [1, "1", True, None, [1], {"a": 1}, 1.0, False, ""],
    "bools": [True, False, True],
    "o": {"b": 1, "a": {"x": None, "y": [1, {"z": "deep"}]}, "10": "ten", "2": "two", "name": "obj"},
    "items": [
        {"id": 1, "name": "one", "price": 1.5, "qty": 2, "tags": ["x", "y"], "kind": "a", "ref": None},
        {"id": 2, "name": "two", "price": 2.25, "qty": 0, "tags": [], "kind": "b"},
        {"id": 3, "name": "three", "price": 10, "qty": 1, "tags": ["y"], "kind": "a", "sub": {"id": 30, "name": None}},
        {
            "id": 4,
            "name": "",
            "price": -1,
            "qty": 7,
            "kind": "c",
            "sub": {"id": 40, "list": [{"v": 1}, {"v": None}, {}]},
        },
    ],
    "orders": [
        {"order": "A1", "lines": [{"sku": "p", "n": 1}, {"sku": "q", "n": 3}]},
        {"order": "A2", "lines": [{"sku": "p", "n": 2}]},
        {"order": "A3", "lines": []},
    ],
}

PATHS = {
    "number": ["n", "neg", "big", "xs[0]", "xs[-1]", "items[0].price", "items[id=3].qty", "orders[0].lines[1].n", "one"],
    "string": ["s", "u", "ss[0]", "items[0].name", "items[id=2].name", "o.name", "o.`10`", "orders[1].order", "o.a.y.z"],
    "boolean": ["t", "f", "bools[0]"],
    "array": [
        "xs", "ss", "holes", "mixed", "bools", "none", "one", "nested", "items", "items.tags", "items.price", "items.name",
        "orders.lines", "orders.lines.n", "items.sub.list.v", "items.ref", "nested[1]", "items[kind='a']", "items.sub",
    ],
    "object": ["o", "empty", "o.a", "items[0]", "items[3].sub", "orders[0]"],
    "any": ["nil", "missing", "o.a.x", "items.missing", "n.x", "s.length", "nil.x", "items[9]", "holes[1]", "o.missing.x"],
}  # fmt: skip
KINDS = ["number", "string", "boolean", "array", "object"]


@dataclass(frozen=True, slots=True)
class Case:
    """One expression and the variables that it sees."""

    expression: str
    variables: dict[str, Any]


def cases(seed: int, count: int) -> list[Case]:
    """As many cases as asked for; the same seed gives the same ones."""
    random = Random(seed)
    return [_case(random) for _ in range(count)]


def _case(random: Random) -> Case:
    writer = _Writer(random)
    special = random.random()
    if special < 0.1:
        text = random.choice([writer.picture_number, writer.picture_integer, writer.picture_date, writer.date])()
    elif special < 0.16:
        text = writer.regex()
    elif special < 0.22:
        text = writer.path_operators()
    elif special < 0.25:
        text = writer.broken()
    else:
        text = writer.expression(random.choice([*KINDS, "any"]), random.choice([1, 2, 2, 3, 3, 4]))
    document = DOCUMENT if random.random() < 0.6 else {**DOCUMENT, **_document(random)}
    return Case(text, {"states": {"input": document}, "v": value(random, 2), "k": random.choice(NUMBERS)})


def _document(random: Random) -> dict[str, Any]:
    return {name: value(random, 3) for name in random.sample([*DOCUMENT], 3)}


def value(random: Random, depth: int) -> Any:
    """A JSON value with nulls, decimals, unicode, deep and empty parts."""
    kind = random.random()
    if depth == 0 or kind < 0.45:
        return random.choice([None, True, False, random.choice(NUMBERS), random.choice(NUMBERS), random.choice(TEXTS)])
    if kind < 0.75:
        return [value(random, depth - 1) for _ in range(random.choice([0, 1, 1, 2, 3, 5]))]
    return {random.choice(NAMES): value(random, depth - 1) for _ in range(random.choice([0, 1, 2, 3]))}


def quote(text: str) -> str:
    """A JSONata string literal."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(escapes.get(letter, letter) for letter in text) + '"'


class _Writer:
    """Writes one expression."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.names: list[str] = []

    def pick(self, options: Sequence[Any]) -> Any:
        return self.random.choice(options)

    def expression(self, kind: str, depth: int) -> str:
        if self.random.random() < 0.06:
            kind = self.pick([*KINDS, "any", "function"])
        if kind == "any":
            kind = self.pick([*KINDS, "any"])
        if kind == "any" or depth <= 0:
            return self.leaf(kind)
        makers: dict[str, Callable[[int], str]] = {
            "number": self.number, "string": self.string, "boolean": self.boolean, "array": self.array,
            "object": self.object, "function": self.function,
        }  # fmt: skip
        if self.random.random() < 0.12:
            return self.general(kind, depth - 1)
        return makers[kind](depth - 1)

    def leaf(self, kind: str) -> str:
        if self.names and self.random.random() < 0.3:
            return self.pick(self.names)
        if kind == "function":
            return self.function(0)
        if self.random.random() < 0.55:
            return "$states.input." + self.pick(PATHS[kind])
        if kind == "number":
            return self.literal_number()
        if kind == "string":
            return quote(self.pick(TEXTS))
        literals = {
            "boolean": ["true", "false"],
            "array": ["[]", "[1]", "[1,2,3]", '["a","b"]', "[null]", "[1..4]", "[[1],[2]]", "[3,null,1]"],
            "object": ["{}", '{"a":1}', '{"a":null,"b":[1]}', '{"10":1,"2":2,"a":3}'],
            "any": ["null", "$v", "$k", "$missing", "$", "$states.input.missing"],
        }
        return self.pick(literals[kind])

    def literal_number(self) -> str:
        number = self.pick([*NUMBERS, 9007199254740993])
        return f"({number!r})" if number < 0 else repr(number).replace("e+", "e")

    def general(self, kind: str, depth: int) -> str:
        made = self.expression(kind, depth)
        other = self.expression("any", depth)
        name = self.pick(["$x", "$y"])

        def bound() -> str:
            self.names.append(name)
            body = self.expression(kind, depth)
            self.names.pop()
            return f"({name} := {other}; {body})"

        options = [
            lambda: f"({self.expression('boolean', depth)} ? {made} : {other})",
            lambda: f"({self.expression('boolean', depth)} ? {made})",
            lambda: f"({made})",
            bound,
            lambda: f"({name} := {made})",
            lambda: f"$lookup({self.expression('object', depth)}, {quote(self.pick(NAMES))})",
            lambda: f"{self.expression('object', depth)}.{self.field()}",
            lambda: f"({made}; {other})",
            lambda: f"$single({self.expression('array', depth)}, {self.function(depth, 'boolean')})",
            lambda: f"({self.function(depth, kind)})({self.arguments(depth)})",
            lambda: f"$reduce({self.expression('array', depth)}, {self.two(depth, kind)})",
            lambda: f"$reduce({self.expression('array', depth)}, {self.two(depth, kind)}, {made})",
            lambda: f"{other} ~> {self.function(depth, kind)}",
        ]
        return self.pick(options)()

    def field(self) -> str:
        name = self.pick(NAMES)
        return f"`{name}`" if not name.isidentifier() or not name.isascii() else name

    def arguments(self, depth: int) -> str:
        return ", ".join(self.expression("any", depth) for _ in range(self.pick([0, 1, 1, 2])))

    def function(self, depth: int, kind: str = "any") -> str:
        if self.random.random() < 0.25:
            return self.pick([
                "$string", "$uppercase", "$sum", "$length", "$number", "$boolean", "$not", "$count", "$abs", "$type", "$keys",
                "$exists", "$trim", "$substring(?, 0, 1)", "$join(?, '-')", "$power(2, ?)", "$max", "$reverse", "$distinct",
            ])  # fmt: skip
        names = self.pick([["$v"], ["$v", "$i"], ["$v", "$i", "$a"], []])
        self.names.extend(names)
        body = self.expression(kind, max(depth - 1, 0))
        del self.names[len(self.names) - len(names) :]
        signature = self.pick([""] * 8 + ["<x:x>", "<n:n>", "<s-:s>", "<a<n>:n>"]) if len(names) == 1 else ""
        return f"{self.pick(['function', 'λ'])}({', '.join(names)}){signature}{{{body}}}"

    def two(self, depth: int, kind: str) -> str:
        names = ["$p", "$q"]
        self.names.extend(names)
        body = self.expression(kind, max(depth - 1, 0))
        del self.names[-2:]
        return f"function($p, $q){{{body}}}"

    def number(self, depth: int) -> str:
        one, other = self.expression("number", depth), self.expression("number", depth)
        array, text = self.expression("array", depth), self.expression("string", depth)
        options = [
            f"{one} {self.pick('+-*/%')} {other}", f"{one} {self.pick('+-*/%')} {other}", f"-{one}",
            f"${self.pick(['sum', 'max', 'min', 'average', 'count'])}({array})", f"$count({self.expression('any', depth)})",
            f"$length({text})", f"$number({self.expression(self.pick(['string', 'number', 'boolean']), depth)})",
            f"${self.pick(['abs', 'floor', 'ceil', 'sqrt', 'round'])}({one})",
            f"$round({one}, {self.pick([-2, -1, 0, 1, 2, 3, 10])})", f"$power({one}, {self.pick([0, 1, 2, 3, 0.5, -1])})",
            f"{self.expression('object', depth)}.{self.field()}",
        ]  # fmt: skip
        return self.pick(options)

    def string(self, depth: int) -> str:
        one, other = self.expression("string", depth), self.expression("string", depth)
        anything, array = self.expression("any", depth), self.expression("array", depth)
        index = self.pick([0, 1, 2, -1, -2, -10, 5, 1.5, 100])
        length = self.pick([0, 1, 2, 3, -1, 1.7, 100])
        options = [
            f"{one} & {anything}", f"{anything} & {other}", f"$string({anything})", f"$string({anything}, true)",
            f"$substring({one}, {index})", f"$substring({one}, {index}, {length})",
            f"$substringBefore({one}, {other})", f"$substringAfter({one}, {other})",
            f"${self.pick(['uppercase', 'lowercase', 'trim'])}({one})",
            f"$pad({one}, {self.pick([0, 3, -3, 12, -12, 7.9])})", f"$pad({one}, {self.pick([12, -12, 5])}, {other})",
            f"$join({array}, {other})", f"$join({self.expression('string', depth)})", f"$join($map({array}, $string), {other})",
            f"$replace({one}, {other}, {self.expression('string', depth)})", f"$replace({one}, {quote('l')}, {other}, {length})",
            f"$type({anything})", f"${self.pick(['base64encode', 'encodeUrl', 'encodeUrlComponent'])}({one})",
            f"$base64decode({quote(self.pick(['aGVsbG8=', 'w6k=', '', 'YQ', 'YWI']))})",
            f"${self.pick(['decodeUrl', 'decodeUrlComponent'])}({quote(self.pick(['a%20b', '%C3%A9', '%2fx%2F', '%', '%zz', '%E0%A4', '']))})",
            f"$formatBase({self.expression('number', depth)}, {self.pick([2, 8, 10, 16, 36, 37, 1, 2.5])})",
            f"$formatBase({self.expression('number', depth)})",
        ]  # fmt: skip
        return self.pick(options)

    def boolean(self, depth: int) -> str:
        one, other = self.expression("any", depth), self.expression("any", depth)
        number, array = self.expression("number", depth), self.expression("array", depth)
        text, second = self.expression("string", depth), self.expression("string", depth)
        order = self.pick(["<", ">", "<=", ">="])
        options = [
            f"{one} {self.pick(['=', '!='])} {other}", f"{number} {order} {self.expression('number', depth)}",
            f"{text} {order} {second}", f"{one} {order} {other}",
            f"{self.expression('boolean', depth)} {self.pick(['and', 'or'])} {one}", f"{one} in {array}", f"{one} in {other}",
            f"$boolean({one})", f"$not({one})", f"$exists({one})", f"$contains({text}, {second})",
        ]  # fmt: skip
        return self.pick(options)

    def array(self, depth: int) -> str:
        array, other = self.expression("array", depth), self.expression("array", depth)
        one = self.expression("any", depth)
        options = [
            lambda: f"[{', '.join(self.expression('any', depth) for _ in range(self.pick([0, 1, 2, 3])))}]",
            lambda: f"[{self.pick([0, 1, -2, 3])}..{self.pick([0, 1, 4, -1])}]",
            lambda: f"[{self.expression('number', depth)}..{self.expression('number', 0)}]",
            lambda: f"$append({array}, {one})", lambda: f"$append({one}, {other})", lambda: f"$sort({array})",
            lambda: f"$sort({array}, function($l, $r){{{self.pick(['$l > $r', '$l < $r', '$string($l) > $string($r)', 'false'])}}})",
            lambda: f"$reverse({array})", lambda: f"$distinct({array})", lambda: f"$zip({array}, {other})",
            lambda: f"$map({array}, {self.function(depth)})", lambda: f"$filter({array}, {self.function(depth, 'boolean')})",
            lambda: f"$keys({self.expression(self.pick(['object', 'array']), depth)})", lambda: f"$spread({one})",
            lambda: f"$each({self.expression('object', depth)}, {self.function(depth)})",
            lambda: f"$split({self.expression('string', depth)}, {quote(self.pick([',', '', ' ', 'l']))}{self.pick(['', ', 2', ', 0', ', 1.5'])})",
            lambda: f"{array}[{self.pick([0, 1, -1, 0.7, -1.2, '[0,1]', '[0..2]', 'true', '$ > 1', 'id > 1', '$string($)=$string($)', 'price'])}]",
            lambda: f"{array}[]", lambda: f"{array}.{self.step(depth)}", lambda: f"{array}.*", lambda: f"{one}.**", lambda: "**",
            lambda: f"{array}^({self.pick(['$', '>$', 'price', '>price, name', '<$string($)', 'kind, >id'])})",
            lambda: f"{array}.$", lambda: f"[{array}.{{{quote('v')}: $}}]",
        ]  # fmt: skip
        return self.pick(options)()

    def step(self, depth: int) -> str:
        return self.pick([
            self.field(), "id", "name", "price", "tags", "tags[0]", "sub.id", "(price * qty)", "$string($)", "{'n': name}", "[id, name]",
            "$uppercase(name)", "(id > 1)", "$", "($ = null)", "%", "*", "**", "sub.list.v", f"({self.expression('any', max(depth - 1, 0))})",
        ])  # fmt: skip

    def object(self, depth: int) -> str:
        one, array = self.expression("object", depth), self.expression("array", depth)
        options = [
            lambda: "{" + ", ".join(f"{quote(self.pick(NAMES))}: {self.expression('any', depth)}" for _ in range(self.pick([0, 1, 2]))) + "}",
            lambda: f"{{{self.expression('string', depth)}: {self.expression('any', depth)}}}",
            lambda: f"$merge({self.pick([array, '[' + one + ', ' + self.expression('object', depth) + ']'])})",
            lambda: f"$sift({one}, {self.function(depth, 'boolean')})",
            lambda: f"$states.input.items{{{self.pick(['kind', 'name', 'id', '$string(id)', 'missing'])}: {self.pick(['$', 'price', '$sum(price)', '$count($)', 'name', '$.tags'])}}}",
            lambda: f"{array}{{$string($): {self.pick(['$', '$count($)', 'id'])}}}",
            lambda: f"{one} ~> |{self.pick(['$', 'a', '*', '**', 'items'])}|{self.pick(['{}', self.expression('object', 0), '{' + quote('n') + ': id}'])}{self.pick(['', ', ' + quote('a'), ', [' + quote('b') + ']'])}|",
            lambda: f"{array}[0]",
        ]  # fmt: skip
        return self.pick(options)()

    def picture_number(self) -> str:
        picture = self.pick([
            "#", "0", "#,##0.00", "0.0", "00.00", "#.##", "0%", "#0.0%", "0‰", "#,###", "0.00e0", "00.0e00", "#;(#)", "0.0;-0.0", "$#,##0", "#0 kg",
            "x", "", "0.0.0", "#,", ",#", "0,0,0", "##,#0", "0#", "0.#0", "#.0#", "0%‰", "0e", "#,##,##0.00", "1", "٠٠", "'0'", "-0", "0-", "#e0", "0.0e0%",
        ])  # fmt: skip
        options = self.pick(["", "", "", ', {"decimal-separator": ","}', ', {"grouping-separator": "."}', ', {"zero-digit": "٠"}',
                             ', {"minus-sign": "~"}', ', {"percent": "pc"}', ', {"exponent-separator": "E"}', ', {"decimal-separator": ",", "grouping-separator": "."}',
                             ', {"digit": "X"}', ', {"pattern-separator": "|"}', ', {"infinity": "inf", "NaN": "nan"}'])  # fmt: skip
        # The reference never ends where an exponent is asked for of a number that is not positive.
        number = (
            self.literal_number() if "e" not in picture else repr(self.pick([1, 0.5, 12345.678, 0.00012, 99.995, 1e6]))
        )
        return f"$formatNumber({number}, {quote(picture)}{options})"

    def picture_integer(self) -> str:
        picture = self.pick(["1", "01", "001", "#,##0", "#,##1", "w", "W", "Ww", "i", "I", "a", "A", "w;o", "Ww;o", "1;o", "#;o", "A;o", "#", "0,000",
                             "#.##.1", "٠", "Α", "", "*", "9;c", "#,#,0", "w;o(-e)", "#,##"])  # fmt: skip
        number = self.pick([0, 1, 2, 3, 4, 9, 11, 12, 13, 21, 22, 40, 99, 100, 101, 111, 123, 999, 1000, 1001, 12345, 3999, 1000000, 26, 27, 52, 703,
                            -5, 12.7, 1e15, 1234567890])  # fmt: skip
        if self.random.random() < 0.3:
            text = self.pick(["one", "twenty-one", "one hundred and five", "first", "12th", "XIV", "xiv", "abc", "Z", "1,234", "012", "", "x", "1.234",
                              "two thousand and four", "twelfth", "one million", "٣"])  # fmt: skip
            return f"$parseInteger({quote(text)}, {quote(picture)})"
        return f"$formatInteger({number}, {quote(picture)})"

    def picture_date(self) -> str:
        millis = self.pick([0, 1, -1, 1510067557121, 1521801216617, -62135596800000, 253402300799999, 1582934400000, 1e12, 1609459199999, 1230768000000,
                            951782400000, 1577836800000, 1483142400000, 1.5e12, 4102444800000, 1521801216617.7])  # fmt: skip
        picture = self.pick([
            "[Y0001]-[M01]-[D01]", "[M01]/[D01]/[Y0001] [h#1]:[m01][P]", "[H01]:[m01]:[s01].[f001]", "[H01]:[m01]:[s01] [z]", "[D1o] [MNn] [Y]", "[FNn], [D1o] of [MNn]",
            "[Yw]", "[YI]", "[Y9,2-2]", "[Y,2-2]", "[MNn,3-3]", "[MN,*-3]", "[FN,3-3]", "[W]", "[w]", "[d]", "[dwo]", "[F0]", "[F1]", "[X]-W[W01]-[F1]", "[x]", "[Z]", "[Z0]", "[Z0101]",
            "[Z01:01t]", "[z]", "[PN]", "[Pn]", "[h]", "[H]", "[m]", "[s]", "[f]", "[f01]", "[C]", "[E]", "[D", "[[x]] [D]", "[D01,2]", "[Dwo]", "[DW]", "[Da]", "[MI]", "[Y]-[M]-[D]T[H]:[m]:[s]",
            "[q]", "[YN]", "[D#1]", "[h01]:[m01] [PN,1-1]", "[M,2]", "[z00]", "[Z00000]", "[Y0001]", "plain", "", "[D 01]",
        ])  # fmt: skip
        zone = self.pick(["", "", "", ', "+0530"', ', "-0800"', ', "+0100"', ', "0000"', ', "Z"', ', "-0030"'])
        options = [
            f"$fromMillis({millis:.0f}, {quote(picture)}{zone})",
            f"$fromMillis({millis:.0f})",
            f"$fromMillis({millis!r}, {quote(picture)})",
        ]
        return self.pick(options)

    def date(self) -> str:
        text = self.pick([
            "2018-03-27", "2017-11-07T15:12:37.121Z", "2017-11-07T15:12:37", "2018", "2018-03", "2018-03-27T14:03:00+0130", "2018-03-27T14:03:00+01:30", "27/03/2018", "2020-02-30", "x", "",
            "2018-13-01", "2018-03-27T25:00:00Z", "2018-03-27T14:03Z", "12th March 2018", "03/27/2018 4:05pm", "MMXVIII", "twenty-third of March, 2018", "2018-086", "2018-W13-2",
            "2018-03-27 14:03:00", "0001-01-01", "2018-03-27T14:03:00.123456Z", "1 Jan 2020", "2018-3-7", "13:45", "2008-366",
        ])  # fmt: skip
        picture = self.pick([
            "[Y0001]-[M01]-[D01]", "[D01]/[M01]/[Y0001]", "[Y]", "[D1o] [MNn] [Y0001]", "[M01]/[D01]/[Y0001] [h]:[m01][Pn]", "[YI]", "[Dwo] of [MNn], [Y]", "[Y0001]-[d001]", "[X]-W[W]-[F1]",
            "[Y0001]-[M01]-[D01] [H01]:[m01]:[s01]", "[D] [MNn,3-3] [Y]", "[H]:[m]", "[Y]-[M]-[D]", "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001]Z", "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01][Z]",
        ])  # fmt: skip
        # What depends on today's date is left out: a time of day alone.
        if picture == "[H]:[m]" or text == "13:45":
            return f"$toMillis({quote('2018-03-27')}, {quote(picture)})"
        return self.pick(
            [
                f"$toMillis({quote(text)})",
                f"$toMillis({quote(text)}, {quote(picture)})",
                f"$fromMillis($toMillis({quote(text)}))",
            ]
        )

    def regex(self) -> str:
        pattern = self.pick(["/a/", "/l+/", "/[a-z]+/i", "/(\\w)(\\w)?/", "/o/i", "/^H/", "/\\s+/", "/(a)|(b)/", "/\\d{2,}/", "/(?:x)?y/", "/a*/", "/[^,]+/", "/b$/m", "/\\//", "/[/]/",
                             "/\\u00e9/", "/日/", "/(.)\\1/", "/x(?=y)/", "/(?<year>\\d{4})/", "/\\bw/", "/./", "/h(.)l/i", "/[\\w-]+/"])  # fmt: skip
        text = self.pick(
            [
                "$states.input.s",
                "$states.input.u",
                *[quote(text) for text in TEXTS],
                '"hello, 2018-03-27 xy"',
                '"aabb ab"',
                "$states.input.missing",
            ]
        )
        replacement = self.pick(
            [
                '""',
                '"-"',
                '"[$1]"',
                '"$0$0"',
                '"$$"',
                '"$2$1"',
                '"$12"',
                "function($m){$uppercase($m.match)}",
                "function($m){$m.groups[0]}",
                "function($m){1}",
                '"$a"',
                '"$"',
            ]
        )
        limit = self.pick(["", "", ", 1", ", 0", ", 2", ", -1"])
        return self.pick([
            f"$match({text}, {pattern}{limit})", f"$contains({text}, {pattern})", f"$replace({text}, {pattern}, {replacement}{limit})", f"$split({text}, {pattern}{limit})",
            f"{pattern}({text})", f"$match({text}, {pattern}).index", f"$match({text}, {pattern}).groups", f"$count($match({text}, {pattern}))",
            f"$filter($states.input.ss, {pattern})", f"({text} ~> {pattern}).match", f"$states.input.ss[$ ~> {pattern}]",
        ])  # fmt: skip

    def path_operators(self) -> str:
        base = "$states.input"
        return self.pick([
            f"{base}.orders.lines.{{'o': %.order, 's': sku}}", f"{base}.orders.lines[n > 1].%.order", f"{base}.orders.lines.%.%.n", f"{base}.orders@$o.lines@$l.{{'o': $o.order, 'l': $l.sku}}",
            f"{base}.orders#$i.{{'i': $i, 'o': order}}", f"{base}.orders.lines#$i[n>1].{{'i': $i, 's': sku}}", f"{base}.items#$i[$i > 0].id", f"{base}.items^(>price)#$i.{{'i': $i, 'id': id}}",
            f"{base}.orders@$o.{base}.items@$t[$t.kind = 'a'].{{'x': $o.order & $t.name}}", f"{base}.orders.lines^(%.order, >n).sku", f"{base}.orders.lines.sku^($)", f"{base}.items^(kind, >price).id",
            f"{base}.items{{kind: $sum(price)}}", f"{base}.items.{{kind: price}}", f"{base}.orders.lines{{sku: n}}", f"{base}.orders{{order: lines.n}}", f"{base}.orders.(lines.n ~> $sum)",
            f"$sum({base}.items.(price * qty))", f"{base}.items.tags[0]", f"({base}.items.tags)[0]", f"{base}.items.tags[]", f"{base}.items[0].tags[]", f"{base}.items[-1].sub.list.v",
            f"{base}.items[$count(tags) > 0].id", f"{base}.items[tags = 'x'].id", f"{base}.items['y' in tags].id", f"{base}.items[ref = null].id", f"{base}.items[$exists(ref)].id", f"{base}.items[sub].id",
            f"{base}.items[not_here].id", f"{base}.items[price > 2 and qty < 2].name", f"{base}.**.name", f"{base}.*[0]", f"{base}.items.*", f"{base}.nested.*", f"{base}.nested[0][1]", f"{base}.nested[1][1][0]",
            f"{base}.o.*", f"{base}.o.**", f"$keys({base})", f"{base}.holes[$ = null]", f"null in {base}.holes", f"$map({base}.holes, function($v){{$v}})", f"$filter({base}.holes, function($v){{$v != null}})",
            f"$sift({base}.items[0], function($v){{$v = null}})", f"{base}.items.sub.{{'n': name}}", f"{base}.items ~> $map(function($i){{$i.id}}) ~> $sum()", f"({base}.items ~> $filter(?, function($i){{$i.id > 2}})).name",
            f"{base} ~> |items[kind='a']|{{'price': price * 2}}, ['tags']|", f"{base}.items ~> |$|{{'x': id}}|", "($f := function($n){$n <= 1 ? 1 : $n * $f($n - 1)}; $f(5))",
            "($f := function($n, $a){$n = 0 ? $a : $f($n - 1, $a + $n)}; $f(50, 0))", "($g := $uppercase ~> $trim; $g(' a '))", "($add := function($a, $b){$a + $b}; $inc := $add(1, ?); $map([1,2,3], $inc))",
            f"{base}.xs[$ > $average({base}.xs)]", f"{base}.xs[[0..2]]", f"{base}.xs[[-1, 0]]", f"{base}.xs#$i[$i % 2 = 0]", f"{base}.items.name[0]", f"{base}.(items.name)[0]", f"{base}.items.(name)[0]",
            f"[{base}.items.tags]", f"[[{base}.items.tags]]", f"{base}.[n, s]", f"{base}.items.[id, name]", f"{base}.mixed[$type($) = 'number']", f"$distinct({base}.mixed)", f"{base}.xs^($)", f"{base}.ss^(>$)",
            f"{base}.mixed^($)", f"{base}.items^(ref)", f"{base}.items^(qty < 2)", f"$sort({base}.items, function($l, $r){{$l.price > $r.price}}).id", "$states.input.items[0].(id; name)", f"{base}.items.sub.list[v].v",
            f"$zip({base}.xs, {base}.ss, [1,2])", f"{base}.orders.lines[0]", f"{base}.orders.lines[-1].sku", f"{base}.orders[0].lines.(%.order & sku)", f"{base}.orders.lines.(sku & '/' & %.order)",
            f"$each({base}.o, function($v, $k){{$k}})", f"$spread({base}.o)", f"$merge([{base}.o, {{'b': 2}}])", f"$spread({base}.items[[0..1]].sub)", f"$lookup({base}.items, 'id')", f"{base}.items.`name`",
        ])  # fmt: skip

    def broken(self) -> str:
        text = self.expression("any", 3)
        at = self.random.randrange(len(text) + 1)
        return self.pick([
            text[:at], text[at:], text[:at] + self.pick(["(", ")", "[", "]", "{", "}", ",", ";", ":", "?", ".", "..", "~", "!", "|", '"', "'", "`", "/", "*/", "/*", "@", "#", "^", "\\", "1.", "1e400", "$$", ":="]) + text[at:],
            f"{text} {self.pick(['+', '..', 'and', 'in', '.', ':=', '~>', '?', '@ x', '# 1', '%'])}", f"/* c */ {text}", f"{text} /* c", f"function({text}){{1}}", f"${{{text}}}",
        ])  # fmt: skip
