@0xc0a505000000d006;
# The system of dev.capnp with a service that faults six seconds after each start (tests/programs/faulty).

using Schema = import "/schema/manifest.capnp";
using Dev = import "dev.capnp";

const manifest :Schema.Manifest = (
  name = "faulty",
  services = [
    Dev.shell,
    Dev.netstack,
    Dev.virtioNet,
    Dev.web,
    (
      name = "faulty",
      program = "faulty",
      grants = [
        (name = "log", interface = "Log", source = (kernel = "Log")),
        (name = "timer", interface = "Timer", source = (kernel = "Timer")),
      ],
      options = "after=6000",
    ),
  ],
);
