@0xc0a505000000c008;
# What runs and what it is given. Manifests are constants of this type (manifest/*.capnp), compiled by the standard
# tool: an unknown field or a wrong type is a build error with a line number. Init checks the rest before it starts
# anything.

struct Manifest {
  version @0 :UInt32 = 1;
  name @1 :Text;
  services @2 :List(Service);
}

struct Service {
  name @0 :Text;                                          # 1..31 of [a-z0-9-], unique
  program @1 :Text;                                       # a program in the bundle
  grants @2 :List(Grant);
  exports @3 :List(Export);
  restart @4 :Restart = always;
  heapPages @5 :UInt32 = 64;
  stackPages @6 :UInt32 = 16;
  pages @7 :UInt32 = 512;                                 # ledger: 4 KiB pages, heap and stack included
  objectBytes @8 :UInt32 = 131072;
  slots @9 :UInt32 = 64;
  options @10 :Text;                                      # "key=value ..." for the program, at most 255 bytes
  submissions @11 :UInt32 = 64;                           # ring shape
  completions @12 :UInt32 = 128;
  messagePages @13 :UInt32 = 32;
  priority @14 :UInt8 = 4;
}

enum Restart { always @0; onFailure @1; never @2; }

struct Export {
  # An endpoint that init creates and lends to the service under `name`; others are granted references to it.
  name @0 :Text;
  interface @1 :Text;                                     # the interface clients get, e.g. "Uplink"
  inFlight @2 :UInt32 = 64;
  parkedPerNumber @3 :UInt32 = 16;
}

struct Grant {
  name @0 :Text;                                          # what the program asks for, unique in the service
  interface @1 :Text;                                     # the interface it asks it as
  source :union {
    kernel @2 :Text;                                      # "Log", "Terminal", "Timer", "Entropy", "Power", ...
    service @3 :ServiceExport;
    device @4 :DeviceMatch;                               # the first unclaimed function that matches
    self @5 :Text;                                        # "AddressSpace": of the service's own process
    file @6 :Text;                                        # a file or program of the bundle, as a MemoryObject
  }
}

struct ServiceExport {
  service @0 :Text;
  export @1 :Text;
  scope @2 :UInt64;                                       # the number minted into the reference: its meaning is the
                                                          # server's (netstack TcpListenAuthority: low port | high
                                                          # port << 16 | connections << 32); unique per export
}

struct DeviceMatch { vendor @0 :UInt16; devices @1 :List(UInt16); optional @2 :Bool = true; }
