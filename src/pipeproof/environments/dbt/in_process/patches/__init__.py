"""What stands in the place of dbt's own functions while one of our invocations runs.

`touched`, beside this folder, lists the places; `remembering` says what stands in each, and the modules beside it have
it, each for a part of dbt's work.
"""
