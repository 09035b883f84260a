"""SQL that code sends to AWS's data services: answered with what the test has queued, executed, or refused."""
