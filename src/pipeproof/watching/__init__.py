"""`pipeproof watch`: on a change of a file, the tests that it touches."""
