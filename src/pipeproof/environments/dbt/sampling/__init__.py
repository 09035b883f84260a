"""`pipeproof dbt sample`: a few rows of a live database's sources, made anonymous, as the project's fixtures."""
