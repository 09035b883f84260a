"""Statements that change the catalogue or show it: tables, partitions, databases."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeproof.environments.aws.queries.glue import formats, writing
from pipeproof.environments.aws.queries.glue.tables import Client, split_uri
from pipeproof.sql.errors import FailedError, untranslatable

_NAME = r"[`\"]?(?:(?P<db>\w+)[`\"]?\.[`\"]?)?(?P<table>\w+)[`\"]?"


@dataclass(frozen=True)
class Options:
    """What CREATE TABLE says of a table beside its columns."""

    location: str | None
    serde: str
    separator: str
    partitioned_by: Sequence[str] = ()
    serde_properties: Mapping[str, str] | None = None
    table_properties: Mapping[str, str] | None = None
    comment: str | None = None


def words_of(text: str) -> dict[str, str]:
    """Return the options of WITH (…): names in small letters, values without quotes."""
    found = re.findall(r"(\w+)\s*=\s*('(?:[^']|'')*'|ARRAY\s*\[[^\]]*\]|[\w.]+)", text, re.IGNORECASE)
    return {name.lower(): value.strip("'") for name, value in found}


def list_of(text: str) -> list[str]:
    """Return the names of ARRAY['a', 'b'], in small letters."""
    return [name.lower() for name in re.findall(r"'([^']*)'", text)]


def table_options(tree: Any, sql: str) -> Options:
    """Return what WITH (…) of CREATE TABLE AS says; Parquet unless it says another format.

    Raises:
        UntranslatableQueryError: An option or a format is not known here.
    """
    from sqlglot import exp

    known: dict[str, Any] = {}
    for part in tree.args["properties"].expressions if tree.args.get("properties") else ():
        if isinstance(part, exp.FileFormatProperty):
            known["format"] = part.this.name.upper()
        elif isinstance(part, exp.WithDataProperty):
            continue  # it says which rows, not how they are kept
        elif isinstance(part, exp.PartitionedByProperty):
            known["partitioned_by"] = [item.name.lower() for item in part.this.expressions]
        elif isinstance(part, exp.Property) and part.this.name.lower() in (
            "external_location", "field_delimiter", "write_compression", "parquet_compression",
        ):  # fmt: skip
            known[part.this.name.lower()] = part.args["value"].name
        else:
            raise untranslatable("athena", f"the table property {part.name or part.key}", sql, None)
    kind = known.get("format", "PARQUET")
    if kind not in writing.SERDES:
        raise untranslatable("athena", f"CREATE TABLE AS with the format {kind}", sql, None)
    separator = known.get("field_delimiter", "\x01")
    properties = {"field.delim": separator} if kind == "TEXTFILE" else {}
    return Options(
        known.get("external_location"), writing.SERDES[kind], separator, known.get("partitioned_by", []), properties
    )


def create_table(
    client: Client, database: str, name: str, columns: Sequence[tuple[str, str]], options: Options, location: str
) -> None:
    """Put a table into the catalogue.

    Args:
        client: Gives clients.
        database: Its database.
        name: Its name.
        columns: All its columns with Hive's types, those of partitions among them.
        options: The rest.
        location: Where its rows are.
    """
    parameters: dict[str, str] = {"EXTERNAL": "TRUE", **(options.table_properties or {})}
    reads, writes = writing.HIVE_FORMATS.get(options.serde, writing.TEXT_FORMATS)
    plain = [{"Name": column, "Type": kind} for column, kind in columns if column not in options.partitioned_by]
    keys = [{"Name": column, "Type": kind} for column, kind in columns if column in options.partitioned_by]
    client("glue").create_table(
        DatabaseName=database,
        TableInput={
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": parameters,
            "PartitionKeys": keys,
            **({"Description": options.comment} if options.comment else {}),
            "StorageDescriptor": {
                "Columns": plain, "Location": location, "InputFormat": reads, "OutputFormat": writes,
                "SerdeInfo": {
                    "SerializationLibrary": options.serde, "Parameters": dict(options.serde_properties or {}),
                },
            },
        },
    )  # fmt: skip


def create_external(  # noqa: C901 - a branch for each clause
    client: Client, tree: Any, database: str, name: str, sql: str
) -> None:
    """CREATE EXTERNAL TABLE.

    Raises:
        FailedError: The table is there.
        UntranslatableQueryError: A clause is not known here; the table is none of the catalogue's plain ones.
    """
    from sqlglot import exp

    serde, properties, table_properties = formats.LAZY, dict[str, str](), dict[str, str]()
    location: str | None = None
    comment, keys, is_external = None, list[tuple[str, str]](), False
    stored = {"PARQUET": formats.PARQUET, "TEXTFILE": formats.LAZY, "JSON": formats.OPENX_JSON}
    for part in tree.args["properties"].expressions if tree.args.get("properties") else ():
        if isinstance(part, exp.ExternalProperty):
            is_external = True
        elif isinstance(part, exp.LocationProperty):
            location = part.this.name
        elif isinstance(part, exp.SchemaCommentProperty):
            comment = part.this.name
        elif isinstance(part, exp.PartitionedByProperty):
            keys = [_column(column) for column in part.this.expressions]
        elif isinstance(part, exp.RowFormatSerdeProperty):
            serde = part.this.name
            given = part.args.get("serde_properties")
            properties |= {item.this.name: item.args["value"].name for item in (given.expressions if given else ())}
        elif isinstance(part, exp.RowFormatDelimitedProperty):
            signs = {"fields": "field.delim", "escaped": "escape.delim", "null": "serialization.null.format"}
            properties |= {sign: _sign(part.args[word].name) for word, sign in signs.items() if part.args.get(word)}
        elif isinstance(part, exp.FileFormatProperty):
            kind = part.this.name.upper()
            if kind and kind not in stored:
                raise untranslatable("athena", f"STORED AS {kind}", sql, None, "the format is not read here")
            serde = stored[kind] if kind and serde == formats.LAZY else serde
        elif isinstance(part, exp.Property) and type(part) is exp.Property:
            table_properties[part.this.name] = part.args["value"].name
        else:
            raise untranslatable("athena", f"{part.key.removesuffix('property').upper()} of CREATE TABLE", sql, None)
    if not is_external or location is None:
        raise untranslatable("athena", "CREATE TABLE without EXTERNAL and LOCATION (Iceberg)", sql, None)
    columns = [*(_column(column) for column in tree.this.expressions), *keys]
    options = Options(location, serde, "", [key for key, _ in keys], properties, table_properties, comment)
    glue = client("glue")
    try:
        create_table(client, database, name, columns, options, location)
    except glue.exceptions.AlreadyExistsException as error:
        raise FailedError(
            "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
            f"AlreadyExistsException(message:Table {name} already exists.)"
        ) from error


def _column(node: Any) -> tuple[str, str]:
    return node.name.lower(), node.args["kind"].sql("hive").lower().replace(": ", ":").replace(", ", ",")


def _sign(text: str) -> str:
    return text.encode().decode("unicode_escape") if text.startswith("\\") and len(text) > 1 else text


def require_database(client: Client, database: str, where: str) -> None:
    """See that a database is there.

    Raises:
        FailedError: It is not.
    """
    glue = client("glue")
    try:
        glue.get_database(Name=database)
    except glue.exceptions.EntityNotFoundException as error:
        raise FailedError(f"SCHEMA_NOT_FOUND: {where}: Schema '{database}' does not exist") from error


def add_partitions(client: Client, database: str, name: str, values: Iterable[tuple[str, ...]]) -> None:
    """Register partitions in the places that the table's location gives them, those that are not there."""
    for one in sorted(values):
        add_partition(client, database, name, one, None, if_not_exists=True)


