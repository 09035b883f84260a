"""The words of SQL by which the guard tells what a statement does."""

SCHEMA = "schema"
"""The kind of what is written where a schema itself is: made, dropped, given away, or made the current one."""

FILE = "file"
"""The kind of what is written to a file, or to another database's file."""

SERVER = "server"
"""The kind of what belongs to no schema: roles, extensions, secrets, default privileges."""

UNKNOWN = "unknown"
"""The kind of a statement of which nothing is known."""

RELATIONS = frozenset({
    "table", "view", "sequence", "function", "procedure", "routine", "type", "domain", "aggregate", "index",
    "collation", "conversion", "operator", "statistics", "macro", "stage", "stream", "task", "pipe", "format",
    "model", "dictionary", "configuration", "parser", "template", "alias", "synonym", "tag", "alert",
    "snapshot", "trigger", "rule", "policy", "constraint",
})  # fmt: skip
SCHEMAS = frozenset({"schema", "database", "namespace", "dataset"})
SERVERS = frozenset({
    "role", "user", "group", "tablespace", "extension", "publication", "subscription", "server", "wrapper",
    "language", "cast", "transform", "method", "secret", "warehouse", "integration", "share", "monitor",
    "catalog", "connection", "privileges", "account", "system", "object", "owned", "mapping", "volume",
    "location", "login",
})  # fmt: skip
ON_TABLE = frozenset({"trigger", "rule", "policy", "constraint"})
"""Kinds whose names are a table's own: what counts is the table."""

FILLERS = frozenset({
    "or", "replace", "alter", "temp", "temporary", "transient", "external", "materialized", "recursive",
    "unlogged", "if", "not", "exists", "unique", "concurrently", "local", "global", "volatile", "only",
    "secure", "dynamic", "foreign", "event", "constraint", "data", "text", "search", "file", "row", "access",
    "masking", "persistent", "procedural", "trusted", "default", "large", "fulltext", "spatial", "clustered",
    "nonclustered", "vector", "hybrid", "iceberg", "class", "family", "algorithm", "multiset", "set", "virtual",
    "live", "streaming", "resource", "storage", "notification", "api", "security", "network", "password",
    "session",
})  # fmt: skip
"""What may stand between a verb and the kind of its object."""

BEFORE_NAME = frozenset({
    "if", "not", "exists", "only", "concurrently", "class", "family", "function", "table", "local", "ignore",
    "or", "replace", "rollback", "abort", "fail", "low_priority", "unlogged", "temp", "temporary", "verbose",
    "full", "freeze", "analyze", "overwrite",
})  # fmt: skip
"""What may stand between the kind of an object and its name."""

NO_NAMES = frozenset({
    "from", "set", "where", "values", "select", "when", "else", "end", "then", "and", "as", "is", "in", "on",
    "by", "using", "with", "join", "group", "order", "limit", "union", "default", "case", "cascade", "restrict",
    "of", "to", "into", "all",
})  # fmt: skip
"""Words that cannot be a name without quotes."""

SUBSTATEMENTS = frozenset({
    "as", "begin", "then", "else", "loop", "do", "also", "instead", "explain", "analyze", "analyse", "verbose",
    "atomic",
})  # fmt: skip
"""Words after which a statement can begin inside of another one."""

HARMLESS = frozenset({
    "select", "values", "from", "table", "with", "show", "describe", "desc", "explain", "summarize", "pivot",
    "unpivot", "declare", "begin", "start", "commit", "rollback", "abort", "end", "savepoint", "release",
    "load", "install", "listen", "unlisten", "checkpoint", "force", "deallocate", "close", "fetch", "move",
    "call", "prepare", "assert", "print", "list", "ls", "help", "cache", "uncache", "clear", "detach", "if",
    "return", "execute", "exec", "do", "reset", "discard", "set", "pragma", "let", "while", "for", "loop",
    "repeat",
})  # fmt: skip
"""Words that a statement begins with that writes nothing by itself; what is inside it is looked at all the same."""

SCRIPTS = frozenset({"declare", "if", "while", "for", "loop", "repeat"})
"""Words that a script begins with, of whose statements not all begin with a word that is known."""

TRANSACTION = frozenset({
    "transaction", "tran", "work", "isolation", "read", "deferred", "immediate", "exclusive", "not",
    "deferrable",
})  # fmt: skip

PATHS = frozenset({"search_path", "schema", "current_schema", "catalog"})
"""Settings that say where a name without a schema goes."""
