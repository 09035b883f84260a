"""Lambda functions that Tasks call: those of a template with their own code, variables and role, and those of a test.

A function is started anew for each execution, as Lambda starts one that nobody has called for a while; within an
execution its modules keep what they hold.
"""

import importlib
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pipeproof import environ
from pipeproof.environments.aws.botocore_hooks import is_observed
from pipeproof.errors import PipeproofError
from pipeproof.sandbox.confinement import default_session_of, is_confined, within_this_machine
from pipeproof.stepfunctions.answers.code_space import CodeSpace
from pipeproof.stepfunctions.answers.context import TaskContext
from pipeproof.stepfunctions.answers.function_roles import FunctionRole
from pipeproof.stepfunctions.answers.handler_environment import function_variables, process_variables
from pipeproof.stepfunctions.answers.invocations import Invocation, Limits, invoke
from pipeproof.stepfunctions.answers.mocks import call_function
from pipeproof.stepfunctions.answers.python_runtime import RuntimeFault, error_payload, exit_payload, find_handler
from pipeproof.stepfunctions.definition.functions import Layers, TemplateFunction
from pipeproof.stepfunctions.errors import LambdaLayerWarning, MockError
from pipeproof.virtual_time import VirtualClock, sleeping_on

Handler = Callable[..., Any]


_TURN = threading.RLock()
_PATIENCE = 5.0
"""Real seconds that a function waits for its turn: one that waits for a function which it calls in a thread of its own
would wait for ever. After that the two share what is around them."""


@dataclass(frozen=True, slots=True)
class LambdaFunction:
    """A function.

    Attributes:
        name: Its name.
        handler: What a test gives: `"package.module:handler"` or a callable; None for the template's own.
        template: What a template says of it.
        variables: Environment variables in place of the template's.
        role_policy: The policy of its role where a test gives it: a document or its file.
        timeout: Its timeout in seconds where a test gives it.
        memory: Its memory in MB where a test gives it.
    """

    name: str
    handler: str | Handler | None = None
    template: TemplateFunction | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    role_policy: Any = None
    timeout: float | None = None
    memory: int | None = None

    @property
    def described(self) -> TemplateFunction | None:
        """What the template says of it, where it is that function: a callable of the test's is none of a template."""
        return None if callable(self.handler) else self.template

    def problem(self) -> str | None:
        """Return why it cannot be run here, or None where it can."""
        return self.template.problem() if self.handler is None and self.template is not None else None


class FunctionInstance:
    """A function that has been started for one execution.

    Args:
        function: The function.
        account: The account.
        region: The region.
    """

    def __init__(self, function: LambdaFunction, account: str, region: str) -> None:
        self.function = function
        self._account = account
        self._region = region
        self._role: FunctionRole | None = None
        self._session: dict[str, object] = {}
        self._shell: dict[str, str] = {}
        self._given: dict[str, str] = {}
        self._space: CodeSpace | None = None
        self._root = str(Path.cwd())
        self._handler: Handler | None = None
        self._prepared = False

    @property
    def timeout(self) -> float | None:
        """The function's timeout, where that is known."""
        if self.function.timeout is not None:
            return self.function.timeout
        described = self.function.described
        return described.timeout if described is not None else None

    @property
    def memory(self) -> int:
        """MB that it has."""
        if self.function.memory is not None:
            return self.function.memory
        described = self.function.described
        return described.memory if described is not None else 128

    def invoke(self, event: Any, context: TaskContext, limits: Limits) -> Invocation:
        """Calls the function with an event; where it has not been loaded yet, it is.

        Raises:
            MockError: Its code is not here, or needs what is not installed here.
            PipeproofError: It has asked for another machine.
            TemplateError: What it needs of its template is not known before the deployment.
        """
        self._prepare(context)
        with self._surroundings():
            handler = self._handler
            if handler is None:
                try:
                    handler = self._handler = self._load()
                except PipeproofError:
                    raise
                except SystemExit as error:
                    payload = exit_payload(error, context.aws_request_id)
                    return Invocation(error=payload, by_service=True, exception=error)
                except Exception as error:  # noqa: BLE001 - whatever happens at import is the function's failure
                    _note_missing_variable(error, self.function.name, self._shell)
                    return Invocation(error=error_payload(error, ""), exception=error)
            if self.function.described is not None:
                ended = invoke(handler, partial(handler, event, context), context, limits)
                _note_missing_variable(ended.exception, self.function.name, self._shell)
                return ended
            return invoke(handler, partial(call_function, handler, event, context), context, limits)

    def _prepare(self, context: TaskContext) -> None:
        """Finds the role, the code and the environment, the first time."""
        described = self.function.described
        if self._prepared:
            return
        if is_observed():  # elsewhere a policy has nobody to refuse anything
            self._role = FunctionRole(described, self.function.role_policy, self._account)
        if described is not None and self.function.handler is None:
            self._find_code(described)
        self._shell = environ.copy()
        self._given = self._variables(context)
        self._prepared = True

    def _find_code(self, described: TemplateFunction) -> None:
        layers = described.layers()
        _warn_of_layers(described, layers)
        main = described.handler.rpartition(".")[0].replace("/", ".")
        inline, folder = described.inline_code(), described.folder()
        if inline is None and folder is None:
            return
        roots = (*((folder,) if folder is not None and inline is None else ()), *layers.folders)
        space = CodeSpace(roots, main, inline)
        if space.has_main():
            self._space = space
            self._root = str(folder) if folder is not None else self._root
        elif described.has_code_uri():
            raise MockError(
                f"the code of the function {described.name!r} has no module {main!r}: it is not in {folder}",
                hint="Where a build puts it there, give the template that the build has written "
                "(.aws-sam/build/template.yaml).",
                location=described.location,
            )

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        """Yield what is around the handler while it is loaded and while it runs.

        The environment and the modules are the process's: functions that several threads call take turns.
        """
        with ExitStack() as stack:
            if _TURN.acquire(timeout=_PATIENCE):
                stack.callback(_TURN.release)
            # What the function sets itself is there in its next invocation too.
            self._given = stack.enter_context(environ.exactly(self._given))
            if is_confined():
                stack.enter_context(within_this_machine())
                stack.enter_context(default_session_of(self._session))
            if self._role is not None:
                stack.enter_context(self._role.assumed())
            if self._space is not None:
                stack.enter_context(self._space.entered())
            yield

    def _variables(self, context: TaskContext) -> dict[str, str]:
        described = self.function.described
        if described is None:
            return {**process_variables(self._shell, self._region), **self.function.variables}
        lambdas = function_variables(
            self._shell, self._region, context, described.handler, described.runtime, self._root
        )
        return {**lambdas, **described.variables(), **self.function.variables}

    def _load(self) -> Handler:
        if self.function.handler is not None:
            return load_handler(self.function.name, self.function.handler)
        described = self.function.template
        if described is None:
            raise MockError(f"the function {self.function.name!r} has no handler")
        with sleeping_on(VirtualClock()):  # so that `from time import sleep` finds the virtual one
            try:
                return find_handler(described.handler, self._import)  # type: ignore[no-any-return]
            except RuntimeFault as fault:
                _raise_what_is_not_here(fault, described, self._space is not None)
                raise

    def _import(self, name: str) -> Any:
        return self._space.import_main() if self._space is not None else importlib.import_module(name)


