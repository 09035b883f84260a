"""Short-lived credentials for the workflow's identity: asked of the clouds, handed to live tests, renewed, audited.

Nothing in this room reads the process's environment or prints. [obtain][] is the way in.
"""

from pipeproof.credentials.audit import Audit, describe_run
from pipeproof.credentials.lease import Tools
from pipeproof.credentials.registry import Issued, obtain, withhold
from pipeproof.credentials.request import CredentialRequest

__all__ = ["Audit", "CredentialRequest", "Issued", "Tools", "describe_run", "obtain", "withhold"]