def add_partition(
    client: Client, database: str, name: str, values: Sequence[str], location: str | None, *, if_not_exists: bool
) -> None:
    """Register a partition.

    Raises:
        FailedError: It is there, and should not be.
    """
    glue = client("glue")
    table = glue.get_table(DatabaseName=database, Name=name)["Table"]
    storage = dict(table["StorageDescriptor"])
    keys = [key["Name"] for key in table.get("PartitionKeys", ())]
    folders = "".join(f"{key}={value}/" for key, value in zip(keys, values, strict=True))
    storage["Location"] = location or f"{storage['Location'].rstrip('/')}/{folders}"
    try:
        glue.create_partition(
            DatabaseName=database, TableName=name, PartitionInput={"Values": list(values), "StorageDescriptor": storage}
        )
    except glue.exceptions.AlreadyExistsException as error:
        if not if_not_exists:
            raise FailedError(
                "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                "AlreadyExistsException(message:Partition already exists.)"
            ) from error


def drop_table(client: Client, database: str, name: str, *, if_exists: bool) -> None:
    """DROP TABLE; the objects stay.

    Raises:
        FailedError: It is not there, and should be.
    """
    glue = client("glue")
    try:
        glue.delete_table(DatabaseName=database, Name=name)
    except glue.exceptions.EntityNotFoundException as error:
        if not if_exists:
            raise FailedError(f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}") from error


