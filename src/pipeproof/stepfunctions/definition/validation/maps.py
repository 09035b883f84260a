"""Map states: processor, reader, batcher, writer and label."""

from collections.abc import Mapping
from typing import Any

from pipeproof.stepfunctions.definition.source import Position
from pipeproof.stepfunctions.definition.validation import fields as kinds
from pipeproof.stepfunctions.definition.validation.findings import Findings

_LABEL_LIMIT = 40
_LABEL_FORBIDDEN = frozenset('?*<>{}[]:;,\\|^~$#%&`" /')
_COUNT = kinds.number_check(least=0)
_DISTRIBUTED_ONLY = ("ItemReader", "ItemBatcher", "ResultWriter", "Label")
_TOLERANCE = ("ToleratedFailureCount", "ToleratedFailurePercentage")

_READER_WORDS = {
    "InputType": "CSV JSON JSONL PARQUET MANIFEST",
    "Transformation": "NONE LOAD_AND_FLATTEN",
    "ManifestType": "ATHENA_DATA S3_INVENTORY",
    "CSVHeaderLocation": "FIRST_ROW GIVEN",
    "CSVDelimiter": "COMMA PIPE SEMICOLON SPACE TAB",
}
_WRITER_WORDS = {"Transformation": "NONE COMPACT FLATTEN", "OutputType": "JSON JSONL"}


def check_map(raw: Mapping[str, Any], position: Position, jsonata: bool, findings: Findings) -> None:
    """Checks what a Map state has beside its processor's states."""
    processor = raw.get("ItemProcessor", raw.get("Iterator"))
    if processor is None:
        findings.error("SFN101", "a Map state needs ItemProcessor", position)
    mode = _check_config(processor, (*position, "ItemProcessor"), findings)
    for field in _DISTRIBUTED_ONLY:
        if field in raw and mode == "INLINE":
            findings.warn("SFN103", f"{field} has no effect in a Map whose mode is INLINE", (*position, field))
    _check_label(raw.get("Label"), (*position, "Label"), findings)
    _check_reader(raw.get("ItemReader"), (*position, "ItemReader"), jsonata, findings)
    _check_numbers(
        raw.get("ItemBatcher"), (*position, "ItemBatcher"), ("MaxItemsPerBatch", "MaxInputBytesPerBatch"), jsonata,
        findings,
    )  # fmt: skip
    _check_writer(raw.get("ResultWriter"), (*position, "ResultWriter"), jsonata, findings)


def _check_config(processor: Any, position: Position, findings: Findings) -> str:
    config = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    if config is None:
        return "INLINE"
    place = (*position, "ProcessorConfig")
    if not isinstance(config, Mapping):
        kinds.wrong_type("an object", config, place, findings)
        return "INLINE"
    mode = config.get("Mode", "INLINE")
    if mode not in ("INLINE", "DISTRIBUTED") and not kinds.is_substitution(mode):
        findings.error("SFN105", "Mode must be INLINE or DISTRIBUTED", (*place, "Mode"))
    execution = config.get("ExecutionType")
    if execution not in (None, "STANDARD", "EXPRESS") and not kinds.is_substitution(execution):
        findings.error("SFN105", "ExecutionType must be STANDARD or EXPRESS", (*place, "ExecutionType"))
    if mode == "DISTRIBUTED" and execution is None:
        findings.error("SFN101", "a distributed Map needs ExecutionType", place)
    return str(mode)


def _check_label(label: Any, position: Position, findings: Findings) -> None:
    if not isinstance(label, str):
        return
    if len(label) > _LABEL_LIMIT:
        findings.error("SFN106", f"Label cannot have more than {_LABEL_LIMIT} characters", position)
    for character in label:
        if character in _LABEL_FORBIDDEN or ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0:
            findings.error("SFN106", f"Label cannot contain {character!r}", position)


def _check_reader(reader: Any, position: Position, jsonata: bool, findings: Findings) -> None:
    if reader is None:
        return
    if not isinstance(reader, Mapping):
        kinds.wrong_type("an object", reader, position, findings)
        return
    if "Resource" not in reader:
        findings.error("SFN101", "ItemReader needs Resource", position)
    _check_action(reader.get("Resource"), ("getObject", "listObjectsV2"), (*position, "Resource"), findings)
    _check_call(reader, position, jsonata, findings)
    config = reader.get("ReaderConfig")
    place = (*position, "ReaderConfig")
    _check_numbers(config, place, ("MaxItems",), jsonata, findings)
    if isinstance(config, Mapping):
        _check_words(config, _READER_WORDS, place, findings)
        if config.get("CSVHeaderLocation") == "GIVEN" and "CSVHeaders" not in config:
            findings.error("SFN101", "CSVHeaderLocation GIVEN needs CSVHeaders", place)


def _check_words(part: Mapping[str, Any], words: Mapping[str, str], position: Position, findings: Findings) -> None:
    """Checks fields that take one of a few words."""
    for field, known in words.items():
        value = part.get(field)
        is_open = value is None or kinds.is_substitution(value) or (isinstance(value, str) and value.startswith("{%"))
        if not is_open and value not in known.split():
            one_of = ", ".join(known.split())
            findings.error("SFN105", f"{field} must be one of {one_of}, not {value!r}", (*position, field))


def _check_action(resource: Any, actions: tuple[str, ...], position: Position, findings: Findings) -> None:
    """Checks that a reader or writer calls what it may call."""
    if not isinstance(resource, str) or kinds.is_substitution(resource):
        return
    if not resource.endswith(tuple(f":s3:{action}" for action in actions)):
        findings.error("SFN701", f"{position[-2]} calls {' or '.join(actions)} of s3 only, not {resource!r}", position)


def _check_call(part: Mapping[str, Any], position: Position, jsonata: bool, findings: Findings) -> None:
    mine, other = ("Arguments", "Parameters") if jsonata else ("Parameters", "Arguments")
    if mine in part:
        kinds.check_template(part[mine], (*position, mine), jsonata, findings)
    if other in part:
        language = "JSONata" if jsonata else "JSONPath"
        findings.error("SFN304", f"{other} cannot be used in a {language} state", (*position, other))


def _check_writer(writer: Any, position: Position, jsonata: bool, findings: Findings) -> None:
    if writer is None:
        return
    if not isinstance(writer, Mapping):
        kinds.wrong_type("an object", writer, position, findings)
    elif not writer.keys() & {"Resource", "WriterConfig"}:
        findings.error("SFN101", "ResultWriter needs Resource or WriterConfig", position)
    else:
        _check_call(writer, position, jsonata, findings)
        _check_action(writer.get("Resource"), ("putObject",), (*position, "Resource"), findings)
        config = writer.get("WriterConfig")
        if isinstance(config, Mapping):
            _check_words(config, _WRITER_WORDS, (*position, "WriterConfig"), findings)


def _check_numbers(part: Any, position: Position, names: tuple[str, ...], jsonata: bool, findings: Findings) -> None:
    if part is None:
        return
    if not isinstance(part, Mapping):
        kinds.wrong_type("an object", part, position, findings)
        return
    for name in names:
        if name in part:
            _COUNT(part[name], (*position, name), jsonata, findings)
        if f"{name}Path" in part:
            kinds.check_reference_path(part[f"{name}Path"], (*position, f"{name}Path"), jsonata, findings)
        if name in part and f"{name}Path" in part:
            findings.error("SFN104", f"{name} and {name}Path exclude each other", (*position, f"{name}Path"))
