"""All that pipeproof touches of Prefect's inside: the one room to look at when a new version of Prefect comes.

`serving` runs in the fork server's processes, the rest in the process that runs the tests. Where `serving` cannot be
imported or run with a version, the launcher is told so, and Prefect's own test harness stands in for the server. Where
a name that the rest uses is gone, what depends on it is left out, and a `PrefectInternalsWarning` says what is lost.
"""
