"""A state that a test names, and that is not there."""

import pickle

import pytest

from pipeproof import StateMachine
from pipeproof.errors import PipeproofError
from pipeproof.stepfunctions.errors import StateNameError

MACHINE = {"StartAt": "Price", "States": {"Price": {"Type": "Pass", "Next": "Done"}, "Done": {"Type": "Succeed"}}}
TOLD = "^there is no state 'Prise'\n  there are 'Price', 'Done'; did you mean 'Price'\\?$"


def test_run_state__tells_a_slip_with_what_was_meant() -> None:
    with pytest.raises(PipeproofError, match=TOLD):
        StateMachine(MACHINE).run_state("Prise")


def test_execution__tells_a_slip_with_what_was_meant() -> None:
    with pytest.raises(PipeproofError, match=TOLD):
        StateMachine(MACHINE).run().inputs("Prise")


def test_error__keeps_its_words_in_a_pickle() -> None:
    error = StateNameError("Prise", ["Price"])
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
