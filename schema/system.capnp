@0xc0a505000000c001;
# What the kernel serves to everyone: log, terminal, time, randomness, power, and the read-only view of the system.

using Memory = import "memory.capnp";

interface Log {
  # One line at a time on the console and in the kernel's log buffer, prefixed by the kernel with the time and the
  # holder's process name. Control characters are escaped. A process may write 256 lines at once and 50 a second in the
  # long run; beyond that: Overloaded, and its next line is preceded by how many were refused.
  write @0 WriteParams -> WriteResults;

  enum Level { info @0; warning @1; error @2; }
  struct WriteParams {
    level @0 :Level;
    text @1 :Text;              # at most 240 bytes; longer text is cut and counted
  }
  struct WriteResults {}
}

interface Terminal {
  # The serial console, for the one shell in the foreground. Unprefixed: printable text, CR, LF, BS, TAB and the CSI
  # sequences K, J, C, D, A, B, H, m pass; everything else becomes '?'. Text that would begin a line with a reserved
  # prefix ("cloudboot-evidence:", "[", "capos kernel") gets a space before it.
  read @0 ReadParams -> ReadResults;
  write @1 WriteParams -> WriteResults;
  size @2 SizeParams -> SizeResults;

  struct ReadParams { max @0 :UInt32; }     # 1..4096, else invalidArgument
  struct ReadResults { bytes @0 :Data; }    # at least one byte; the call waits for it
  struct WriteParams { bytes @0 :Data; }
  struct WriteResults { accepted @0 :UInt32; }   # bytes taken; fewer than given when the output queue is full
  struct SizeParams {}
  struct SizeResults { columns @0 :UInt16; rows @1 :UInt16; }
}

interface Timer {
  # The clock: a page to read it from without a call, and waiting for an instant.
  page @0 PageParams -> PageResults;
  sleepUntil @1 SleepUntilParams -> SleepUntilResults;

  struct PageParams {}
  struct PageResults { page @0 :Memory.MemoryObject; }   # one page, read-only, layout abi::TimePage
  struct SleepUntilParams { deadline @0 :UInt64; }        # nanoseconds since boot
  struct SleepUntilResults { now @0 :UInt64; }
}

interface Entropy {
  # The kernel's ChaCha20 generator.
  bytes @0 BytesParams -> BytesResults;
  state @1 StateParams -> StateResults;

  struct BytesParams { count @0 :UInt32; }                # 1..256, else invalidArgument
  struct BytesResults { bytes @0 :Data; }
  struct StateParams {}
  struct StateResults {
    rdseed @0 :Bool;
    rdrand @1 :Bool;
    jitterSamples @2 :UInt32;
    hardwareSource @3 :Bool;                              # false: say so wherever randomness matters
  }
}

interface Power {
  # The machine's power: off, reset, and its button.
  off @0 OffParams -> OffResults;                         # ACPI S5; does not return when it works
  reset @1 ResetParams -> ResetResults;
  waitButton @2 WaitButtonParams -> WaitButtonResults;    # completes when the ACPI power button is pressed

  struct OffParams {}
  struct OffResults {}
  struct ResetParams {}
  struct ResetResults {}
  struct WaitButtonParams {}
  struct WaitButtonResults {}
}

interface BootBundle {
  # What the boot loader brought. Every checksum is verified before the first call is answered.
  manifest @0 ManifestParams -> ManifestResults;
  program @1 ProgramParams -> ProgramResults;
  entries @2 EntriesParams -> EntriesResults;

  struct ManifestParams {}
  struct ManifestResults { object @0 :Memory.MemoryObject; bytes @1 :UInt64; }
  struct ProgramParams { name @0 :Text; }
  struct ProgramResults {
    outcome @0 :Outcome;
    object @1 :Memory.MemoryObject;                       # read-only
    bytes @2 :UInt64;
    enum Outcome { found @0; notFound @1; }
  }
  struct EntriesParams {}
  struct EntriesResults { entries @0 :List(Entry); fault @1 :Text; }   # fault: empty, or what is damaged and where
  struct Entry {
    name @0 :Text;
    kind @1 :UInt32;                                      # abi::BundleKind
    bytes @2 :UInt64;
    damaged @3 :Bool;                                     # its checksum does not match
  }
}

interface SystemInfo {
  # Read-only facts about the running system.
  overview @0 OverviewParams -> OverviewResults;
  processes @1 ProcessesParams -> ProcessesResults;
  capabilities @2 CapabilitiesParams -> CapabilitiesResults;
  log @3 LogParams -> LogResults;
  devices @4 DevicesParams -> DevicesResults;
  bootSteps @5 BootStepsParams -> BootStepsResults;

