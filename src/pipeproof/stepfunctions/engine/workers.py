"""Which function does the work of each type of state."""

from pipeproof.stepfunctions.engine.run import Workers
from pipeproof.stepfunctions.engine.states.choice import run_choice
from pipeproof.stepfunctions.engine.states.inline_map import run_map
from pipeproof.stepfunctions.engine.states.parallel import run_parallel
from pipeproof.stepfunctions.engine.states.simple import run_fail, run_pass, run_succeed, run_wait
from pipeproof.stepfunctions.engine.states.task import run_task

WORKERS = Workers(
    instant={"Pass": run_pass, "Choice": run_choice, "Succeed": run_succeed, "Fail": run_fail},
    waiting={"Task": run_task, "Wait": run_wait, "Parallel": run_parallel, "Map": run_map},
)
"""By the state's type."""
