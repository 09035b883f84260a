"""The name under which the guides had `callback` and `by_iteration`; new code imports both from `pipeproof`."""

from pipeproof.stepfunctions.answers.mocks import by_iteration, callback, returns, throws

__all__ = ["by_iteration", "callback", "returns", "throws"]
