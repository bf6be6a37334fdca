"""Demand 1: the page and its facts are live."""

import re
import time

import pytest

from harness.browser import Browser
from harness.facts import connect, http_connection, process, read_to_end, status
from support.project import ROOT

REQUESTS = 25
CACHED = 0.4            # seconds; facts are gathered anew after a quarter of one


def names_in(value):
    """The names of all fields of a JSON value."""
    if isinstance(value, list):
        return {name for item in value for name in names_in(item)}
    return {*value, *names_in(list(value.values()))} if isinstance(value, dict) else set()


def test_facts_are_those_of_the_running_system(boot):
    machine = boot("dev")
    machine.wait_for_shell()
    page = machine.wait_for_page()
    assert b"capOS" in page
    time.sleep(CACHED)
    first = status(machine)

    listed = machine.shell("ps")
    for entry in first["processes"]["list"]:
        assert re.search(rf"^\s*{entry['pid']}\s+{re.escape(entry['name'])}\b", listed, re.MULTILINE), listed

    connection = http_connection(machine)
    sent = 0
    for _ in range(REQUESTS):
        connection.request("GET", "/api/status", headers={"X-Padding": "y" * 100})
        answer = connection.getresponse()
        assert answer.status == 200
        sent += len(answer.read()) and 1
    connection.close()
    time.sleep(CACHED)
    second = status(machine)
    assert second["web"]["requests"] == first["web"]["requests"] + REQUESTS + 1
    assert second["web"]["bytes_in"] - first["web"]["bytes_in"] >= REQUESTS * 100
    assert second["network"]["counters"]["frames_in"] > first["network"]["counters"]["frames_in"]
    assert second["network"]["counters"]["tcp_accepted"] >= first["network"]["counters"]["tcp_accepted"] + 2
    assert second["system"]["uptime_ms"] > first["system"]["uptime_ms"]
    assert second["system"]["counters"]["submissions"] > first["system"]["counters"]["submissions"]
    assert process(second, "web")["pid"] == process(first, "web")["pid"]
    assert second["system"]["memory"]["ledger_drift_pages"] == 0
    held = {capability["interface"] for capability in process(second, "web")["capabilities"]}
    assert {"TcpListenAuthority", "SystemInfo", "ServiceList", "Log"} <= held
    assert not held & {"DeviceRegisters", "PciFunction", "Power", "ProcessFactory", "ServiceControl", "Terminal"}
    version = machine.shell("version")
    assert second["system"]["version"] in version and second["system"]["image"] in version
    described = set(re.findall(r"\w+", (ROOT / "services" / "web" / "README.md").read_text().split("## /api/status")[1]))
    assert names_in(second) - described == set(), "fields that services/web/README.md does not describe"


def test_requests_that_break_the_rules_are_refused(boot):
    machine = boot("dev")
    machine.wait_for_page()
    cases = {
        b"GET / HTTP/1.1\r\n\r\n": b"400",                                              # no Host
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": b"400",
        b"GET / HTTP/1.1\r\nHost: a b/c\r\n\r\n": b"400",
        b"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n": b"405",
        b"GET /nothing-here HTTP/1.1\r\nHost: a\r\n\r\n": b"404",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"z" * 20000 + b"\r\n\r\n": b"431",
        b"GET /" + b"u" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n": b"414",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03": b"400",                        # somebody speaks TLS
    }
    for request, expected in cases.items():
        with connect(machine) as connection:
            connection.sendall(request)
            connection.settimeout(15)
            head = connection.recv(4096)
        assert head.startswith(b"HTTP/1.1 " + expected), (request[:60], head[:200])
    with connect(machine) as connection:                                                # still well
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert read_to_end(connection).startswith(b"HTTP/1.1 200")


# Asked of the page: how often it has asked for the facts, and whether all of it can be seen.
ASKED = "performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('/api/status')).length"
LIVE = "document.getElementById('pilltext').textContent === 'live'"
CUT_OFF = """[...document.querySelectorAll('body *')].filter(element => {
    const box = element.getBoundingClientRect();
    const hides = getComputedStyle(element).overflowX === 'hidden' && element.textContent.trim();
    return box.width > 0 && (box.right > innerWidth + 1 || hides && element.scrollWidth > element.clientWidth + 1);
}).map(element => element.outerHTML.slice(0, 100))"""


def test_a_real_browser_renders_the_page_and_keeps_it_fresh(boot, tmp_path):
    machine = boot("dev")
    machine.wait_for_page()
    before = status(machine)["web"]["requests"]
    with Browser(tmp_path / "profile", 1280, 1600) as browser:
        browser.open(machine.url())
        browser.wait_until(LIVE)
        uptime = browser.evaluate("last.system.uptime_ms")
        asked = browser.evaluate(ASKED)
        browser.wait_until(f"{ASKED} >= {asked + 3}", 15)                 # by itself, every two seconds
        assert browser.evaluate(LIVE)
        # The third answer may still be on its way, and facts are up to a quarter of a second old.
        browser.wait_until(f"last.system.uptime_ms > {uptime + 4000}", 5)
        text = browser.evaluate("document.body.textContent")
        browser.picture(tmp_path / "page.png")
    facts = status(machine)
    assert facts["web"]["requests"] >= before + 1 + asked + 3
    assert (tmp_path / "page.png").stat().st_size > 20_000
    assert facts["system"]["version"] in text
    for name in ("netstack", "virtio-net", "web", "shell", "init"):
        assert name in text
    assert facts["network"]["config"]["address"] in text
    assert "netstack.tcp-listen, port 80, 256 connections" in text      # what the page's own authority is good for


@pytest.mark.parametrize("width", [390, 360])
def test_on_a_phone_nothing_is_cut_off(boot, tmp_path, width):
    machine = boot("dev", way="kernel")
    machine.wait_for_page()
    with Browser(tmp_path / "profile", width, 844, phone=True) as browser:
        browser.open(machine.url())
        browser.wait_until(LIVE)
        browser.wait_until(f"{ASKED} >= 2")
        assert browser.evaluate("innerWidth") == width
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        assert browser.evaluate(CUT_OFF) == []
