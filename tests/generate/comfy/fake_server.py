# ruff: noqa: N802, N815 - routes and nodes are called as ComfyUI calls them
"""A ComfyUI server in miniature: its HTTP routes, websocket, queue and files, and nodes that really run the graph they are given.

What a node computes is simple, what goes over the wire is ComfyUI's. Faults are put in by name: `server.faults["upload"] = [Stumble(500)]`
makes the next upload fail; a function among the faults is called, and its answer is the fault.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np

MODELS = {
    "UNETLoader": {"unet_name": ["wan2.1_vace_14B_fp16.safetensors", "small.safetensors"], "weight_dtype": ["default", "fp8_e4m3fn"]},
    "CLIPLoader": {"clip_name": ["umt5_xxl_fp8_e4m3fn_scaled.safetensors"], "type": ["stable_diffusion", "wan"]},
    "VAELoader": {"vae_name": ["wan_2.1_vae.safetensors"]},
    "KSampler": {"sampler_name": ["euler", "uni_pc"], "scheduler": ["simple"]},
    "ImageToMask": {"channel": ["red", "green", "blue", "alpha"]},
}
PLAIN = ("CLIPTextEncode", "ModelSamplingSD3", "WanVaceToVideo", "TrimVideoLatent", "VAEDecode", "SaveImage", "ImageBatch", "PreviewImage")
FINE = {
    "format": [
        "COMFY_DYNAMICCOMBO_V3",
        {
            "options": [
                {
                    "key": "png",
                    "inputs": {
                        "required": {
                            "bit_depth": ["COMBO", {"options": ["8-bit", "16-bit"], "default": "8-bit"}],
                            "input_color_space": ["COMBO", {"options": ["sRGB"], "default": "sRGB"}],
                        }
                    },
                },
                {"key": "exr", "inputs": {"required": {"bit_depth": ["COMBO", {"options": ["32-bit float"]}]}}},
            ]
        },
    ]
}


@dataclass
class Stumble:
    """Answer with an HTTP status, or a redirect when `to` is given."""

    status: int
    to: str = ""


class Drop:
    """Break the connection without an answer."""


class Cut:
    """Break the connection in the middle of the answer; `silently`: with nothing that says how long it should be."""

    def __init__(self, silently: bool = False) -> None:
        self.silently = silently


class Dead(Exception):
    """The server died while this thread worked for it."""


class NodeError(Exception):
    """What a node fails with: (type, text)."""


class FakeComfy:
    """Start with `start`, kill with `die`; files in output outlive it, queue, history and passing files don't."""

    def __init__(self, folder: Path, fine: bool = True) -> None:
        self.folder, self.port = folder, 0
        self.faults: dict[str, list[Any]] = {}
        self.calls: list[str] = []
        self.prompts: list[dict] = []
        self.errors: list[BaseException] = []
        self.info = self._described(fine)
        self.headers: dict[str, dict] = {}
        self.strange_ids = False
        self.keep_silent = False
        self.finished = threading.Event()
        self._life: _Life | None = None
        self._change = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def life(self) -> _Life:
        assert self._life is not None
        return self._life

    def start(self) -> None:
        """Come to life, on the port of the last time; nothing when alive."""
        with self._change:
            if self._life is None:
                shutil.rmtree(self.folder / "temp", ignore_errors=True)
                self._life = _Life(self)
                self.port = self._life.port

    def die(self) -> None:
        """Die at once, as when killed."""
        with self._change:
            life, self._life = self._life, None
            if life is not None:
                life.end()

    def fault(self, place: str) -> Any:
        self.calls.append(place)
        waiting = self.faults.get(place) or [None]
        fault = waiting.pop(0)
        return fault() if callable(fault) else fault

    def files(self, kind: str) -> list[str]:
        return sorted(str(path.relative_to(self.folder / kind)) for path in (self.folder / kind).rglob("*") if path.is_file())

    def _described(self, fine: bool) -> dict[str, dict]:
        info: dict[str, dict] = {name: {"required": {}} for name in PLAIN}
        info |= {name: {"required": {key: [[*options], {}] for key, options in lists.items()}} for name, lists in MODELS.items()}
        picture = {"image": [["example.png"], {"image_upload": True}]}
        info |= {"LoadImage": {"required": picture}, "LoadImageMask": {"required": {**picture, "channel": [["alpha", "red"], {}]}}}
        if fine:
            info["SaveImageAdvanced"] = {"required": FINE}
        return {name: {"input": inputs, "python_module": "nodes"} for name, inputs in info.items()}


