"""dbt models under test: the project parsed once, each test in a schema of its own.

Rooms, each of which imports only from those above it:

    errors  result  requests  run_names  lease  log
    guard/          what a statement would write, and the watch that refuses what leaves the test's schemas
    rows/           rows in, rows out: files, frames, literals, types
    comparison/     what was built against what was expected
    project/        the project's files, profile, manifest and lines; what a mistaken test most likely meant
    in_process/     dbt's own Python parts, and in `patches/` those of them that are replaced
    session/        one project for all tests of a process; the connection and the schemas of one test
    scenario/       one test's dbt, the value of the fixture `dbt`
    cli/            the same by dbt's command line, where dbt has no Python entry
    engine  unit_tests  own_tests  clean
"""
