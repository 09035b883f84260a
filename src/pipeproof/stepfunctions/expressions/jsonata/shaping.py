"""From the tree as it was written to the tree that is evaluated.

Chains of `.` become paths, `[…]` filters of a step, `{…}` its group, `^(…)`, `@`, `#` parts of it; each `%` finds the
step that it stands for; the last call of a function's body becomes a thunk, so that tail recursion needs no depth.
"""

from pipeproof.stepfunctions.expressions.jsonata.errors import syntax_error
from pipeproof.stepfunctions.expressions.jsonata.parser import END, Node, Slot, parse

_LEAVES = {"string", "number", "value", "wildcard", "descendant", "variable", "regex"}


def parse_expression(source: str) -> Node:
    """Return the tree that is evaluated.

    Raises:
        JsonataSyntaxError: The expression does not parse.
    """
    shaped = _Shaping().shape(parse(source))
    if shaped.kind == "parent" or shaped.seeking is not None:
        raise syntax_error("S0217", shaped.position)
    return shaped


class _Shaping:
    def __init__(self) -> None:
        self.parents = 0

    def shape(self, node: Node) -> Node:
        shaped = self._shaped(node)
        if node.keep_array:
            shaped.keep_array = True
        return shaped

    def _shaped(self, node: Node) -> Node:
        if node.kind in _LEAVES:
            return node
        shapes = {
            "binary": self._binary, "name": self._name, "operator": self._operator, "unary": self._unary,
            "parent": self._parent, "lambda": self._lambda, "function": self._call, "partial": self._call,
            "block": self._block, "condition": self._condition, "transform": self._transform,
        }  # fmt: skip
        if node.kind not in shapes:
            raise syntax_error("S0207" if node.id == END else "S0206", node.position, symbol=node.value)
        return shapes[node.kind](node)

    def _operator(self, node: Node) -> Node:
        """The words of operators are names where no operator can stand; `?` leaves an argument open."""
        if node.value in ("and", "or", "in"):
            node.kind = "name"
            return self._name(node)
        if node.value != "?":
            raise syntax_error("S0201", node.position, symbol=node.value)
        return node

    def _parent(self, node: Node) -> Node:
        node.slot = Slot(f"!{self.parents}")
        self.parents += 1
        return node

    def _lambda(self, node: Node) -> Node:
        node.body = _with_thunks(self.shape(node.part("body")))
        return node

    def _call(self, node: Node) -> Node:
        node.items = self._parts(node, node.items)
        node.procedure = self.shape(node.part("procedure"))
        return node

    def _block(self, node: Node) -> Node:
        node.items = self._parts(node, node.items)
        node.cons_array = any(_starts_with_array(part) for part in node.items)
        return node

    def _transform(self, node: Node) -> Node:
        node.pattern, node.update = self.shape(node.part("pattern")), self.shape(node.part("update"))
        node.delete = self.shape(node.delete) if node.delete else None
        return node

    def _parts(self, node: Node, parts: list[Node]) -> list[Node]:
        shaped = []
        for part in parts:
            shaped.append(self.shape(part))
            _take_parents(node, shaped[-1])
        return shaped

    def _name(self, node: Node) -> Node:
        path = Node("path", position=node.position, items=[node])
        path.keep_singleton = node.keep_array
        return path

    def _condition(self, node: Node) -> Node:
        node.condition, node.then = self._parts(node, [node.part("condition"), node.part("then")])
        if node.otherwise is not None:
            (node.otherwise,) = self._parts(node, [node.otherwise])
        return node

    def _unary(self, node: Node) -> Node:
        if node.value == "[":
            node.items = self._parts(node, node.items)
        elif node.value == "{":
            pairs = [self._parts(node, [key, value]) for key, value in node.pairs]
            node.pairs = [(key, value) for key, value in pairs]
        else:
            operand = self.shape(node.part("lhs"))
            if operand.kind == "number":
                operand.value = -operand.value if operand.value else -0.0
                return operand
            node.lhs = operand
            _take_parents(node, operand)
        return node

    def _binary(self, node: Node) -> Node:
        match node.value:
            case ".":
                return self._map(node)
            case "[":
                return self._filter(node)
            case "{":
                return self._group(node)
            case "^":
                return self._sort(node)
            case "@":
                return self._focus(node)
            case "#":
                return self._index(node)
            case ":=":
                node.kind, node.rhs = "bind", self.shape(node.part("rhs"))
                _take_parents(node, node.rhs)
            case "~>":
                node.kind = "apply"
                node.lhs, node.rhs = self.shape(node.part("lhs")), self.shape(node.part("rhs"))
                node.keep_array = node.lhs.keep_array or node.rhs.keep_array
            case _:
                node.lhs, node.rhs = self._parts(node, [node.part("lhs"), node.part("rhs")])
        return node

    def _map(self, node: Node) -> Node:
        first = self.shape(node.part("lhs"))
        path = first if first.kind == "path" else Node("path", position=first.position, items=[first])
        if first.kind == "parent" and first.slot is not None:
            path.seeking = [first.slot]
        rest = self.shape(node.part("rhs"))
        if rest.kind == "path":
            path.items.extend(rest.items)
        else:
            if rest.predicate:
                rest.stages, rest.predicate = [*rest.predicate], []
            path.items.append(rest)
        for step in path.items:
            if step.kind in ("number", "value"):
                raise syntax_error("S0213", step.position, value=step.value)
        for step in path.items:
            if step.kind == "string":
                step.kind = "name"
        path.keep_singleton = path.keep_singleton or any(step.keep_array for step in path.items)
        for step in (path.items[0], path.items[-1]):
            if step.kind == "unary" and step.value == "[":
                step.cons_array = True
        _find_parents(path)
        return path

    def _filter(self, node: Node) -> Node:
        shaped = self.shape(node.part("lhs"))
        step = shaped.items[-1] if shaped.kind == "path" else shaped
        if step.group is not None:
            raise syntax_error("S0209", node.position)
        predicate = self.shape(node.part("rhs"))
        if predicate.seeking is not None:
            for slot in predicate.seeking:
                if slot.level == 1:
                    _seek(step, slot)
                else:
                    slot.level -= 1
            _take_parents(step, predicate)
        if shaped.kind == "path":
            step.stages.append(predicate)
        else:
            step.predicate.append(predicate)
        return shaped

    def _group(self, node: Node) -> Node:
        shaped = self.shape(node.part("lhs"))
        if shaped.group is not None:
            raise syntax_error("S0210", node.position)
        shaped.group = [(self.shape(key), self.shape(value)) for key, value in node.pairs]
        return shaped

    def _sort(self, node: Node) -> Node:
        shaped = self.shape(node.part("lhs"))
        path = shaped if shaped.kind == "path" else Node("path", position=shaped.position, items=[shaped])
        step = Node("sort", position=node.position)
        for descending, term in node.terms:
            expression = self.shape(term)
            _take_parents(step, expression)
            step.terms.append((descending, expression))
        path.items.append(step)
        _find_parents(path)
        return path

    def _focus(self, node: Node) -> Node:
        shaped = self.shape(node.part("lhs"))
        step = shaped.items[-1] if shaped.kind == "path" else shaped
        if step.stages or step.predicate:
            raise syntax_error("S0215", node.position)
        if step.kind == "sort":
            raise syntax_error("S0216", node.position)
        if node.keep_array:
            step.keep_array = True
        step.focus = node.part("rhs").value
        step.tuple = True
        return shaped

    def _index(self, node: Node) -> Node:
        shaped = self.shape(node.part("lhs"))
        if shaped.kind == "path":
            path, step = shaped, shaped.items[-1]
        else:
            path, step = Node("path", position=shaped.position, items=[shaped]), shaped
            step.stages, step.predicate = [*step.predicate], []
        name = node.part("rhs").value
        if step.stages:
            step.stages.append(name)
        else:
            step.index = name
        step.tuple = True
        return path


