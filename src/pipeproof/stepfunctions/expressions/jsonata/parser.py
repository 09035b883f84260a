"""From tokens to a tree as it was written: operator precedence by binding powers (Pratt).

`shaping` makes of it the tree that is evaluated.
"""

from dataclasses import dataclass, field
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataSyntaxError, syntax_error
from pipeproof.stepfunctions.expressions.jsonata.lexer import Lexer
from pipeproof.stepfunctions.expressions.jsonata.signatures import Signature, parse_signature

POWERS = {
    ".": 75, "[": 80, "{": 70, "(": 80, "@": 80, "#": 80, "?": 20, "+": 50, "-": 50, "*": 60, "/": 60, "%": 60, "=": 40,
    "<": 40, ">": 40, "^": 40, ":=": 10, "!=": 40, "<=": 40, ">=": 40, "~>": 40, "and": 30, "or": 25, "in": 40, "&": 50,
}  # fmt: skip
_KNOWN = {*POWERS, ":", ";", ",", ")", "]", "}", "..", "**", "|"}
_BINARY = {".", "+", "-", "*", "/", "%", "=", "<", ">", "!=", "<=", ">=", "&", "and", "or", "in", "~>"}
_PREFIXES = {"*": "wildcard", "**": "descendant", "%": "parent"}
END = "(end)"


@dataclass(slots=True, eq=False)
class Slot:
    """What a `%` looks for: the step whose context it stands for, so many levels up."""

    label: str
    level: int = 1


@dataclass(slots=True, eq=False)
class Node:
    """A part of an expression; which fields it uses depends on its kind.

    Attributes:
        kind: name, string, number, value, variable, regex, operator, wildcard, descendant, parent, unary, binary,
            function, partial, lambda, block, condition, transform, path, sort, bind, apply, or (end).
        value: The name, the literal or the operator.
        position: Where it ends in the text, in characters.
        id: What the parser knows the token by: the operator, or `(name)`, `(literal)`, `(regex)`, `(end)`.
    """

    kind: str
    value: Any = None
    position: int = 0
    id: str = ""
    lhs: "Node | None" = None
    rhs: "Node | None" = None
    items: "list[Node]" = field(default_factory=list)
    """A block's or an array's expressions, a call's or a lambda's arguments, a path's steps."""
    pairs: "list[tuple[Node, Node]]" = field(default_factory=list)
    terms: "list[tuple[bool, Node]]" = field(default_factory=list)
    """Of `^(…)`: whether descending, and by what."""
    procedure: "Node | None" = None
    body: "Node | None" = None
    condition: "Node | None" = None
    then: "Node | None" = None
    otherwise: "Node | None" = None
    pattern: "Node | None" = None
    update: "Node | None" = None
    delete: "Node | None" = None
    signature: Signature | None = None
    thunk: bool = False
    predicate: "list[Node]" = field(default_factory=list)
    stages: "list[Node | str]" = field(default_factory=list)
    """Filters and the names of indexes, in their order."""
    group: "list[tuple[Node, Node]] | None" = None
    keep_array: bool = False
    keep_singleton: bool = False
    cons_array: bool = False
    focus: str | None = None
    index: str | None = None
    tuple: bool = False
    ancestor: Slot | None = None
    slot: Slot | None = None
    seeking: list[Slot] | None = None

    @property
    def goes_on(self) -> bool:
        """Whether a filter, a group or `[]` follows, which look at a sequence of one item as such."""
        return bool(self.predicate) or self.group is not None or self.keep_array

    def part(self, name: str) -> "Node":
        """Return a part that nodes of this kind have.

        Raises:
            LookupError: They have not.
        """
        found = getattr(self, name)
        if not isinstance(found, Node):
            raise LookupError(f"{self.kind} has no {name}")
        return found


