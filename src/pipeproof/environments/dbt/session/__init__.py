"""What the tests of a session share: the parsed project, the connection, the schemas."""
