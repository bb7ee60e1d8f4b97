"""How a stand-in of a Google API refuses a call."""

import grpc


class ApiError(Exception):
    """A status code of Google's and a sentence; each wire format has its own form for the two."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
