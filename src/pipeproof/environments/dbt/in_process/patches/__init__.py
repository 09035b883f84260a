"""All that pipeproof replaces of dbt's inside: the one room to look at when a new version of dbt comes.

A scenario's own work takes dbt some milliseconds; reading the project's and the profile's files, checking them against
their schemas, looking for plugins and listing what the database holds takes it many more. While one of our invocations
runs, some of dbt's functions are therefore replaced by ones that remember. `remembering` lists them, and the modules
beside it, each for a part of dbt's work, have what stands in their place. Each replacement stands by itself: what a
version of dbt does not have under that name is left as it is, and then takes its time.
"""
