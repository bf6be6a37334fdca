@0xc0a505000000d007;
# The system of dev.capnp with a program that attacks it through everything it was given (tests/programs/hostile): every
# object the kernel gives to services, and references to the other services.

using Schema = import "/schema/manifest.capnp";
using Dev = import "dev.capnp";

const manifest :Schema.Manifest = (
  name = "hostile",
  services = [
    Dev.shell,
    Dev.netstack,
    Dev.virtioNet,
    Dev.web,
    (
      name = "hostile",
      program = "hostile",
      restart = never,
      grants = [
        (name = "log", interface = "Log", source = (kernel = "Log")),
        (name = "timer", interface = "Timer", source = (kernel = "Timer")),
        (name = "entropy", interface = "Entropy", source = (kernel = "Entropy")),
        (name = "system", interface = "SystemInfo", source = (kernel = "SystemInfo")),
        (name = "memory", interface = "MemoryFactory", source = (kernel = "MemoryFactory")),
        (name = "endpoints", interface = "EndpointFactory", source = (kernel = "EndpointFactory")),
        (name = "notifications", interface = "NotificationFactory", source = (kernel = "NotificationFactory")),
        (name = "addressSpace", interface = "AddressSpace", source = (self = "AddressSpace")),
        (name = "listen", interface = "TcpListenAuthority",
         source = (service = (service = "netstack", export = "tcp-listen", scope = 0x000400640064))),
        (name = "manager", interface = "NetworkManager",
         source = (service = (service = "netstack", export = "manager", scope = 9))),
      ],
      exports = [(name = "own", interface = "Log")],
      pages = 512,
      slots = 256,
    ),
  ],
);
