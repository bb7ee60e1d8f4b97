"""The credentials that all clients share: each by itself would ask the metadata server anew."""

from functools import cache

import google.auth
from google.auth.credentials import Credentials


@cache
def credentials() -> Credentials:
    """Return the function's own; found when they are first asked for, which is after the fork."""
    found: Credentials = google.auth.default(scopes=("https://www.googleapis.com/auth/cloud-platform",))[0]
    return found
