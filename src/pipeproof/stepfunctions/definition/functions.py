"""Lambda functions in SAM and CloudFormation templates: where their code is, how they are set up, and as whom they run.

A function is read when it is called, part by part, so that what a template leaves to the deployment is in nobody's way
but in that of who needs it. Sources: the resource pages of `AWS::Serverless::Function`, `AWS::Lambda::Function` and
`AWS::Serverless::LayerVersion`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.cloudformation import Resource, Template, TemplateError, locate
from pipeproof.errors import Location
from pipeproof.stepfunctions.definition.assets import find_asset

if TYPE_CHECKING:
    from pipeproof.iam import Policy

TYPES = ("AWS::Serverless::Function", "AWS::Lambda::Function")
_LAYERS = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")
DEFAULT_TIMEOUT = 3.0
"""Seconds that a function has whose template does not say so (AWS's default)."""


@dataclass(frozen=True, slots=True)
class InlineCode:
    """Code that stands in the template; `line` is where it begins, or None where its lines are not the file's."""

    text: str
    file: Path
    line: int | None


@dataclass(frozen=True, slots=True)
class Layers:
    """A function's layers: the folders of those that are here, and the names of the others."""

    folders: tuple[Path, ...] = ()
    elsewhere: tuple[str, ...] = ()


class TemplateFunction:
    """A function of a template.

    Attributes:
        name: Its physical name.
        logical_id: Its id in the template.
    """

    def __init__(self, template: Template, resource: Resource, file: Path) -> None:
        self.template = template
        self.logical_id = resource.logical_id
        self.name = template.name(resource.logical_id)
        self.file = file
        self._resource = resource

    @property
    def location(self) -> Location | None:
        """Where it stands."""
        return self._resource.location

    def get(self, name: str, default: Any = None) -> Any:
        """One property, resolved, over what SAM's Globals give.

        Raises:
            TemplateError: Its value is not known before the deployment.
        """
        value = self.template.resolve(self._resource.properties.get(name))
        if self._resource.type.startswith("AWS::Serverless::"):
            shared = self._globals().get(name)
            if shared is not None:
                value = merge_globals(self.template.resolve(shared), value)
        return default if value is None else value

    def _globals(self) -> Mapping[str, Any]:
        section = self.template.document.get("Globals")
        found = section.get("Function") if isinstance(section, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def problem(self) -> str | None:
        """Return why it cannot be run here, or None where it can."""
        if str(self.get("PackageType", "Zip")) == "Image":
            return "it is a container image (PackageType: Image)"
        runtime = self.get("Runtime")
        if runtime is None:
            return "it has no Runtime"
        if not str(runtime).startswith("python"):
            return f"it runs on {runtime}, and only functions in Python are run here"
        return None

    @property
    def handler(self) -> str:
        """Its Handler."""
        return str(self.get("Handler", ""))

    @property
    def runtime(self) -> str:
        """Its Runtime."""
        return str(self.get("Runtime", ""))

    @property
    def timeout(self) -> float:
        """Its timeout in seconds."""
        return float(self.get("Timeout", DEFAULT_TIMEOUT))

    @property
    def memory(self) -> int:
        """Its memory in MB."""
        return int(self.get("MemorySize", 128))

    def role_policy(self) -> "Policy":
        """Return the policy of its role, with `*` for what only a deployment knows.

        Raises:
            PolicyError: The role is not in the template, or is not known before the deployment.
            TemplateError: So is something in it.
        """
        from pipeproof.iam import Policy

        lenient = self.template.reread("any")
        arn = lenient.resolve(self._resource.properties.get("Role", self._globals().get("Role")))
        roles = [role.logical_id for role in lenient.of_type("AWS::IAM::Role")]
        role = next((role for role in roles if arn is not None and lenient.arn(role) == arn), self.logical_id)
        return Policy.of_role(lenient, role, str(self.file)).with_grants_of_resources(lenient)

    def variables(self) -> dict[str, str]:
        """Return its environment variables.

        Raises:
            TemplateError: The value of one is not known before the deployment.
        """
        environment = self.get("Environment", {})
        variables = environment.get("Variables") if isinstance(environment, Mapping) else None
        return {str(name): _as_text(value) for name, value in (variables or {}).items()}

    def variable_names(self) -> tuple[str, ...]:
        """Return the names of its environment variables, also where the values are not known."""
        written = (self._globals().get("Environment"), self._resource.properties.get("Environment"))
        holders = [part.get("Variables") for part in written if isinstance(part, Mapping)]
        return tuple(dict.fromkeys(name for names in holders if isinstance(names, Mapping) for name in names))

    def inline_code(self) -> InlineCode | None:
        """Return its code where that stands in the template."""
        code = self._resource.properties.get("Code")
        holder, name = (code, "ZipFile") if isinstance(code, Mapping) else (self._resource.properties, "InlineCode")
        if name not in holder:
            return None
        text = str(self.template.resolve(holder[name]))
        at = locate(holder, name)
        return InlineCode(text, self.file, _first_line(at, text))

    def folder(self) -> Path | None:
        """Return the folder or zip file of its code, where that is here."""
        asset = self._metadata().get("aws:asset:path")  # what CDK writes beside the name in a bucket
        written = self.get("CodeUri", self.get("Code"))
        for candidate in (asset, written):
            if isinstance(candidate, str) and "://" not in candidate:
                path = self.file.parent / candidate
                return path if path.exists() else None
        if isinstance(written, Mapping):
            return find_asset(self.file, {"Key": written.get("S3Key", written.get("Key"))})
        return self.file.parent if written is None else None

    def has_code_uri(self) -> bool:
        """Return whether the template says where its code is."""
        return isinstance(self.get("CodeUri", self.get("Code")), str)

    def written_code(self) -> str:
        """Where the template says that the code is, for messages."""
        written = self.get("CodeUri", self.get("Code"))
        return written if isinstance(written, str) else "a bucket"

    def _metadata(self) -> Mapping[str, Any]:
        found = self.template.document["Resources"][self.logical_id].get("Metadata")
        return found if isinstance(found, Mapping) else {}

    def layers(self) -> Layers:
        """Return its layers."""
        own = self._resource.properties.get("Layers") or []
        shared = self._globals().get("Layers") or [] if self._resource.type.startswith("AWS::Serverless::") else []
        folders: list[Path] = []
        elsewhere: list[str] = []
        for layer in (*shared, *own):
            found = _layer_folders(self.template, layer, self.file)
            if found:
                folders.extend(found)
            else:
                elsewhere.append(_layer_name(self.template, layer))
        return Layers(tuple(folders), tuple(elsewhere))


def find_functions(template: Template, file: Path) -> Iterator[TemplateFunction]:
    """The functions of a template, in its order; one whose name is not known before the deployment is left out."""
    for resource in template.of_type(*TYPES):
        try:
            yield TemplateFunction(template, resource, file)
        except TemplateError:
            continue


def merge_globals(shared: Any, own: Any) -> Any:
    """SAM's rule for `Globals`: maps are merged, lists joined, anything else is replaced."""
    if own is None:
        return shared
    if isinstance(shared, Mapping) and isinstance(own, Mapping):
        return {**shared, **{key: merge_globals(shared.get(key), value) for key, value in own.items()}}
    if isinstance(shared, list) and isinstance(own, list):
        return [*shared, *own]
    return own


def _as_text(value: Any) -> str:
    """Return a variable's value as CloudFormation makes text of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _first_line(at: Location | None, text: str) -> int | None:
    """Return the line on which a block of code begins, or None where it is not written as such a block."""
    if at is None or at.file is None or "\n" not in text:
        return None
    lines = at.file.read_text(encoding="utf-8-sig").split("\n")
    key = lines[at.line - 1].rstrip() if at.line <= len(lines) else ""
    block = key.rpartition(":")[2].strip()
    return at.line + 1 if block and block[0] == "|" else None


def _layer_folders(template: Template, layer: Any, file: Path) -> list[Path]:
    """What a layer of the template puts on the path of Python: `python`, or all of it where SAM builds that of it."""
    name = layer.get("Ref") if isinstance(layer, Mapping) else None
    resource = template.resources.get(name) if isinstance(name, str) else None
    if resource is None or resource.type not in _LAYERS:
        return []
    content = template.resolve(resource.properties.get("ContentUri", resource.properties.get("Content")))
    folder = file.parent / content if isinstance(content, str) else None
    if folder is None or not folder.is_dir():
        return []
    inner = folder / "python"
    packages = inner.glob("lib/python3*/site-packages") if inner.is_dir() else ()
    return [inner if inner.is_dir() else folder, *packages]


def _layer_name(template: Template, layer: Any) -> str:
    try:
        return str(template.resolve(layer))
    except TemplateError:
        return str(layer)
