"""What is touched inside of sqlglot, why, and what is lost where it has changed."""

from pipeproof.patching import Library

SQLGLOT = Library("sqlglot", "sqlglot", "30.30.0")

TYPES = SQLGLOT.hook(
    "types of expressions in a warehouse's SQL are those of sqlglot where the warehouse has others",
    "sqlglot.optimizer.annotate_types:TypeAnnotator._set_type(self, expression, target_type)",
)
"""`types`: what annotators call, and sqlglot calls private."""
