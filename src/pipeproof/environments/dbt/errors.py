"""What can go wrong with dbt, in words for the person who wrote the test."""

from pipeproof.errors import PipeproofError, SetupError


class DbtNothingSelected(PipeproofError):  # noqa: N818 - the interface's name
    """A selection, or a part of one, matches nothing: dbt itself would call that a success."""


class DbtOptionError(PipeproofError, TypeError):
    """An option that a command does not have, or a value that it cannot have."""


class DbtNodeError(PipeproofError, KeyError):
    """A command ran no node of that name."""


class DbtNameError(PipeproofError):
    """The project has no such model, seed, snapshot or source."""


class DbtRowsError(PipeproofError):
    """Rows that cannot be made into a table."""


class DbtNotBuiltError(PipeproofError):
    """Rows are asked for of something that this test neither built nor gave."""


class DbtQueryError(PipeproofError):
    """A query of the test's own that the database refuses."""


class DbtDifferenceError(PipeproofError, AssertionError):
    """What was built is not what was expected."""


class DbtRefusedError(PipeproofError):
    """Something would be written outside the test's own schemas."""


class DbtSetupError(SetupError):
    """The project, its profile or its adapter is not ready for tests."""
