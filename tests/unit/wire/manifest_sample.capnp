@0xc8d2f10b6e5a4793;
# A manifest as instances have it, for comparing our reader with what the official tool compiles.

using M = import "/schema/manifest.capnp";

const sample :M.Manifest = (
  name = "sample",
  services = [
    (
      name = "web", program = "web", heapPages = 100, restart = onFailure,
      grants = [
        (name = "log", interface = "Log", source = (kernel = "Log")),
        (name = "listen", interface = "TcpListenAuthority",
         source = (service = (service = "netstack", export = "listen", scope = 5244984))),
        (name = "space", interface = "AddressSpace", source = (self = "AddressSpace")),
        (name = "page", interface = "MemoryObject", source = (file = "index.html")),
      ],
      options = "port=80"
    ),
    (
      name = "driver", program = "virtio-net",
      grants = [(name = "nic", interface = "PciFunction",
                 source = (device = (vendor = 0x1af4, devices = [0x1000, 0x1041], optional = false)))]
    ),
    (name = "netstack", program = "netstack", exports = [(name = "listen", interface = "TcpListenAuthority")])
  ]
);
