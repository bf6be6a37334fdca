@0xc0a505000000c003;
# Processes and threads: what init loads programs with.

using Memory = import "memory.capnp";

struct LedgerLimits {
  # What a process may cause to be used. Taken from the creator's own limits.
  pages @0 :UInt64;                                       # 4 KiB pages: memory objects, page tables, rings
  objectBytes @1 :UInt64;                                 # kernel objects
  slots @2 :UInt32;                                       # capability table size, at most 4096
}

interface ProcessFactory {
  # The right to create processes; their limits come out of the creator's ledger.
  create @0 CreateParams -> CreateResults;

  struct CreateParams { name @0 :Text; limits @1 :LedgerLimits; }   # name: 1..31 of [a-z0-9-]
  struct CreateResults { process @0 :Process; }           # without threads or memory yet
}

interface Process {
  # One process as its starter holds it: what it is given, how it runs, how it ended.
  addressSpace @0 AddressSpaceParams -> AddressSpaceResults;
  grant @1 GrantParams -> GrantResults;
  startThread @2 StartThreadParams -> StartThreadResults;
  wait @3 WaitParams -> WaitResults;
  kill @4 KillParams -> KillResults;
  info @5 InfoParams -> InfoResults;

  struct AddressSpaceParams {}
  struct AddressSpaceResults { addressSpace @0 :Memory.AddressSpace; }
  struct GrantParams { capability @0 :Capability; }       # copied into the process's table
  struct GrantResults { handle @0 :UInt64; }              # as the process will name it
  struct RingShape {
    sqEntries @0 :UInt32;                                 # power of two, 8..1024
    cqEntries @1 :UInt32;                                 # power of two, 8..1024
    messageBytes @2 :UInt32;                              # 4096..4 MiB, rounded up to pages
  }
  struct StartThreadParams {
    entry @0 :UInt64;
    stack @1 :UInt64;                                     # initial RSP
    argument @2 :UInt64;                                  # RDI
    ring @3 :RingShape;
  }
  struct StartThreadResults { thread @0 :Thread; }
  struct WaitParams {}
  struct WaitResults {
    # Completes when the process has ended.
    cause @0 :Cause;
    status @1 :Int64;                                     # exited: the status given to exit
    vector @2 :UInt32;                                    # fault: CPU exception number
    errorCode @3 :UInt64;
    address @4 :UInt64;                                   # fault: CR2 where it applies
    instruction @5 :UInt64;
    stackPointer @6 :UInt64;
    backtrace @7 :List(UInt64);                           # return addresses found by frame pointers, innermost first
    enum Cause { exited @0; fault @1; killed @2; }
  }
  struct KillParams {}
  struct KillResults {}
  struct InfoParams {}
  struct InfoResults { pid @0 :UInt32; }
}

interface Thread {
  # One thread as its process and its starter hold it.
  info @0 InfoParams -> InfoResults;
  setPriority @1 SetPriorityParams -> SetPriorityResults;
  stop @2 StopParams -> StopResults;

  struct InfoParams {}
  struct InfoResults { cpuNs @0 :UInt64; priority @1 :UInt8; }
  struct SetPriorityParams { priority @0 :UInt8; }        # 0 (lowest) .. 7; 4 at start; invalidArgument above 7
  struct SetPriorityResults {}
  struct StopParams {}
  struct StopResults {}
}