  struct OverviewParams {}
  struct OverviewResults {
    version @0 :Text;                                     # git description of the kernel's build
    imageId @1 :Text;                                     # bundle table checksum, hex
    commandLine @2 :Text;
    cpuModel @3 :Text;
    cpusPresent @4 :UInt32;
    cpusUsed @5 :UInt32;
    uptimeNs @6 :UInt64;
    memoryTotal @7 :UInt64;                               # bytes of RAM given to the frame allocator
    memoryFree @8 :UInt64;
    mitigations @9 :List(Mitigation);
    interrupts @10 :UInt64;
    contextSwitches @11 :UInt64;
    addressSpaceSwitches @12 :UInt64;
    doorbells @13 :UInt64;
    refusals @14 :UInt64;                                 # calls refused with a typed error, all processes
    bootProtocol @15 :Text;                               # "pvh", "multiboot2-bios", "multiboot2-uefi"
    tscHz @16 :UInt64;
    clockSource @17 :Text;                                # what the TSC was calibrated against
    submissions @18 :UInt64;
    consoleDropped @19 :UInt64;                           # bytes of console output lost to a full queue
    faults @20 :UInt64;                                   # process faults since boot
    kernelBytes @21 :UInt64;                              # kernel image and its own tables
    ledgerDrift @22 :Int64;                               # charged minus used frames; 0 when the books balance
    unownedInterrupts @23 :UInt64;                        # of `interrupts`: no device raised them
  }
  struct Mitigation { name @0 :Text; active @1 :Bool; note @2 :Text; }

  struct ProcessesParams { after @0 :UInt32; }            # the last pid of the part before; 0 for the first part
  struct ProcessesResults {
    processes @0 :List(ProcessInfo);                      # in order of creation, as many as an answer holds
    total @1 :UInt32;                                     # of all, those of other parts included
  }
  struct ProcessInfo {
    pid @0 :UInt32;
    name @1 :Text;
    state @2 :State;
    threads @3 :UInt16;
    cpuNs @4 :UInt64;
    submissions @5 :UInt64;
    refusals @6 :UInt64;
    slotsUsed @7 :UInt32;
    slotsLimit @8 :UInt32;
    pagesUsed @9 :UInt64;                                 # 4 KiB pages on its ledger
    pagesLimit @10 :UInt64;
    objectBytesUsed @11 :UInt64;                          # kernel objects on its ledger
    objectBytesLimit @12 :UInt64;
    callsOutstanding @13 :UInt32;
    startedNs @14 :UInt64;
    enum State { running @0; ready @1; waiting @2; ended @3; }
  }

  struct CapabilitiesParams { pid @0 :UInt32; from @1 :UInt32; }   # from: `next` of the part before; 0 for the first
  struct CapabilitiesResults {
    found @0 :Bool;
    capabilities @1 :List(CapabilityInfo);                # as many as an answer holds
    total @2 :UInt32;                                     # of all that it holds, those of other parts included
    next @3 :UInt32;                                      # where to go on; 0: these were the last
  }
  struct CapabilityInfo {
    handle @0 :UInt64;
    interfaceId @1 :UInt64;
    label @2 :Text;                                       # object kind and detail, e.g. "endpoint web-listen #3"
  }

  struct LogParams { from @0 :UInt64; }                   # sequence number to start at; 0 = the oldest kept
  struct LogResults { text @0 :Text; next @1 :UInt64; lost @2 :UInt64; }   # up to 4 KiB of whole lines

  struct DevicesParams {}
  struct DevicesResults { devices @0 :List(DeviceInfo); }
  struct DeviceInfo {
    bdf @0 :Text;                                         # "00:03.0"
    vendor @1 :UInt16;
    device @2 :UInt16;
    classCode @3 :UInt32;                                 # class << 16 | subclass << 8 | interface
    transport @4 :Text;                                   # "legacy", "modern", "none"
    msixVectors @5 :UInt16;
    regime @6 :Text;                                      # "brokered", "unclaimed", "dead"
    holder @7 :Text;                                      # process that holds the claim, or empty
    interrupts @8 :UInt64;
    doorbells @9 :UInt64;
    completions @10 :UInt64;
    misbehaviours @11 :UInt64;
    slotsInFlight @12 :UInt32;
    claims @13 :UInt32;                                   # how often it has been claimed since boot
  }

  struct BootStepsParams {}
  struct BootStepsResults { steps @0 :List(BootStep); }
  struct BootStep { name @0 :Text; atNs @1 :UInt64; }     # since the kernel's first instruction
}
