"""What AWS adds to the language: its API names and shapes, the stubs that answer, jobs and permissions."""
