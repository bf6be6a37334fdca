"""Demand 6: an address as clouds give it, however late."""

import json
import re
import struct

from harness.namespace import IP, Namespace

IPV4 = b"\x08\x00"


def test_without_a_server_the_console_says_so_and_the_page_comes_up_once_there_is_one(boot, tmp_path):
    with Namespace("10.77.0.1/24") as network:
        machine = boot("dev", netdev=network.netdev, network_namespace=network.name)
        machine.wait_for_shell()
        machine.wait_for(r"no answer from a DHCP server", 40, from_start=True)
        assert "help" in machine.shell("help")
        machine.wait_for(r"no answer from a DHCP server", 40)              # it keeps trying
        network.serve_dhcp(tmp_path, "--dhcp-range=10.77.0.50,10.77.0.50,1h")
        machine.wait_for(r"bound 10\.77\.0\.50", 60)
        assert "capOS" in network.curl("http://10.77.0.50/")


def test_a_32_bit_prefix_with_classless_routes_and_mtu_reaches_beyond_the_gateway(boot, tmp_path):
    with Namespace("10.128.0.1/20") as network:
        # What lies beyond the gateway: a network of its own, and the link-local address of a metadata server.
        network.run(IP, "address", "add", "192.0.2.1/32", "dev", "lo")
        network.run(IP, "address", "add", "169.254.169.254/32", "dev", "lo")
        network.serve_dhcp(tmp_path, "--dhcp-range=10.128.0.9,10.128.0.9,24h", "--dhcp-option-force=1,255.255.255.255",
                           "--dhcp-option-force=26,1460", "--dhcp-option-force=3,10.128.0.1",
                           "--dhcp-option-force=121,10.128.0.1/32,0.0.0.0,0.0.0.0/0,10.128.0.1",
                           "--dhcp-option-force=6,169.254.169.254")
        machine = boot("dev", netdev=network.netdev, network_namespace=network.name)
        machine.wait_for_shell()
        machine.wait_for(r"bound 10\.128\.0\.9", 40, from_start=True)
        facts = json.loads(network.curl("http://10.128.0.9/api/status"))
        config = facts["network"]["config"]
        assert (config["address"], config["prefix"], config["mtu"]) == ("10.128.0.9", 32, 1460)
        assert config["gateway"] == "10.128.0.1"
        routes = {(route["to"], route["gateway"]) for route in facts["network"]["routes"]}
        assert ("0.0.0.0/0", "10.128.0.1") in routes
        assert any(to == "10.128.0.1/32" for to, _ in routes)
        # No packet is longer than that, and full ones are as long: the page takes several.
        with network.listen_in() as ear:
            page = network.curl("http://10.128.0.9/")
            assert "capOS" in page and len(page) > 4 * 1460
            lengths = [struct.unpack_from("!H", frame, 16)[0] for frame in network.frames_from_machine(ear)
                       if frame[12:14] == IPV4]
        assert sum(length > 1000 for length in lengths) > 4
        assert max(lengths) == 1460
        # The far side asks, and is asked.
        assert "capOS" in network.curl("http://10.128.0.9/", "--interface", "192.0.2.1")
        for address in ("10.128.0.1", "192.0.2.1", "169.254.169.254"):
            answer = machine.shell(f"ping {address} 2", timeout=30)
            assert re.search(r"\b2 received|2 answered|2 of 2", answer), answer
        # Nobody asked by ARP for what is behind the gateway.
        neighbours = json.loads(network.curl("http://10.128.0.9/api/status"))["network"]["neighbours"]
        assert {entry["address"] for entry in neighbours} == {"10.128.0.1"}
