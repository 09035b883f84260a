"""Short-lived credentials for the workflow's identity: asked of the clouds, handed to live tests, renewed, audited.

Nothing in this room reads the process's environment or prints. `registry.obtain` is the way in.
"""