def load_handler(name: str, handler: str | Handler) -> Handler:
    """Return a function's handler, from the `package.module:handler` that stands for it.

    Raises:
        MockError: There is no such module or handler.
    """
    if callable(handler):
        return handler
    module_name, separator, attribute = handler.partition(":")
    if not separator:
        module_name, _, attribute = handler.rpartition(".")
    try:
        found: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise MockError(
            f"the handler {handler!r} of the function {name!r} cannot be loaded: {error}",
            hint='Write it as "package.module:handler", importable from where the tests run.',
        ) from error
    if not callable(found):
        raise MockError(f"{handler!r}, the handler of {name!r}, is not callable")
    return found  # type: ignore[no-any-return]


def _note_missing_variable(error: BaseException | None, function: str, shell: Mapping[str, str]) -> None:
    """Says of a variable that a function misses that only this process has it."""
    if isinstance(error, KeyError) and error.args and error.args[0] in shell:
        error.add_note(
            f"The environment variable {error.args[0]} is set here, but the template gives the function {function!r} "
            "none: in AWS it has none either."
        )


def _warn_of_layers(function: TemplateFunction, layers: Layers) -> None:
    for layer in layers.elsewhere:
        warnings.warn(
            f"the layer {layer} of the function {function.name!r} is not here: what it brings has to be installed "
            "where the tests run",
            LambdaLayerWarning,
            stacklevel=2,
        )


def _raise_what_is_not_here(fault: RuntimeFault, function: TemplateFunction, has_code: bool) -> None:
    """Tells what only this machine lacks from what AWS would lack too.

    Raises:
        MockError: The code is not here, or a package that the function's requirements or layers bring.
    """
    cause = fault.__cause__
    if not isinstance(cause, ModuleNotFoundError) or cause.name is None:
        return
    missing = cause.name.partition(".")[0]
    main = function.handler.rpartition(".")[0].replace("/", ".")
    if not has_code and cause.name in (main, main.partition(".")[0]):
        raise MockError(
            f"the code of the function {function.name!r} is not here: the template says {function.written_code()}",
            hint=f'Build it, or name the handler: lambdas={{{function.name!r}: "package.module:handler"}}.',
            location=function.location,
        ) from fault
    requirements = _requirements(function)
    if missing.lower().replace("_", "-") in requirements or function.layers().elsewhere:
        raise MockError(
            f"the function {function.name!r} imports {missing!r}, which is not installed here",
            hint="Install what the function requires (its requirements.txt, its layers) where the tests run.",
            location=function.location,
        ) from fault


def _requirements(function: TemplateFunction) -> set[str]:
    """Return the packages that the function's requirements.txt names."""
    folder = function.folder()
    file = folder / "requirements.txt" if folder is not None and folder.is_dir() else None
    if file is None or not file.is_file():
        return set()
    names = re.findall(r"^\s*([A-Za-z0-9][\w.-]*)", file.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}
