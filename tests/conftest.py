"""Fixtures of every test that boots capOS."""

import os
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "boot"), str(ROOT / "tools")]

from harness import Machine  # noqa: E402
from harness.namespace import OWN_NAMESPACES, may_make_networks, why_no_network_can_be_made  # noqa: E402

LOGS = ROOT / "build" / "test-logs"


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: not beside other tests, because it bounds a time (run one by one: half a minute in all)")


def pytest_collection_finish(session):
    """Tests that make a network need root. For others they are started anew, as root of namespaces of their own."""
    makes_networks = any(hasattr(item.module, "Namespace") for item in session.items)
    if not makes_networks or may_make_networks() or session.config.option.collectonly:
        return
    if reason := why_no_network_can_be_made():
        pytest.exit(reason, returncode=1)
    session.config.pluginmanager.get_plugin("capturemanager").suspend_global_capture(in_=True)
    os.chdir(session.config.invocation_params.dir)
    command = [*OWN_NAMESPACES, sys.executable, "-m", "pytest", *map(str, session.config.invocation_params.args)]
    os.execvp(command[0], command)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for machine in getattr(item, "capos_machines", []):
            report.sections.append(("serial port", machine.tail(60)))


@pytest.fixture
def boot(request):
    """boot(manifest, **arguments of Machine) starts a machine that ends with the test. The serial log is kept under
    build/test-logs/."""
    machines = request.node.capos_machines = []
    LOGS.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", request.node.nodeid.removeprefix("tests/"))

    def start(manifest="dev", **arguments):
        arguments.setdefault("log", LOGS / f"{name}.{len(machines) + 1}.log")
        machine = Machine(manifest, **arguments)
        machines.append(machine)
        return machine

    yield start
    for machine in machines:
        machine.close()
