"""`pipeproof doctor`: what of this machine and job a run depends on, and what to do where it will not do."""
