@0xc0a505000000d002;
# The system of dev.capnp with the server that the benches drive in place of the page.

using Schema = import "/schema/manifest.capnp";
using Dev = import "dev.capnp";

const manifest :Schema.Manifest = (
  name = "bench",
  services = [
    Dev.shell,
    Dev.netstack,
    Dev.virtioNet,
    (
      name = "bench",
      program = "bench",
      grants = [
        # Ports 7 to 80, at most 512 connections.
        (name = "listen", interface = "TcpListenAuthority",
         source = (service = (service = "netstack", export = "tcp-listen", scope = 0x020000500007))),
        (name = "timer", interface = "Timer", source = (kernel = "Timer")),
        (name = "log", interface = "Log", source = (kernel = "Log")),
      ],
      heapPages = 256,
      pages = 704,
      objectBytes = 262144,
      slots = 768,
      submissions = 256,
      completions = 512,
      messagePages = 240,
    ),
  ],
);