def _starts_with_array(part: Node) -> bool:
    return part.cons_array or (part.kind == "path" and part.items[0].cons_array)


def _with_thunks(node: Node) -> Node:
    if node.kind == "function" and not node.predicate:
        return Node("lambda", position=node.position, thunk=True, body=node)
    if node.kind == "condition":
        node.then = _with_thunks(node.part("then"))
        node.otherwise = _with_thunks(node.otherwise) if node.otherwise else None
    elif node.kind == "block" and node.items:
        node.items[-1] = _with_thunks(node.items[-1])
    return node


def _take_parents(node: Node, part: Node) -> None:
    """What a part looks for above itself is looked for above the whole."""
    if part.seeking is None and part.kind != "parent":
        return
    slots = part.seeking if part.seeking is not None else []
    if part.kind == "parent" and part.slot is not None:
        slots.append(part.slot)
    node.seeking = slots if node.seeking is None else [*node.seeking, *slots]


def _find_parents(path: Node) -> None:
    """Each `%` in the last step finds the step that it stands for, or goes on above the path."""
    last = path.items[-1]
    slots = last.seeking if last.seeking is not None else []
    if last.kind == "parent" and last.slot is not None:
        slots.append(last.slot)
    for slot in slots:
        index = len(path.items) - 2
        while slot.level > 0:
            if index < 0:
                path.seeking = [slot] if path.seeking is None else [*path.seeking, slot]
                break
            step = path.items[index]
            index -= 1
            while index >= 0 and step.focus and path.items[index].focus:
                step = path.items[index]
                index -= 1
            _seek(step, slot)


def _seek(node: Node, slot: Slot) -> None:
    match node.kind:
        case "name" | "wildcard":
            slot.level -= 1
            if slot.level == 0:
                if node.ancestor is not None:
                    slot.label = node.ancestor.label
                node.ancestor = slot
                node.tuple = True
        case "parent":
            slot.level += 1
        case "block":
            if node.items:
                node.tuple = True
                _seek(node.items[-1], slot)
        case "path":
            node.tuple = True
            index = len(node.items) - 1
            _seek(node.items[index], slot)
            while slot.level > 0 and index > 0:
                index -= 1
                _seek(node.items[index], slot)
        case _:
            raise syntax_error("S0217", node.position)
