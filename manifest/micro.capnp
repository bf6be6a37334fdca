@0xc0a505000000d005;
# The micro benchmarks (bench/programs): two processes on bare rings; when they have ended, one on the runtime.

using Schema = import "/schema/manifest.capnp";

const log :Schema.Grant = (name = "log", interface = "Log", source = (kernel = "Log"));

const manifest :Schema.Manifest = (
  name = "micro",
  services = [
    (
      name = "micro-server",
      program = "micro-server",
      grants = [.log],
      exports = [(name = "echo", interface = "Notification")],
      restart = never,
    ),
    (
      name = "micro",
      program = "micro",
      grants = [
        .log,
        (name = "echo", interface = "Notification", source = (service = (service = "micro-server", export = "echo", scope = 1))),
        (name = "notifications", interface = "NotificationFactory", source = (kernel = "NotificationFactory")),
        (name = "memory", interface = "MemoryFactory", source = (kernel = "MemoryFactory")),
        (name = "addressSpace", interface = "AddressSpace", source = (self = "AddressSpace")),
      ],
      restart = never,
    ),
    (
      name = "coroutine-bench",
      program = "coroutine-bench",
      grants = [
        .log,
        (name = "notifications", interface = "NotificationFactory", source = (kernel = "NotificationFactory")),
        (name = "timer", interface = "Timer", source = (kernel = "Timer")),
      ],
      restart = never,
      # Runs only while the others have nothing to do.
      priority = 1,
    ),
  ],
);
