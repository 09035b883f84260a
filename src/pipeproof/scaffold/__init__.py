"""`pipeproof init`: looks at a project, and writes a workflow and a first test of each thing in it."""
