"""All that pipeproof touches of Prefect's inside: the one room to look at when a new version of Prefect comes.

The first half runs in the fork server's processes, the second in the process that runs the tests. What is not there in
a version is told by an ImportError or AttributeError, on which the caller falls back to Prefect's own test harness, or
by [missing_hooks][]. Prefect 3.4 to 3.8 have all of it.
"""
