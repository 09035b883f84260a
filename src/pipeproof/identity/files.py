"""A file that holds an ID token and is renewed by who made it: Kubernetes' projected service account tokens, for one.

Source: the AWS SDKs' reference, "Assume role credential provider": `web_identity_token_file`, read anew each time.
"""

from collections.abc import Callable
from pathlib import Path

from pipeproof.identity.token import IdToken, IdTokenError, keep_token
from pipeproof.untrusted import read_file

_LIMIT = 1 << 16
"""Bytes of a token: AWS takes 20,000 characters."""


def read_token_file(path: Path, mask: Callable[[str], None], now: Callable[[], float]) -> IdToken:
    """Return the token that a file holds at this moment; links count as what they lead to.

    Raises:
        IdTokenError: It cannot be read, holds no token, or one that has ended.
    """
    try:
        value = read_file(path, limit=_LIMIT).decode("utf-8", "replace").strip()
    except OSError as error:
        raise IdTokenError(
            f"The token file {path} cannot be read: {error.strerror or error}.",
            hint="Is it mounted where pipeproof runs? A container action sees what the runner mounts into it.",
        ) from error
    mask(value)
    renewed_by = "Whoever writes it has not renewed it: see the volume's `expirationSeconds`, and this machine's clock."
    return keep_token(value, f"The token file {path}", now(), "the token file's issuer", renewed_by)