class _Life:
    """One run of the server's process."""

    def __init__(self, comfy: FakeComfy) -> None:
        self.comfy = comfy
        self.queue: list[list] = []
        self.running: list | None = None
        self.history: dict[str, dict] = {}
        self.sockets: dict[str, _Websocket] = {}
        self.lines: set[socket.socket] = set()
        self.interrupted: set[str] = set()
        self.dead = threading.Event()
        self.wake = threading.Condition()
        self.server = ThreadingHTTPServer(("127.0.0.1", comfy.port), type("Handler", (_Handler,), {"life": self}))
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        threading.Thread(target=self._work, daemon=True).start()

    def end(self) -> None:
        self.dead.set()
        with self.wake:
            self.wake.notify_all()
        self.server.shutdown()
        self.server.server_close()
        for line in list(self.lines):
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def put(self, item: list) -> None:
        with self.wake:
            self.queue.append(item)
            self.wake.notify_all()
        self.tell_all("status")

    def tell(self, client: str, kind: str, **data: Any) -> None:
        if client in self.sockets and not self.comfy.keep_silent:
            self.sockets[client].send({"type": kind, "data": data})

    def tell_all(self, kind: str) -> None:
        for client in list(self.sockets):
            self.tell(client, kind, status={"exec_info": {"queue_remaining": len(self.queue)}})

    def _work(self) -> None:
        try:
            while True:
                with self.wake:
                    self.wake.wait_for(lambda: self.queue or self.dead.is_set())
                    if self.dead.is_set():
                        return
                    self.running = self.queue.pop(0)
                _, name, graph, extra, *_ = self.running
                client = extra.get("client_id", "")
                left = _Run(self, name, graph, client).execute()
                with self.wake:
                    self.history[name], self.running = left, None
                self.tell(client, "executing", node=None, prompt_id=name)
                self.tell_all("status")
                self.comfy.finished.set()
        except Dead:
            return
        except BaseException as error:
            self.comfy.errors.append(error)


class _Run:
    """One job."""

    def __init__(self, life: _Life, name: str, graph: dict, client: str) -> None:
        self.life, self.name, self.graph, self.client = life, name, graph, client
        self.values: dict[str, list] = {}
        self.outputs: dict[str, dict] = {}
        self.messages: list[list] = []

    def execute(self) -> dict:
        self._message("execution_start")
        self._message("execution_cached", nodes=[])
        status = "success"
        try:
            for node, content in self.graph.items():
                if content["class_type"] in ("SaveImage", "SaveImageAdvanced", "PreviewImage"):
                    self._value([node, 0])
            self._message("execution_success")
        except NodeError as error:
            status = "error"
            kind, text = error.args
            self._message("execution_error", node_id=self.at, exception_type=kind, exception_message=text)
        except InterruptedError:
            status = "error"
            self._message("execution_interrupted", node_id=self.at)
        return {"outputs": self.outputs, "status": {"status_str": status, "completed": status == "success", "messages": self.messages}}

    def _message(self, kind: str, **data: Any) -> None:
        told = {"prompt_id": self.name, **data}
        self.messages.append([kind, told])
        self.life.tell(self.client, kind, **told)

    def _value(self, link: list) -> Any:
        node, slot = link
        if node not in self.values:
            inputs = {key: self._value(value) if isinstance(value, list) else value for key, value in self.graph[node]["inputs"].items()}
            self.at = node
            self.life.tell(self.client, "executing", node=node, prompt_id=self.name)
            result = getattr(self, "_" + self.graph[node]["class_type"])(**{key.replace(".", "_"): value for key, value in inputs.items()})
            self.values[node] = list(result) if isinstance(result, tuple) else [result]
        return self.values[node][slot]

    def _file(self, name: str) -> np.ndarray:
        found = re.fullmatch(r"(.*) \[(temp|input|output)\]", name)
        path = self.life.comfy.folder / (found[2] if found else "input") / (found[1] if found else name)
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        return (pixels[None, ..., ::-1] / np.float32(np.iinfo(pixels.dtype).max)).astype(np.float32)

    def _LoadImage(self, image):
        picture = self._file(image)
        return picture, np.zeros((1, 64, 64), np.float32)

    def _ImageBatch(self, image1, image2):
        return np.concatenate([image1, image2])

    def _ImageToMask(self, image, channel):
        return image[..., ["red", "green", "blue"].index(channel)]

    def _UNETLoader(self, **inputs):
        return inputs["unet_name"]

    _CLIPLoader = _VAELoader = _ModelSamplingSD3 = lambda self, **inputs: "loaded"

    def _CLIPTextEncode(self, text, clip):
        return text

    def _WanVaceToVideo(self, width, height, length, control_video, control_masks=None, reference_image=None, **inputs):
        assert control_video.shape == (length, height, width, 3), control_video.shape
        if control_masks is not None:
            assert control_masks.shape == (length, height, width), control_masks.shape
        return inputs["positive"], inputs["negative"], (control_video, control_masks), int(reference_image is not None)

    def _KSampler(self, latent_image, seed, steps, **inputs):
        control, mask = latent_image
        for step in range(1, steps + 1):
            fault = self.life.comfy.fault("sample")
            if isinstance(fault, NodeError):
                raise fault
            if self.life.dead.is_set():
                raise Dead
            if self.name in self.life.interrupted:
                raise InterruptedError
            self.life.tell(self.client, "progress", value=step, max=steps, prompt_id=self.name, node=self.at)
        return paint(control, mask, seed)

    def _TrimVideoLatent(self, samples, trim_amount):
        return samples

    def _VAEDecode(self, samples, vae):
        return samples

    def _SaveImage(self, images, filename_prefix):
        return self._saved(images, filename_prefix, "output", 255)

    def _PreviewImage(self, images):
        return self._saved(images, f"ComfyUI_temp_{uuid.uuid4().hex[:5]}", "temp", 255)

    def _SaveImageAdvanced(self, images, filename_prefix, format, format_bit_depth, format_input_color_space):
        assert (format, format_input_color_space) == ("png", "sRGB")
        return self._saved(images, filename_prefix, "output", {"16-bit": 65535, "8-bit": 255}[format_bit_depth])

    def _saved(self, images, prefix, kind, largest):
        fault = self.life.comfy.fault("save")
        images = fault(images) if callable(fault) else images
        told = []
        for number, image in enumerate(images, 1):
            path = self.life.comfy.folder / kind / f"{prefix}_{number:05d}_.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.clip(image * largest, 0, largest).astype(np.uint8 if largest == 255 else np.uint16)  # as ComfyUI: cut off
            cv2.imwrite(str(path), np.ascontiguousarray(pixels[..., ::-1]))
            below = str(path.parent.relative_to(self.life.comfy.folder / kind))
            told.append({"filename": path.name, "subfolder": "" if below == "." else below, "type": kind})
        self.outputs[self.at] = {"images": told}
        self.life.tell(self.client, "executed", node=self.at, output=self.outputs[self.at], prompt_id=self.name)
        return images


