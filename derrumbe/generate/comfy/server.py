"""What a ComfyUI server understands over HTTP. One request, one connection; redirects and proxies are never followed."""

from __future__ import annotations

import http.client
import json
import ssl
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from derrumbe.core.errors import BadInput, DerrumbeError
from derrumbe.generate.comfy.address import Address
from derrumbe.generate.comfy.faults import Refused, Unreachable

LARGEST_ANSWER = 512 * 2**20
PASSING = {408, 425, 429}
"""Statuses below 500 that another try may mend."""


@dataclass(frozen=True)
class Server:
    """Requests to the server at `address`. All raise Unreachable for what may pass, Refused for a no, BadInput for a forbidden host."""

    address: Address
    timeout: float = 60.0

    def stats(self) -> dict[str, Any]:
        """Return versions and devices."""
        return self._dict(self._get("/system_stats"))

    def node(self, name: str) -> dict[str, Any] | None:
        """Return a node class's description, None when the server has no such class."""
        return self._dict(self._get(f"/object_info/{quote(name, safe='')}")).get(name)

    def header_of(self, folder: str, file: str) -> dict[str, Any]:
        """Return what a safetensors file says about itself; nothing when it says nothing."""
        try:
            return self._dict(self._get(f"/view_metadata/{folder}?" + urlencode({"filename": file})))
        except (Refused, Unreachable):
            return {}

    def upload(self, name: str, folder: str, data: bytes) -> str:
        """Put a picture into the server's folder of passing files, which it empties when it starts. Return the name for Load Image."""
        fields = {"type": "temp", "subfolder": folder, "overwrite": "true"}
        body, kind = _form(fields, name, data)
        told = self._dict(self._ask("POST", "/upload/image", body, {"Content-Type": kind}))
        try:
            return f"{told['subfolder']}/{told['name']} [{told['type']}]"
        except KeyError as error:
            raise DerrumbeError(f"{self.address.url}: gave no {error} for an upload; is it a ComfyUI server?") from error

    def queue(self, graph: Mapping[str, Any], job: str, client: str) -> str:
        """Queue a graph under the name `job` and return the name the server gave it: older servers choose their own."""
        told = self._dict(self._post("/prompt", {"prompt": graph, "prompt_id": job, "client_id": client}))
        return str(told.get("prompt_id", job))

    def waiting(self, job: str, client: str) -> tuple[list[str], list[str]]:
        """Return (running, pending) names of queued jobs that are `job` or belong to `client`."""
        told = self._dict(self._get("/queue"))
        return _ours(told.get("queue_running"), job, client), _ours(told.get("queue_pending"), job, client)

    def history(self, job: str) -> dict[str, Any] | None:
        """Return what a finished job left, None while it isn't finished or when the server doesn't know it."""
        left = self._dict(self._get(f"/history/{quote(job, safe='')}")).get(job)
        return left if isinstance(left, dict) else None

    def view(self, file: Mapping[str, str]) -> bytes:
        """Return a file that a job made."""
        query = {key: file.get(key, "") for key in ("filename", "subfolder", "type")}
        return self._get("/view?" + urlencode(query))

    def cancel(self, job: str, client: str) -> None:
        """Take `job` from the queue and stop it where it runs. Never touches anyone else's job."""
        self._post("/queue", {"delete": [job]})
        running, pending = self.waiting(job, client)
        if pending:
            self._post("/queue", {"delete": pending})
        for name in running:
            self._post("/interrupt", {"prompt_id": name})

    def _get(self, path: str) -> bytes:
        return self._ask("GET", path, None, {})

    def _post(self, path: str, body: object) -> bytes:
        return self._ask("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        line = _Line(self.address, self.timeout)
        try:
            line.request(method, self.address.path + path, body, {**headers, "Connection": "close"})
            answer = line.getresponse()
            status, target = answer.status, answer.headers.get("Location", "")
            data = answer.read(LARGEST_ANSWER + 1)
            if answer.length and len(data) <= LARGEST_ANSWER:
                raise http.client.IncompleteRead(data, answer.length)  # a sized read doesn't say so itself
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.address.url}: the ComfyUI server broke off ({error or type(error).__name__})") from error
        finally:
            line.close()
        return self._judged(path.split("?")[0], status, target, data)

    def _judged(self, path: str, status: int, target: str, data: bytes) -> bytes:
        if len(data) > LARGEST_ANSWER:
            raise DerrumbeError(f"{self.address.url}{path}: an answer of more than {LARGEST_ANSWER >> 20} MB; is it a ComfyUI server?")
        if 200 <= status < 300:
            return data
        if 300 <= status < 400:
            raise BadInput(
                f"{self.address.url}{path}: the server sends us on to {target or 'elsewhere'}; frames don't follow, set generate.url to it"
            )
        if status in (401, 403):
            raise BadInput(
                f"{self.address.url}{path}: the server wants a login (HTTP {status}), which isn't supported; use a server of your own"
            )
        text = data[:300].decode("utf-8", "replace")
        if status >= 500 or status in PASSING:
            raise Unreachable(f"{self.address.url}{path}: the ComfyUI server stumbled (HTTP {status}: {text})")
        raise Refused(f"{self.address.url}{path}: the ComfyUI server says no (HTTP {status}: {text})", status, _loaded(data))

    def _dict(self, data: bytes) -> dict[str, Any]:
        found = _loaded(data)
        if not isinstance(found, dict):
            raise DerrumbeError(f"{self.address.url}: answers with something that isn't ComfyUI's; check generate.url")
        return found


class _Line(http.client.HTTPConnection):
    """A connection through an `Address`, so that nothing is sent to an address that `Address` did not check."""

    def __init__(self, address: Address, timeout: float) -> None:
        super().__init__(address.host, address.port, timeout=timeout)
        self.address = address

    def connect(self) -> None:
        line = self.address.dial(float(self.timeout or 60))
        if self.address.secure:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=self.address.host)
        self.sock = line


def _loaded(data: bytes) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _ours(items: object, job: str, client: str) -> list[str]:
    """Queue items are [number, name, graph, extra, …]; `extra` names the client."""
    found = []
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, list) or len(item) < 2:
            continue
        extra = item[3] if len(item) > 3 and isinstance(item[3], dict) else {}
        if item[1] == job or extra.get("client_id") == client:
            found.append(str(item[1]))
    return found


def _form(fields: Mapping[str, str], name: str, data: bytes) -> tuple[bytes, str]:
    """Return a multipart/form-data body (RFC 7578) and its content type."""
    edge = uuid.uuid4().hex
    parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'.encode()
    return b"".join([*parts, head, data, f"\r\n--{edge}--\r\n".encode()]), f"multipart/form-data; boundary={edge}"