def parse(source: str) -> Node:
    """Return the tree of an expression.

    Raises:
        JsonataSyntaxError: It does not parse.
    """
    return _Parser(source).whole()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.lexer = Lexer(source)
        self.node = Node(END, END, 0, END)

    def whole(self) -> Node:
        self.advance()
        found = self.expression(0)
        if self.node.id != END:
            raise syntax_error("S0201", self.node.position, symbol=self.node.value)
        return found

    def advance(self, expected: str | None = None, after_value: bool = False) -> Node:
        if expected is not None and self.node.id != expected:
            code = "S0203" if self.node.id == END else "S0202"
            raise syntax_error(code, self.node.position, symbol=self.node.value, value=expected)
        token = self.lexer.next(after_value)
        if token is None:
            self.node = Node(END, END, len(self.source), END)
            return self.node
        kind, value = token.kind, token.value
        if kind == "operator":
            if value not in _KNOWN:
                raise syntax_error("S0204", token.position, symbol=value)
            identity = value
        else:
            identity = {"name": "(name)", "variable": "(name)", "regex": "(regex)"}.get(kind, "(literal)")
        self.node = Node(kind, value, token.position, identity)
        return self.node

    def expression(self, power: int) -> Node:
        node = self.node
        self.advance(after_value=True)
        left = self.prefix(node)
        while power < POWERS.get(self.node.id, 0):
            node = self.node
            self.advance()
            left = self.infix(node, left)
        return left

    def prefix(self, node: Node) -> Node:
        if node.kind != "operator" or node.id in ("and", "or", "in"):
            return node
        if node.id in _PREFIXES:
            node.kind = _PREFIXES[node.id]
            return node
        match node.id:
            case "-":
                node.kind, node.lhs = "unary", self.expression(70)
            case "(":
                self._block(node)
            case "[":
                self._array(node)
            case "{":
                node.kind, node.pairs = "unary", self._pairs()
            case "|":
                self._transform(node)
            case _:
                raise syntax_error("S0211", node.position, symbol=node.value)
        return node

    def infix(self, node: Node, left: Node) -> Node:
        if node.id in _BINARY:
            node.kind, node.lhs, node.rhs = "binary", left, self.expression(POWERS[node.id])
            return node
        match node.id:
            case "(":
                return self._call(node, left)
            case "[":
                return self._predicate(node, left)
            case "^":
                node.kind, node.lhs, node.terms = "binary", left, self._terms()
            case "{":
                node.kind, node.lhs, node.pairs = "binary", left, self._pairs()
            case ":=":
                if left.kind != "variable":
                    raise syntax_error("S0212", left.position, symbol=left.value)
                node.kind, node.lhs, node.rhs = "binary", left, self.expression(POWERS[":="] - 1)
            case "@" | "#":
                node.kind, node.lhs, node.rhs = "binary", left, self.expression(POWERS[node.id])
                if node.rhs.kind != "variable":
                    raise syntax_error("S0214", node.rhs.position, symbol=node.id)
            case _:
                self._condition(node, left)
        return node

    def _block(self, node: Node) -> None:
        while self.node.id != ")":
            node.items.append(self.expression(0))
            if self.node.id != ";":
                break
            self.advance(";")
        self.advance(")", after_value=True)
        node.kind = "block"

    def _array(self, node: Node) -> None:
        if self.node.id != "]":
            while True:
                item = self.expression(0)
                if self.node.id == "..":
                    span = Node("binary", "..", self.node.position, "..", lhs=item)
                    self.advance("..")
                    span.rhs = self.expression(0)
                    item = span
                node.items.append(item)
                if self.node.id != ",":
                    break
                self.advance(",")
        self.advance("]", after_value=True)
        node.kind = "unary"

    def _pairs(self) -> list[tuple[Node, Node]]:
        pairs: list[tuple[Node, Node]] = []
        if self.node.id != "}":
            while True:
                name = self.expression(0)
                self.advance(":")
                pairs.append((name, self.expression(0)))
                if self.node.id != ",":
                    break
                self.advance(",")
        self.advance("}", after_value=True)
        return pairs

    def _transform(self, node: Node) -> None:
        node.kind, node.pattern = "transform", self.expression(0)
        self.advance("|")
        node.update = self.expression(0)
        if self.node.id == ",":
            self.advance(",")
            node.delete = self.expression(0)
        self.advance("|")

    def _condition(self, node: Node, left: Node) -> None:
        node.kind, node.condition, node.then = "condition", left, self.expression(0)
        if self.node.id == ":":
            self.advance(":")
            node.otherwise = self.expression(0)

    def _terms(self) -> list[tuple[bool, Node]]:
        self.advance("(")
        terms: list[tuple[bool, Node]] = []
        while True:
            descending = self.node.id == ">"
            if self.node.id in ("<", ">"):
                self.advance(self.node.id)
            terms.append((descending, self.expression(0)))
            if self.node.id != ",":
                break
            self.advance(",")
        self.advance(")")
        return terms

    def _predicate(self, node: Node, left: Node) -> Node:
        if self.node.id == "]":
            step = left
            while step.kind == "binary" and step.value == "[" and step.lhs is not None:
                step = step.lhs
            step.keep_array = True
            self.advance("]")
            return left
        node.kind, node.lhs, node.rhs = "binary", left, self.expression(0)
        self.advance("]", after_value=True)
        return node

    def _call(self, node: Node, left: Node) -> Node:
        node.kind, node.procedure = "function", left
        if self.node.id != ")":
            while True:
                if self.node.kind == "operator" and self.node.id == "?":
                    node.kind = "partial"
                    node.items.append(self.node)
                    self.advance("?")
                else:
                    node.items.append(self.expression(0))
                if self.node.id != ",":
                    break
                self.advance(",")
        self.advance(")", after_value=True)
        if left.kind == "name" and left.value in ("function", "λ"):
            self._lambda(node)
        return node

    def _lambda(self, node: Node) -> None:
        for index, argument in enumerate(node.items):
            if argument.kind != "variable":
                raise syntax_error("S0208", argument.position, symbol=argument.value, value=index + 1)
        node.kind = "lambda"
        if self.node.id == "<":
            node.signature = self._signature()
        self.advance("{")
        node.body = self.expression(0)
        self.advance("}")

    def _signature(self) -> Signature:
        start, depth, written = self.node.position, 1, "<"
        while depth > 0 and self.node.id not in ("{", END):
            token = self.advance()
            depth += (token.id == "<") - (token.id == ">")
            written += str(token.value)
        self.advance(">")
        try:
            return parse_signature(written)
        except JsonataSyntaxError as error:
            raise JsonataSyntaxError(error.code, str(error), start + error.position) from error
