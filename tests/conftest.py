"""What every test of pipeproof shares."""

pytest_plugins = ["pytester"]
