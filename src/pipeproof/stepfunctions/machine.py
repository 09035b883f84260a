"""StateMachine: a definition, ready to be run as often as a test likes."""

import json
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeproof.stepfunctions import deployment
from pipeproof.stepfunctions.answers.dispatch import Backend, Handlers
from pipeproof.stepfunctions.answers.given_functions import collect_functions
from pipeproof.stepfunctions.answers.mock_config_file import load_mocks
from pipeproof.stepfunctions.answers.mocks import AnsweringMachine, MockBook, Returns, check_names
from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.aws.moto_backend import active_backends, call_stepfunctions
from pipeproof.stepfunctions.definition.loading import (
    functions_beside,
    load_definition,
    policy_of_machine,
    require_filled,
)
from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.engine.run import Run
from pipeproof.stepfunctions.engine.running import RunningExecution
from pipeproof.stepfunctions.engine.settings import Settings
from pipeproof.stepfunctions.engine.single_state import StateResult, UnitOptions, run_unit
from pipeproof.stepfunctions.engine.workers import WORKERS
from pipeproof.stepfunctions.errors import MockError, StateFailure, StateNameError
from pipeproof.stepfunctions.expressions.environment import Clock
from pipeproof.stepfunctions.nested import run_nested
from pipeproof.stepfunctions.options import check_limit, read_word

DEFAULT_START = datetime(2026, 1, 1, tzinfo=UTC)
"""When executions start on the virtual clock, unless a test says otherwise: the same for all runs."""

STANDARD_EVENTS = 25_000
"""How many events AWS allows in the history of a Standard execution."""

Observer = Callable[["StateMachine", Execution], None]


