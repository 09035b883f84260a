"""All that pipeproof touches of Prefect's inside: the one room to look at when a new version of Prefect comes.

`serving` runs in the fork server's processes, the rest in the process that runs the tests. `touched` lists the
names. Where the server cannot be made with a version, Prefect's own test harness stands in. Where another name has
changed, what depends on it is left out, and a `PrefectInternalsWarning` says what is lost.
"""
