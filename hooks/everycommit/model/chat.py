"""Asks an endpoint by OpenAI's chat completions, over httpcore; imported in the worker only."""

from collections.abc import Mapping

import httpcore

from ..deadline import Deadline
from ..errors import EndpointError
from .client import Ask
from .dialect import Dialect, body
from .egress import Log
from .endpoint import Endpoint, Failed, lower
from .profile import Profile
from .reading import Reading, longest_wire


class Chat(Endpoint):
    """One endpoint, asked without a package of its vendor."""

    def __init__(self, profile: Profile, key: str | None, *, environ: Mapping[str, str], log: Log) -> None:
        """Connect to nothing yet. Raises as ``Endpoint``, and where the profile asks for another API."""
        if profile.api != "chat":
            raise EndpointError(
                f"profile '{profile.name}': api '{profile.api}' needs transport 'sdk', that is the package openai"
            )
        super().__init__(profile, key, core=httpcore, environ=environ, log=log)

    def body(self, ask: Ask, dialect: Dialect) -> bytes:
        return body(self.profile, ask, dialect)

    def send(self, ask: Ask, raw: bytes, reading: Reading, deadline: Deadline) -> Failed | None:
        self.leaving(raw, ask, reading)
        with self.sending("POST", "/chat/completions", raw, deadline) as response:
            headers = lower(response.headers)
            if response.status != 200:
                return self.refused(response.status, headers, response.iter_stream(), ask)
            kind = self.kind(headers)
            pieces = self.limited(response.iter_stream(), longest_wire(ask))
            with self.named():
                if kind == "text/event-stream":
                    reading.stream(self.until_counted(pieces, reading, deadline))
                else:
                    reading.whole(b"".join(pieces))
        return None
