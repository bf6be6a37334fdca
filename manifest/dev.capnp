@0xc0a505000000d001;
# The system as it ships: a NIC driver, the TCP/IP stack, the page on port 80 and the shell on the serial console.

using Schema = import "/schema/manifest.capnp";

const shell :Schema.Service = (
  name = "shell",
  program = "shell",
  grants = [
    (name = "terminal", interface = "Terminal", source = (kernel = "Terminal")),
    (name = "log", interface = "Log", source = (kernel = "Log")),
    (name = "timer", interface = "Timer", source = (kernel = "Timer")),
    (name = "system", interface = "SystemInfo", source = (kernel = "SystemInfo")),
    (name = "services", interface = "ServiceList",
     source = (service = (service = "init", export = "services", scope = 1))),
    (name = "control", interface = "ServiceControl",
     source = (service = (service = "init", export = "control", scope = 1))),
    (name = "manager", interface = "NetworkManager",
     source = (service = (service = "netstack", export = "manager", scope = 2))),
    (name = "ping", interface = "Ping", source = (service = (service = "netstack", export = "ping", scope = 1))),
  ],
  heapPages = 64,
  pages = 160,
  messagePages = 28,
  priority = 5,
);

const netstack :Schema.Service = (
  name = "netstack",
  program = "netstack",
  grants = [
    (name = "memory", interface = "MemoryFactory", source = (kernel = "MemoryFactory")),
    (name = "addressSpace", interface = "AddressSpace", source = (self = "AddressSpace")),
    (name = "notifications", interface = "NotificationFactory", source = (kernel = "NotificationFactory")),
    (name = "entropy", interface = "Entropy", source = (kernel = "Entropy")),
    (name = "timer", interface = "Timer", source = (kernel = "Timer")),
    (name = "log", interface = "Log", source = (kernel = "Log")),
  ],
  exports = [
    (name = "uplink", interface = "Uplink", inFlight = 16, parkedPerNumber = 8),
    (name = "manager", interface = "NetworkManager", inFlight = 32, parkedPerNumber = 8),
    (name = "ping", interface = "Ping", inFlight = 16, parkedPerNumber = 8),
    (name = "tcp-listen", interface = "TcpListenAuthority", inFlight = 512, parkedPerNumber = 64),
  ],
  heapPages = 320,
  stackPages = 16,
  pages = 1280,
  objectBytes = 524288,
  slots = 1024,
  submissions = 256,
  completions = 1024,
  messagePages = 240,
);

const virtioNet :Schema.Service = (
  name = "virtio-net",
  program = "virtio-net",
  grants = [
    (name = "device", interface = "PciFunction",
     source = (device = (vendor = 0x1af4, devices = [0x1000, 0x1041], optional = true))),
    (name = "uplink", interface = "Uplink",
     source = (service = (service = "netstack", export = "uplink", scope = 1))),
    (name = "addressSpace", interface = "AddressSpace", source = (self = "AddressSpace")),
    (name = "timer", interface = "Timer", source = (kernel = "Timer")),
    (name = "log", interface = "Log", source = (kernel = "Log")),
  ],
  heapPages = 64,
  pages = 192,
  messagePages = 28,
);

const web :Schema.Service = (
  name = "web",
  program = "web",
  grants = [
    # Port 80 only (low and high port), at most 256 connections.
    (name = "listen", interface = "TcpListenAuthority",
     source = (service = (service = "netstack", export = "tcp-listen", scope = 0x010000500050))),
    (name = "manager", interface = "NetworkManager",
     source = (service = (service = "netstack", export = "manager", scope = 1))),
    (name = "system", interface = "SystemInfo", source = (kernel = "SystemInfo")),
    (name = "services", interface = "ServiceList",
     source = (service = (service = "init", export = "services", scope = 2))),
    (name = "licenses", interface = "MemoryObject", source = (file = "licenses")),
    (name = "addressSpace", interface = "AddressSpace", source = (self = "AddressSpace")),
    (name = "timer", interface = "Timer", source = (kernel = "Timer")),
    (name = "log", interface = "Log", source = (kernel = "Log")),
  ],
  heapPages = 384,
  pages = 832,
  objectBytes = 262144,
  slots = 512,
  submissions = 256,
  completions = 512,
  messagePages = 240,
);

const manifest :Schema.Manifest = (
  name = "dev",
  services = [.shell, .netstack, .virtioNet, .web],
);
