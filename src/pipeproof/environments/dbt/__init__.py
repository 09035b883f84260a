"""dbt models under test: the project parsed once, each test in a schema of its own.

`settings` and `profile` say where the project is and what it connects to; `project` parses it once a session;
`scenario` is one test's isolated schema, the value of the fixture `dbt`; `runner` is the one module that touches dbt's
own Python parts; `clean` drops what killed runs left behind.
"""