def paint(control: np.ndarray, mask: np.ndarray | None, seed: int) -> np.ndarray:
    """What the fake model makes: colours drift everywhere, as video autoencoders let them; inside the mask it is brighter, with grain."""
    drifted = control ** np.float32(1.1) * np.float32([0.95, 0.9, 1.0]) + np.float32(0.02)
    inside = np.ones(control.shape[:3], np.float32) if mask is None else mask
    grain = np.random.default_rng(seed).random(control.shape, np.float32)
    return np.clip(drifted + inside[..., None] * (0.1 + 0.1 * grain), 0, 1).astype(np.float32)


class _Handler(BaseHTTPRequestHandler):
    life: _Life
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.life.lines.add(self.connection)

    def finish(self) -> None:
        self.life.lines.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def do_GET(self) -> None:
        self._route("GET")

    do_POST = lambda self: self._route("POST")  # noqa: E731

    def _route(self, method: str) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        place, _, rest = url.path.strip("/").partition("/")
        fault = self.life.comfy.fault({"POST": "post "}.get(method, "") + place if place in ("queue", "prompt") else place)
        self.close_connection = True
        if isinstance(fault, Drop) or self.life.dead.is_set():
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if isinstance(fault, Stumble):
            self._answer(fault.status, b"injected", {"Location": fault.to} if fault.to else {})
            return
        answer = getattr(self, f"_{method}_{place}")(rest, query, body)
        if answer is not None:
            status, told = answer if isinstance(answer, tuple) else (200, answer)
            data = told if isinstance(told, bytes) else json.dumps(told).encode()
            self._cut(data, fault.silently) if isinstance(fault, Cut) else self._answer(status, data)

    def _answer(self, status: int, data: bytes, headers: dict | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), "Connection": "close", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _cut(self, data: bytes, silently: bool) -> None:
        self.send_response(200)
        if not silently:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])

    def _GET_system_stats(self, *_):
        system = {"comfyui_version": "0.9.9", "pytorch_version": "2.9.0", "python_version": "3.12"}
        return {"system": system, "devices": [{"name": "cuda:0 Imaginary 4090"}]}

    def _GET_object_info(self, name, *_):
        return {name: self.life.comfy.info[name]} if name in self.life.comfy.info else {}

    def _GET_view_metadata(self, folder, query, _):
        return self.life.comfy.headers.get(f"{folder}/{query['filename']}") or (404, b"")

    def _POST_upload(self, _, query, body):
        fields = _fields(self.headers, body)
        kind, below = fields["type"][1].decode(), fields["subfolder"][1].decode()
        name, data = fields["image"]
        path = self.life.comfy.folder / kind / below / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return {"name": name, "subfolder": below, "type": kind}

    def _POST_prompt(self, _, query, body):
        told = json.loads(body)
        errors = self._invalid(told["prompt"])
        if errors:
            return 400, {
                "error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation"},
                "node_errors": errors,
            }
        self.life.comfy.prompts.append(told["prompt"])
        name = str(uuid.uuid4()) if self.life.comfy.strange_ids else str(uuid.UUID(told["prompt_id"]))
        self.life.put([0, name, told["prompt"], {"client_id": told["client_id"]}, []])
        fault = self.life.comfy.fault("queued")
        if isinstance(fault, Drop):
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        return {"prompt_id": name, "number": 0, "node_errors": {}}

    def _invalid(self, graph: dict) -> dict:
        errors = {}
        for node, content in graph.items():
            for name, spec in self.life.comfy.info[content["class_type"]]["input"]["required"].items():
                value, upload = content["inputs"].get(name), len(spec) > 1 and spec[1].get("image_upload")
                if upload:
                    path = self.life.comfy.folder / "temp" / str(value).removesuffix(" [temp]")
                    if not path.is_file():
                        errors[node] = {
                            "errors": [{"message": "Custom validation failed for node", "details": f"image - Invalid image file: {value}"}]
                        }
                elif isinstance(spec[0], list) and value not in spec[0]:
                    errors[node] = {"errors": [{"message": "Value not in list", "details": f"{name}: {value!r}"}]}
        return errors

    def _GET_queue(self, *_):
        with self.life.wake:
            return {"queue_running": [self.life.running] if self.life.running else [], "queue_pending": list(self.life.queue)}

    def _POST_queue(self, _, query, body):
        wanted = json.loads(body).get("delete", ())
        with self.life.wake:
            self.life.queue[:] = [item for item in self.life.queue if item[1] not in wanted]
        return b""

    def _POST_interrupt(self, _, query, body):
        self.life.interrupted.add(json.loads(body)["prompt_id"])
        return b""

    def _GET_history(self, name, *_):
        return {name: self.life.history[name]} if name in self.life.history else {}

    def _GET_view(self, _, query, body):
        path = self.life.comfy.folder / query["type"] / query["subfolder"] / query["filename"]
        return path.read_bytes() if path.is_file() else (404, b"")

    def _GET_ws(self, _, query, body):
        _Websocket(self, query["clientId"]).serve()


