@0xc0a505000000d010;
# For tests of init and the runtime: a service, a client that stays, one that faults, one that exits, and one whose
# device is not there.

using Schema = import "/schema/manifest.capnp";

const log :Schema.Grant = (name = "log", interface = "Log", source = (kernel = "Log"));
const timer :Schema.Grant = (name = "timer", interface = "Timer", source = (kernel = "Timer"));

const manifest :Schema.Manifest = (
  name = "test-services",
  services = [
    (
      name = "tagger",
      program = "tagger",
      grants = [.log],
      exports = [(name = "lines", interface = "Log")],
      options = "limit=240",
    ),
    (
      name = "stays",
      program = "tagged",
      grants = [.log, .timer,
        (name = "lines", interface = "Log", source = (service = (service = "tagger", export = "lines", scope = 7)))],
    ),
    (
      name = "faults",
      program = "tagged",
      grants = [.log, .timer,
        (name = "lines", interface = "Log", source = (service = (service = "tagger", export = "lines", scope = 8)))],
      options = "die=fault",
      restart = onFailure,
    ),
    (
      name = "exits",
      program = "tagged",
      grants = [.log, .timer,
        (name = "lines", interface = "Log", source = (service = (service = "tagger", export = "lines", scope = 9)))],
      options = "die=exit",
      restart = never,
    ),
    (
      name = "waits",
      program = "tagged",
      grants = [.log,
        (name = "device", interface = "PciFunction",
         source = (device = (vendor = 0xfff1, devices = [0x0001])))],
    ),
  ],
);
