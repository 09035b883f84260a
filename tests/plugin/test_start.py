"""What a test run pays for having pipeproof installed, before any of it is used."""

import pytest


def test_plugin__its_modules_are_loaded_as_python_does(pytester: pytest.Pytester) -> None:
    """pytest would compile all of a plugin's package anew in each process in which it cannot write beside it."""
    pytester.makepyfile("""
        import sys

        def test_loaders():
            import pipeproof.environments.aws.stub
            import pipeproof.stepfunctions.machine

            loaders = {name: type(module.__spec__.loader).__name__ for name, module in sys.modules.items()
                       if name.startswith("pipeproof.")}
            assert len(loaders) > 100
            rewritten = {name for name, loader in loaders.items() if loader != "SourceFileLoader"}
            assert rewritten <= {"pipeproof.errors", "pipeproof.homes", "pipeproof.plugin"}
    """)
    pytester.runpytest_subprocess("-p", "pipeproof").assert_outcomes(passed=1)


def test_plugin__is_quiet_in_a_run_within_a_test(pytester: pytest.Pytester) -> None:
    """pytest warns of a plugin that is there already and was not rewritten."""
    pytester.makepyfile("""
        pytest_plugins = "pytester"

        def test_inner(pytester):
            pytester.makepyfile("def test_nothing(): pass")
            pytester.runpytest_inprocess("-p", "pipeproof").assert_outcomes(passed=1, warnings=0)
    """)
    pytester.runpytest_subprocess("-p", "pipeproof").assert_outcomes(passed=1)
