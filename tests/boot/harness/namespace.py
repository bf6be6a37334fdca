"""A network of the test's own: a namespace with a tap device for the machine, and what serves on it."""

import concurrent.futures
import ctypes
import itertools
import os
import socket
import subprocess
import time

from support.packages import find_command

IP = find_command("ip") or "ip"                    # in /usr/sbin, which is not on an ordinary user's path
DNSMASQ = find_command("dnsmasq") or "dnsmasq"

# Whoever is not root is root in namespaces of their own: users, network (with a loopback of its own), and mounts, where
# /run/netns can be made.
OWN_NAMESPACES = ["unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c",
                  f'mount -t tmpfs tmpfs /run && mkdir /run/netns && {IP} link set lo up && exec "$@"', "sh"]
NEITHER_WAY = ("these tests make networks of their own (ip netns, a tap device). That takes root, or user namespaces and a "
               "/dev/net/tun that this user may open, and here there is neither: ")

_numbers = itertools.count(1)


def may_make_networks():
    """Root, and of more than a user namespace that somebody else made (the mutants run in one): /run/netns can be made."""
    return os.geteuid() == 0 and os.access("/run", os.W_OK)


def why_no_network_can_be_made():
    """None when OWN_NAMESPACES lets this user make networks, else what is to be said about it."""
    tried = subprocess.run([*OWN_NAMESPACES, IP, "tuntap", "add", "probe", "mode", "tap"], capture_output=True, text=True)
    return None if tried.returncode == 0 else NEITHER_WAY + tried.stderr.strip()


class Namespace:
    """`gateway` ("10.128.0.1/20") is the tap's own address; the machine's -netdev argument is `netdev`."""

    def __init__(self, gateway):
        number = f"{os.getpid()}-{next(_numbers)}"
        self.name = f"capos-{number}"
        self.tap = f"ct{next(_numbers)}"
        self.gateway = gateway
        self.netdev = f"tap,ifname={self.tap},script=no,downscript=no"
        self._servers = []
        self._inside = None
        subprocess.run([IP, "netns", "add", self.name], check=True)
        try:
            self.run(IP, "link", "set", "lo", "up")
            self.run(IP, "tuntap", "add", self.tap, "mode", "tap")
            self.run(IP, "address", "add", gateway, "dev", self.tap)
            self.run(IP, "link", "set", self.tap, "up")
        except BaseException:
            self.close()
            raise

    def run(self, *command, check=True, timeout=30):
        return subprocess.run([IP, "netns", "exec", self.name, *command], check=check, timeout=timeout,
                              capture_output=True, text=True)

    def connect(self, address, port, timeout=20):
        """A connection made inside the namespace. A socket stays in the network it was made in."""
        return self._do_inside(socket.create_connection, (address, port), timeout)

    def listen_in(self):
        """A socket that gets every frame on the tap from now on; for frames_from_machine()."""
        every_protocol = socket.htons(0x0003)
        ear = self._do_inside(socket.socket, socket.AF_PACKET, socket.SOCK_RAW, every_protocol)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        ear.bind((self.tap, 0x0003))
        ear.settimeout(0.5)
        return ear

    @staticmethod
    def frames_from_machine(ear):
        """The Ethernet frames that the machine has sent, until half a second of silence."""
        frames = []
        while True:
            try:
                frame, (_, _, kind, *_) = ear.recvfrom(1 << 16)
            except TimeoutError:
                return frames
            if kind != socket.PACKET_OUTGOING:
                frames.append(frame)

    def _do_inside(self, function, *arguments):
        if not self._inside:
            self._inside = concurrent.futures.ThreadPoolExecutor(8, initializer=self._enter)
        return self._inside.submit(function, *arguments).result()

    def _enter(self):
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{self.name}", "rb") as handle:
            if libc.setns(handle.fileno(), 0x40000000) != 0:               # CLONE_NEWNET, for this thread only
                raise OSError(ctypes.get_errno(), "setns")

    def serve(self, *command):
        server = subprocess.Popen([IP, "netns", "exec", self.name, *command], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self._servers.append(server)
        return server

    def serve_dhcp(self, folder, *options):
        """dnsmasq as DHCP server only, in the foreground and as who it is started by, with its files in `folder`."""
        return self.serve(DNSMASQ, "--no-daemon", "--port=0", f"--interface={self.tap}", "--bind-interfaces",
                          "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--log-facility=/dev/null",
                          f"--dhcp-leasefile={folder}/leases", f"--pid-file={folder}/dnsmasq.pid", "--dhcp-authoritative",
                          *options)

    def curl(self, url, *arguments, seconds=20):
        """Asks until there is an answer; "" when there is none in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.run("curl", "--silent", "--fail", "--max-time", "3", *arguments, url, check=False)
            if answer.returncode == 0:
                return answer.stdout
            time.sleep(0.2)
        return ""

    def close(self):
        if self._inside:
            self._inside.shutdown()
        for server in self._servers:
            server.kill()
            server.wait()
        subprocess.run([IP, "netns", "delete", self.name], check=False)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
