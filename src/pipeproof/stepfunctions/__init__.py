"""Step Functions: an engine for the Amazon States Language on a virtual clock, its linter, mocks, coverage and graph.

This room knows neither pytest nor GitHub. A definition goes in; each state runs as a Python callable, a mock or a
call to a stubbed AWS; out come the result, the path, the history and what was never exercised.
"""
