"""The errors that the API answers with: AWS's codes and words."""


class ServiceError(Exception):
    """An error of the API.

    Attributes:
        code: AWS's name of it.
        message: Its text.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def validation(message: str) -> ServiceError:
    """Return the request makes no sense."""
    return ServiceError("ValidationException", message)


def too_long(field: str, value: str, limit: int) -> ServiceError:
    """A text is longer than it may be."""
    return validation(
        f"1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must have "
        f"length less than or equal to {limit}"
    )


def no_machine(arn: str) -> ServiceError:
    """There is no such state machine."""
    return ServiceError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def no_execution(arn: str) -> ServiceError:
    """There is no such execution."""
    return ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")


def no_resource(arn: str) -> ServiceError:
    """There is no such Map Run, version, alias or tagged thing."""
    return ServiceError("ResourceNotFound", f"Resource not found: '{arn}'")


def wrong_type() -> ServiceError:
    """The operation is not one of this type of state machine, STANDARD or EXPRESS."""
    return ServiceError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
