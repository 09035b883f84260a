"""dbt models under test: the project parsed once, each test in a schema of its own.

`settings` and `profile` say where the project is and what it connects to; `project` parses it once a session;
`scenario` is one test's dbt, the value of the fixture `dbt`, and `schemas` where in the database that test is;
`runner` touches dbt's own Python parts, and `internals` replaces those that would find out again what is known;
`clean` drops what killed runs left behind.
"""