_Run = Callable[[Client, "re.Match[str]", str | None], list[str] | None]


def run_text_statement(client: Client, sql: str, database: str | None) -> tuple[str, list[str] | None]:
    """Run a statement of the kinds that are read by their text.

    Gives its kind (`DDL`, `UTILITY`) and the lines that it shows, if it shows any.

    Raises:
        FailedError: A table or a database is not there.
    """
    for pattern, kind, run in _TEXTS:
        match = re.fullmatch(pattern + r"\s*;?\s*", sql, re.IGNORECASE | re.DOTALL)
        if match is not None:
            return kind, run(client, match, database)
    raise untranslatable("athena", " ".join(sql.split()[:2]).upper(), sql, 0)


def is_text_statement(sql: str) -> bool:
    """Return whether a statement is of the kinds that are read by their text, or begins as one of them."""
    return (
        re.match(
            r"\s*(MSCK|SHOW|DESCRIBE|DESC|ALTER|CREATE\s+(DATABASE|SCHEMA)|DROP\s+(DATABASE|SCHEMA))\b",
            sql,
            re.IGNORECASE,
        )
        is not None
    )


def _table(client: Client, match: "re.Match[str]", database: str | None) -> tuple[str, str, Mapping[str, Any]]:
    name, owner = match["table"].lower(), (match["db"] or database or "default").lower()
    glue = client("glue")
    try:
        return owner, name, glue.get_table(DatabaseName=owner, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException as error:
        raise FailedError(f"FAILED: SemanticException [Error 10001]: Table not found {owner}.{name}") from error


def _repair(client: Client, match: "re.Match[str]", database: str | None) -> list[str]:
    """MSCK REPAIR TABLE: the partitions whose folders are named `key=value`."""
    owner, name, table = _table(client, match, database)
    keys = [key["Name"] for key in table.get("PartitionKeys", ())]
    bucket, prefix = split_uri(table["StorageDescriptor"]["Location"].rstrip("/") + "/")
    folders = re.compile("/".join(rf"{re.escape(key)}=([^/]+)" for key in keys) + "/")
    found: set[tuple[str, ...]] = set()
    for page in client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", ()):
            if part := folders.match(one["Key"].removeprefix(prefix)):
                found.add(part.groups())
    known = {tuple(part["Values"]) for part in _partitions(client, owner, name)}
    add_partitions(client, owner, name, found - known)
    return [
        f"Partitions not in metastore:\t{name}:{'/'.join(f'{k}={v}' for k, v in zip(keys, values, strict=True))}"
        for values in sorted(found - known)
    ]


def _partitions(client: Client, database: str, name: str) -> list[Mapping[str, Any]]:
    pages = client("glue").get_paginator("get_partitions").paginate(DatabaseName=database, TableName=name)
    return [part for page in pages for part in page["Partitions"]]


_PARTITION = r"PARTITION\s*\((?P<values>[^)]*)\)(?:\s*LOCATION\s*'(?P<location>[^']*)')?"


def _add(client: Client, match: "re.Match[str]", database: str | None) -> None:
    owner, name, table = _table(client, match, database)
    keys = [key["Name"] for key in table.get("PartitionKeys", ())]
    for one in re.finditer(_PARTITION, match["parts"], re.IGNORECASE):
        values = _values(one["values"])
        if set(values) != set(keys):
            raise FailedError(
                f"FAILED: SemanticException partition spec {values} doesn't contain all partition columns"
            )
        ordered = [values[key] for key in keys]
        add_partition(client, owner, name, ordered, one["location"], if_not_exists=bool(match["exists"]))


def _values(text: str) -> dict[str, str]:
    found = re.findall(r"[`\"]?(\w+)[`\"]?\s*=\s*(?:'([^']*)'|(\w+))", text)
    return {name.lower(): quoted or plain for name, quoted, plain in found}


def _remove(client: Client, match: "re.Match[str]", database: str | None) -> None:
    owner, name, table = _table(client, match, database)
    keys = [key["Name"] for key in table.get("PartitionKeys", ())]
    glue = client("glue")
    for one in re.finditer(_PARTITION, match["parts"], re.IGNORECASE):
        values = _values(one["values"])
        try:
            glue.delete_partition(DatabaseName=owner, TableName=name, PartitionValues=[values[key] for key in keys])
        except glue.exceptions.EntityNotFoundException as error:
            if not match["exists"]:
                raise FailedError(f"FAILED: SemanticException [Error 10006]: Partition not found {values}") from error


def _show_partitions(client: Client, match: "re.Match[str]", database: str | None) -> list[str]:
    owner, name, table = _table(client, match, database)
    keys = [key["Name"] for key in table.get("PartitionKeys", ())]
    parts = _partitions(client, owner, name)
    return sorted("/".join(f"{key}={value}" for key, value in zip(keys, part["Values"], strict=True)) for part in parts)


def _show_tables(client: Client, match: "re.Match[str]", database: str | None) -> list[str]:
    owner = (match["owner"] or database or "default").lower()
    require_database(client, owner, "line 1:1")
    pages = client("glue").get_paginator("get_tables").paginate(DatabaseName=owner)
    return sorted(table["Name"] for page in pages for table in page["TableList"])


def _show_databases(client: Client, match: "re.Match[str]", database: str | None) -> list[str]:
    pages = client("glue").get_paginator("get_databases").paginate()
    return sorted(found["Name"] for page in pages for found in page["DatabaseList"])


def _describe(client: Client, match: "re.Match[str]", database: str | None) -> list[str]:
    _, _, table = _table(client, match, database)
    rows = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", ())]
    lines = [f"{row['Name']:<20}\t{row['Type']:<20}\t{row.get('Comment', ''):<20}" for row in rows]
    keys = [
        f"{key['Name']:<20}\t{key['Type']:<20}\t{key.get('Comment', ''):<20}" for key in table.get("PartitionKeys", ())
    ]
    head = [
        "\t \t ",
        "# Partition Information\t \t ",
        f"{'# col_name':<20}\t{'data_type':<20}\t{'comment':<20}",
        "\t \t ",
    ]
    return [*lines, *head, *keys] if keys else lines


def _create_database(client: Client, match: "re.Match[str]", database: str | None) -> None:
    glue = client("glue")
    try:
        glue.create_database(DatabaseInput={"Name": match["name"].lower()})
    except glue.exceptions.AlreadyExistsException as error:
        if not match["exists"]:
            raise FailedError(
                "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                f"AlreadyExistsException(message:Database {match['name']} already exists)"
            ) from error


def _drop_database(client: Client, match: "re.Match[str]", database: str | None) -> None:
    glue, name = client("glue"), match["name"].lower()
    try:
        glue.get_database(Name=name)
    except glue.exceptions.EntityNotFoundException as error:
        if match["exists"]:
            return
        raise FailedError(f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}") from error
    if glue.get_tables(DatabaseName=name)["TableList"] and not match["cascade"]:
        raise FailedError(
            "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
            f"InvalidOperationException(message:Database {name} is not empty. One or more tables exist.)"
        )
    glue.delete_database(Name=name)


_TEXTS: Sequence[tuple[str, str, _Run]] = (
    (rf"\s*MSCK\s+REPAIR\s+TABLE\s+{_NAME}", "DDL", _repair),
    (rf"\s*ALTER\s+TABLE\s+{_NAME}\s+ADD\s+(?P<exists>IF\s+NOT\s+EXISTS\s+)?(?P<parts>PARTITION.*)", "DDL", _add),
    (rf"\s*ALTER\s+TABLE\s+{_NAME}\s+DROP\s+(?P<exists>IF\s+EXISTS\s+)?(?P<parts>PARTITION.*)", "DDL", _remove),
    (rf"\s*SHOW\s+PARTITIONS\s+{_NAME}", "UTILITY", _show_partitions),
    (r"\s*SHOW\s+TABLES(?:\s+IN\s+`?(?P<owner>\w+)`?)?", "UTILITY", _show_tables),
    (r"\s*SHOW\s+(?:DATABASES|SCHEMAS)", "UTILITY", _show_databases),
    (rf"\s*DESC(?:RIBE)?\s+{_NAME}", "UTILITY", _describe),
    ((r"\s*CREATE\s+(?:DATABASE|SCHEMA)\s+(?P<exists>IF\s+NOT\s+EXISTS\s+)?`?(?P<name>\w+)`?"
     r"(?:\s+(?:COMMENT|LOCATION)\s+'[^']*')*"), "DDL", _create_database),
    ((r"\s*DROP\s+(?:DATABASE|SCHEMA)\s+(?P<exists>IF\s+EXISTS\s+)?`?(?P<name>\w+)`?"
     r"(?P<cascade>\s+CASCADE)?(?:\s+RESTRICT)?"), "DDL", _drop_database),
)  # fmt: skip
