"""What a run speaks through: the workflow's log on GitHub, a terminal on a laptop."""
