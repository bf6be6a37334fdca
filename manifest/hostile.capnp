@0xc0a505000000d007;
# The system of dev.capnp with a program that attacks it through everything it was given (tests/programs/hostile): every
# object that services get from the kernel or make of what they get, among them all that a driver has of its device; a
# file; init's list of services; and references to the stack. Left out are three that are meant to be felt by
# others: Power ends the machine, Terminal is the shell's voice, and whoever holds Uplink is the stack's driver.
#
# The device is a virtio entropy source, which takes any buffers it is given (legacy: 0x1005); without one in the machine
# the program waits for it.

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
        (name = "device", interface = "PciFunction", source = (device = (vendor = 0x1af4, devices = [0x1005]))),
        (name = "licenses", interface = "MemoryObject", source = (file = "licenses")),
        (name = "services", interface = "ServiceList",
         source = (service = (service = "init", export = "services", scope = 3))),
        (name = "listen", interface = "TcpListenAuthority",
         source = (service = (service = "netstack", export = "tcp-listen", scope = 0x000400640064))),
        (name = "manager", interface = "NetworkManager",
         source = (service = (service = "netstack", export = "manager", scope = 9))),
        (name = "ping", interface = "Ping",
         source = (service = (service = "netstack", export = "ping", scope = 9))),
      ],
      exports = [(name = "own", interface = "Log")],
      pages = 1024,
      slots = 512,
    ),
  ],
);
