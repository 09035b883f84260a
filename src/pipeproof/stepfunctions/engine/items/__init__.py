"""Where a distributed Map's items come from, and where the results of its children go."""
