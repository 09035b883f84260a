"""First tests of Prefect flows: each is run, with what its tasks have to do outside of the process stood in for."""