class _Websocket:
    """A websocket on a connection that came in as HTTP."""

    def __init__(self, handler: _Handler, client: str) -> None:
        from websockets.server import ServerProtocol

        self.handler, self.client = handler, client
        self.protocol = ServerProtocol()
        self.lock = threading.Lock()

    def serve(self) -> None:
        head = (
            self.handler.raw_requestline
            + bytes(self.handler.headers.as_string(), "latin-1").rstrip(b"\n").replace(b"\n", b"\r\n")
            + b"\r\n\r\n"
        )
        self.protocol.receive_data(head)
        request = self.protocol.events_received()[0]
        self.protocol.send_response(self.protocol.accept(request))
        self._flush()
        self.handler.life.sockets[self.client] = self
        self.send({"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}, "sid": self.client}})
        try:
            while data := self.handler.connection.recv(65536):
                with self.lock:
                    self.protocol.receive_data(data)
                    self.protocol.events_received()
                    self._flush()
                if self.protocol.close_expected():
                    return
        except OSError:
            pass
        finally:
            self.handler.life.sockets.pop(self.client, None)

    def send(self, told: dict) -> None:
        """Send an event; a fault `event` breaks the line instead."""
        if isinstance(self.handler.life.comfy.fault("event"), Drop):
            self.handler.connection.shutdown(socket.SHUT_RDWR)
            return
        try:
            with self.lock:
                self.protocol.send_text(json.dumps(told).encode())
                self._flush()
        except Exception:
            self.handler.life.sockets.pop(self.client, None)

    def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                self.handler.connection.sendall(data)


def _fields(headers: Message, body: bytes) -> dict[str, tuple[str, bytes]]:
    """Return a form's fields: name → (file name, data)."""
    edge = b"--" + headers["Content-Type"].partition("boundary=")[2].encode()
    found = {}
    for part in body.split(edge)[1:-1]:
        head, _, data = part[2:-2].partition(b"\r\n\r\n")
        names = dict(re.findall(r'(\w+)="([^"]*)"', head.decode()))
        found[names["name"]] = (names.get("filename", ""), data)
    return found
