"""The marks that tell an expression from a text: `{% … %}`."""


def is_expression(text: str) -> bool:
    """Whether a string of a definition is a JSONata expression: `{% ... %}`, from its first character to its last."""
    return text.startswith("{%") and text.endswith("%}") and len(text) >= 4


def inner(text: str) -> str:
    """Return the expression between the marks."""
    return text[2:-2].strip()
