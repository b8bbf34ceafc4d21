"""Frames go to this machine, and to hosts that were named for this run; decided on addresses, before a byte goes out."""

from __future__ import annotations

import socket

import pytest

from derrumbe.core.errors import BadInput
from derrumbe.core.knobs import Generate
from derrumbe.generate.comfy import door
from derrumbe.generate.comfy.address import address_at, is_loopback
from derrumbe.generate.comfy.faults import Unreachable
from derrumbe.generate.comfy.server import Server

pytest.importorskip("websockets", reason="needs the extra derrumbe[comfy]")


@pytest.fixture
def hosts(monkeypatch):
    """Who is where: host → numeric addresses. Nothing is looked up outside, nobody is connected to."""
    known = {"localhost": ["127.0.0.1"], "gpu": ["192.0.2.7"], "sly": ["127.0.0.1", "192.0.2.9"], "gpu.local": ["fe80::1%eth0"]}
    dialled = []

    def found(host, port, *_, **__):
        if host not in known and not host[0].isdigit() and ":" not in host:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known.get(host, [host])]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: dialled.append(address) or (_ for _ in ()).throw(OSError("shut")))
    return dialled


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8188", "http://localhost:8188/", "http://127.0.0.2", "http://[::1]:8188", "http://127.1.1.1:80/comfy"]
)
def test_this_machine_is_dialled(hosts, url):
    with pytest.raises(Unreachable, match="start it"):
        address_at(url).dial(1)
    assert len(hosts) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://gpu:8188",
        "http://192.0.2.7:8188",
        "http://0.0.0.0:8188",
        "http://sly:8188",
        "http://gpu.local:8188",
        "http://[::ffff:192.0.2.7]",
    ],
)
def test_another_machine_is_not_even_dialled(hosts, url):
    for attempt in (lambda: address_at(url).dial(1), Server(address_at(url)).stats, lambda: door.check(Generate(name="comfyui", url=url))):
        with pytest.raises(BadInput, match="--allow-host"):
            attempt()
    assert hosts == []


def test_a_host_that_is_named_for_this_run_is_dialled(hosts):
    with pytest.raises(Unreachable):
        address_at("http://GPU:8188", ["gpu"]).dial(1)
    assert hosts == [("192.0.2.7", 8188)]
    with pytest.raises(BadInput, match="--allow-host"):
        address_at("http://gpu:8188", ["gpu2", "pu", ""]).dial(1)


def test_a_host_that_nobody_knows_is_said_to_be_unknown(hosts):
    with pytest.raises(Unreachable, match="nobody knows the host nowhere"):
        address_at("http://nowhere:8188").dial(1)
    door.check(Generate(name="comfyui", url="http://nowhere:8188"))  # it may come up later; it is asked again


def test_loopback_in_all_its_forms():
    assert all(map(is_loopback, ("127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1")))
    assert not any(map(is_loopback, ("128.0.0.1", "0.0.0.0", "::", "::2", "::ffff:10.0.0.1", "fe80::1%lo")))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8188",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:port",
        "http://me:secret@127.0.0.1",
        "http://127.0.0.1/?x=1",
        "http://127.0.0.1:99999",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(BadInput, match=r"generate\.url"):
        address_at(url)


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(BadInput) as told:
        address_at("http://me:secret@127.0.0.1:8188")
    assert "secret" not in str(told.value)


def test_proxies_are_not_asked(monkeypatch, hosts):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.99:3128")
    with pytest.raises(Unreachable):
        Server(address_at("http://127.0.0.1:8188")).stats()
    assert hosts == [("127.0.0.1", 8188)]


def test_the_artist_is_told_where_frames_go_and_that_nobody_is_there_yet(hosts):
    assert door.notices(Generate(name="comfyui", url="http://gpu:8188")) == ("frames of this shot are sent to http://gpu:8188",)
    assert hosts == []
    assert "no ComfyUI server answers" in door.notices(Generate(name="comfyui"))[0]


def test_a_server_that_is_there_is_not_worth_a_word(comfy):
    assert door.notices(Generate(name="comfyui", url=comfy.url)) == ()
