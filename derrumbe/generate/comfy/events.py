"""What a ComfyUI server tells over its websocket while it works. A line that breaks is opened again; who listens must also ask."""

from __future__ import annotations

import importlib.util
import json
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from derrumbe.core.errors import BadInput
from derrumbe.generate.comfy.address import Address
from derrumbe.generate.comfy.faults import Unreachable

LARGEST_EVENT = 64 * 2**20
"""Bytes; errors carry whole tracebacks, previews are small."""

OPENING, CLOSING = 10.0, 1.0
"""Seconds."""


class Events:
    """Events for one client, as dictionaries with `type` and `data`. Use with `with`."""

    def __init__(self, address: Address, client: str) -> None:
        self._address = address
        self._url = f"{address.websocket_url}?{urlencode({'clientId': client})}"
        self._opened: Any = None
        self._line: Any = None

    def __enter__(self) -> Events:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    def open(self) -> None:
        """Connect, unless connected. Raises Unreachable, BadInput."""
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        if self._line is not None:
            return
        line = self._address.dial(OPENING)
        try:
            # the socket is ours, so neither a proxy nor a redirect can lead elsewhere; pings are the asking that goes on beside
            self._opened = connect(
                self._url,
                sock=line,
                proxy=None,
                compression=None,
                open_timeout=OPENING,
                close_timeout=CLOSING,
                ping_interval=None,
                max_size=LARGEST_EVENT,
                max_queue=None,
            )
            self._line = self._opened.__enter__()
        except (OSError, EOFError, WebSocketException, ValueError) as error:
            line.close()
            self._opened = None
            raise Unreachable(f"{self._address.url}: no websocket ({error or type(error).__name__})") from error

    def next(self, timeout: float) -> dict[str, Any] | None:
        """Return the next event, None when none came in `timeout` seconds. Raises Unreachable when the line breaks."""
        from websockets.exceptions import ConnectionClosed

        try:
            return _event(self._line.recv(timeout=timeout))
        except TimeoutError:
            return None
        except (ConnectionClosed, OSError, EOFError) as error:
            self._close()
            raise Unreachable(f"{self._address.url}: the websocket broke") from error

    def _close(self) -> None:
        opened, self._opened, self._line = self._opened, None, None
        if opened is not None:
            opened.__exit__(None, None, None)


def check_installed() -> None:
    """Raise BadInput when the websocket library isn't there."""
    if importlib.util.find_spec("websockets") is None:
        raise BadInput("generate.name comfyui: websockets isn't installed; pip install 'derrumbe[comfy]'")


def _event(message: str | bytes) -> dict[str, Any]:
    """Read an event. Binary ones are preview pictures, which nobody here looks at."""
    try:
        found = json.loads(message) if isinstance(message, str) else {}
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}