class StateMachine(AnsweringMachine):
    """A state machine under test.

    Args:
        source: The definition, or the path of a file that holds it: JSON, YAML, SAM or CloudFormation.
        name: The machine's name; of a template with several machines the logical id of the one that is meant.
        substitutions: Values for `${Name}` in the definition.
        parameters: Values of a template's parameters. Those that have neither a value nor a default have a stand-in.
        lambdas: Functions by name or logical id: `"package.module:handler"`, a callable, or a mapping of `handler`,
            `role_policy`, `environment`, `timeout` (seconds) and `memory` (MB). Of a template, the functions in
            Python that stand in it are known without.
        env_vars: Environment variables of the template's functions in place of what the template gives: a mapping
            `{"Function": {"NAME": "value"}}` or the JSON file that `sam local` takes as `--env-vars`.
        role_policy: The role's policy (a document or its file): what it does not allow fails, as it would in AWS. The
            path of the machine's own template stands for the policy of the machine's role in it.
        type: STANDARD or EXPRESS; None is what the template says, or STANDARD.
        account: The account's number.
        region: The region.
        role_arn: The role's ARN.
        payload_limit: Bytes that a state's input or output may have, or None for no limit.
        event_limit: Events that an execution may have, or None for no limit, as Express has none.
        handler_limit: Wall-clock seconds that a callable may take, or None for no limit.
        validation: How mocked results are checked against the services' models: STRICT, PRESENT or NONE.

    Raises:
        DefinitionError: The definition cannot be read, or the service would not accept it.
        MachineOptionError: An option cannot have the value that it has.
    """

    def __init__(
        self,
        source: Mapping[str, Any] | str | Path,
        *,
        name: str | None = None,
        substitutions: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        lambdas: Mapping[str, Any] | None = None,
        env_vars: Mapping[str, Any] | str | Path | None = None,
        role_policy: Any = None,
        type: str | None = None,  # noqa: A002 - AWS's word
        account: str = "123456789012",
        region: str = "us-east-1",
        role_arn: str | None = None,
        payload_limit: int | None = 262_144,
        event_limit: int | None = STANDARD_EVENTS,
        handler_limit: float | None = None,
        validation: str = "STRICT",
    ) -> None:
        kind = None if type is None else read_word("type", type, ("STANDARD", "EXPRESS"))
        self.validation = read_word("validation", validation, ("STRICT", "PRESENT", "NONE"))
        check_limit("payload_limit", payload_limit)
        check_limit("event_limit", event_limit)
        check_limit("handler_limit", handler_limit, whole=False)
        self.definition = load_definition(
            source, name=name, substitutions=substitutions, parameters=parameters, machine_type=kind
        )
        self.name = self.definition.name or name or "StateMachine"
        described, others = functions_beside(source, parameters)
        self.lambdas = collect_functions(described, {**others, **(lambdas or {})}, env_vars)
        self.role_policy = policy_of_machine(role_policy, source, name, parameters)
        self.handler_limit = handler_limit
        self.executions: list[Execution] = []
        self.observers: list[Observer] = []
        self._runs = 0
        is_express = self.definition.machine_type == "EXPRESS"
        self.settings = Settings(
            machine_name=self.name,
            account=account,
            region=region,
            role_arn=role_arn or f"arn:aws:iam::{account}:role/{self.name}Role",
            type=self.definition.machine_type,
            payload_limit=payload_limit,
            event_limit=None if is_express and event_limit == STANDARD_EVENTS else event_limit,
        )

    @property
    def arn(self) -> str:
        """The machine's ARN."""
        return self.settings.machine_arn

    def run(
        self,
        input: Any = None,  # noqa: A002 - AWS's word
        mocks: Mapping[str, Any] | str | Path | None = None,
        check: bool = True,
        *,
        test_case: str | None = None,
        execution_name: str | None = None,
        start_time: datetime | None = None,
        seed: int = 0,
    ) -> Execution:
        """Runs a whole execution; waits and retry delays pass on a virtual clock.

        Args:
            input: The input; None is an empty object, as when AWS is given none.
            mocks: What answers the Tasks, by state name or resource ARN; or the path of a MockConfigFile.
            check: Raise where the execution does not succeed.
            test_case: Which of the MockConfigFile's test cases applies.
            execution_name: The execution's name.
            start_time: The virtual time at which it starts.
            seed: For random numbers, UUIDs and jitter: the same seed gives the same history.

        Raises:
            ExecutionFailed: It failed, and `check` is set.
            ExecutionTimedOut: It took longer than TimeoutSeconds, and `check` is set.
            ExecutionAborted: It was stopped, and `check` is set.
            TaskNotHandled: A Task was reached that nothing answers.
            MockError: A mock is of a wrong form, used up, or named by a slip of a state's name.
        """
        running = self.start(
            input, mocks, test_case=test_case, execution_name=execution_name, start_time=start_time, seed=seed
        )
        running.advance()
        execution = running.result(strict=True)
        self.keep(execution)
        if check:
            execution.raise_for_status()
        return execution

    def with_definition(self, source: Mapping[str, Any]) -> "StateMachine":
        """Return the machine with another definition, and all else as it is."""
        changed = copy(self)
        changed.definition = load_definition(source, name=self.name, machine_type=self.settings.type)
        return changed

    def keep(self, execution: Execution) -> None:
        """Adds an execution to `executions`, and tells the observers of it."""
        self.executions.append(execution)
        for observer in self.observers:
            observer(self, execution)

    def deploy(self, mocks: Mapping[str, Any] | None = None) -> str:
        """Creates the machine on the stubs of the `aws` fixture, so that start_execution in a flow runs it.

        Its executions are then in `executions`, the latest last.

        Args:
            mocks: What answers its Tasks in executions that are started so.

        Returns:
            The machine's ARN on the stubs.

        Raises:
            DefinitionError: No stub of Step Functions is open.
        """
        return deployment.deploy(self, mocks, first_call=lambda: call_stepfunctions(self.settings.region))

    def answer(self, request: Request, mocks: Mapping[str, Any]) -> Reply:
        """Runs an execution for a Task of another machine, in the same virtual time."""
        return run_nested(self, request, mocks)

    def run_state(
        self,
        name: str,
        input: Any = None,  # noqa: A002 - AWS's word
        mocks: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        *,
        options: UnitOptions | None = None,
        seed: int = 0,
    ) -> StateResult:
        """Runs one state as a unit, as AWS's TestState API does: a Retrier is named, not followed.

        Args:
            name: The state, inner ones included.
            input: Its input; None is an empty object.
            mocks: What answers its task. The mock of a Map or Parallel gives its whole result; without one its inner
                states run.
            context: A context object in place of one that is made up.
            variables: The variables that it finds.
            options: What TestState calls stateConfiguration.
            seed: For random numbers.

        Raises:
            StateNameError: There is no such state.
        """
        state = self.definition.find(name)
        if state is None:
            raise StateNameError(name, (known.name for known in self.definition.graph.walk()))
        require_filled(self.definition)
        settings = replace(self.settings, execution_name="test-state", type="EXPRESS")
        given = dict(mocks or {})
        if options is not None and options.item_reader_data is not None and name not in given:
            data = options.item_reader_data
            given[name] = Returns({"Body": data} if isinstance(data, str) else data)
        handlers = self._handlers(given, None)
        return run_unit(
            self.definition, state, _plain_input(input), handlers, settings, Clock(DEFAULT_START),
            context=context, variables=variables, seed=seed, options=options,
        )  # fmt: skip

    def start(
        self,
        input: Any = None,  # noqa: A002 - AWS's word
        mocks: Mapping[str, Any] | str | Path | None = None,
        *,
        test_case: str | None = None,
        execution_name: str | None = None,
        start_time: datetime | None = None,
        seed: int = 0,
    ) -> RunningExecution:
        """Prepares an execution that is moved on by hand, for those that wait for task tokens."""
        require_filled(self.definition)
        self._runs += 1
        name = execution_name or f"execution-{self._runs}"
        settings = replace(self.settings, execution_name=name, start=self._runs)
        value = _plain_input(input)
        handlers = self._handlers(mocks, test_case)
        run = Run(self.definition, settings, handlers, WORKERS, Clock(start_time or DEFAULT_START), seed, value)
        return RunningExecution(run)

    def _handlers(self, mocks: Mapping[str, Any] | str | Path | None, test_case: str | None) -> Handlers:
        book = MockBook(load_mocks(mocks, self.name, test_case))
        check_names(book.all, self.definition)
        backends: tuple[Backend, ...] = active_backends(self.settings.region, self.settings.role_arn)
        return Handlers(
            book,
            self.lambdas,
            backends,
            self.settings.account,
            self.settings.region,
            validator_for(self.validation),
            self.handler_limit,
            refuser_for(self.role_policy, self.settings),
        )


def validator_for(mode: str) -> Callable[[Any, Any], None] | None:
    """Checks mocked results in one of the TestState API's modes."""
    if mode == "NONE":
        return None
    from pipeproof.stepfunctions.aws.mock_validation import check_result

    return lambda resource, value: check_result(resource, value, mode)


def _plain_input(value: Any) -> Any:
    if value is None:
        return {}
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise MockError(f"the input is not a JSON value: {error}") from error


def refuser_for(policy: Any, settings: Settings) -> Callable[[Any], StateFailure | None] | None:
    """Refuses what a role's policy does not allow, where a policy is given."""
    if policy is None:
        return None
    from pipeproof.iam import Policy
    from pipeproof.stepfunctions.aws.permissions import refuser

    return refuser(Policy.load(policy), settings)
