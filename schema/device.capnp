@0xc0a505000000c005;
# Devices. A driver never sees a host-physical address, never maps a device page and never writes PCI configuration.

using Memory = import "memory.capnp";

interface PciBus {
  # Every PCI function that the scan found, and the right to claim each of them.
  functions @0 FunctionsParams -> FunctionsResults;
  claim @1 ClaimParams -> ClaimResults;

  struct FunctionsParams {}
  struct FunctionsResults { functions @0 :List(FunctionInfo); }
  struct FunctionInfo {
    bdf @0 :UInt16;                                       # bus << 8 | device << 3 | function
    vendor @1 :UInt16;
    device @2 :UInt16;
    subsystemVendor @3 :UInt16;
    subsystem @4 :UInt16;
    classCode @5 :UInt32;
    revision @6 :UInt8;
    claimed @7 :Bool;
    transport @8 :Transport;
  }
  enum Transport { none @0; virtioLegacy @1; virtioModern @2; }   # transitional devices report virtioModern
  struct ClaimParams { bdf @0 :UInt16; }
  struct ClaimResults {
    outcome @0 :Outcome;
    function @1 :PciFunction;
    enum Outcome { claimed @0; notFound @1; alreadyClaimed @2; noBroker @3; dead @4; resetFailed @5; }
  }
}

interface PciFunction {
  # One claim. Dropping the last reference tears the claim down: every object made from it is stale and says so.
  identity @0 IdentityParams -> IdentityResults;
  registers @1 RegistersParams -> RegistersResults;
  dma @2 DmaParams -> DmaResults;
  interrupt @3 InterruptParams -> InterruptResults;
  queues @4 QueuesParams -> QueuesResults;
  reset @5 ResetParams -> ResetResults;

  struct IdentityParams {}
  struct IdentityResults { info @0 :PciBus.FunctionInfo; regime @1 :Regime; }
  enum Regime { brokered @0; translated @1; }
  struct RegistersParams {}
  struct RegistersResults { registers @0 :DeviceRegisters; }   # the device-specific configuration window
  struct DmaParams { object @0 :Memory.MemoryObject; slotBytes @1 :UInt32; }   # slotBytes: power of two, 512..4096
  struct DmaResults { pool @0 :DmaPool; }
  struct InterruptParams { index @0 :UInt16; }
  struct InterruptResults { interrupt @0 :Interrupt; kind @1 :Kind; enum Kind { msix @0; intx @1; } }
  struct QueuesParams {}
  struct QueuesResults { broker @0 :QueueBroker; }
  struct ResetParams {}                                   # device reset; queues are gone, their slots returned
  struct ResetResults {}
}

interface DeviceRegisters {
  # Mediated registers of one transport, memory or port: every access is checked against that transport's table.
  # Offsets are relative to the device-specific configuration.
  read @0 ReadParams -> ReadResults;                      # Denied: not in the table
  write @1 WriteParams -> WriteResults;

  struct ReadParams { offset @0 :UInt32; width @1 :UInt8; }     # width 1, 2, 4
  struct ReadResults { value @0 :UInt32; }
  struct WriteParams { offset @0 :UInt32; width @1 :UInt8; value @2 :UInt32; }
  struct WriteResults {}
}

interface DmaPool {
  # A memory object bound to a claim as equal slots that the device may be told to use. Never gives an address.
  slots @0 SlotsParams -> SlotsResults;

  struct SlotsParams {}
  struct SlotsResults { count @0 :UInt32; slotBytes @1 :UInt32; inFlight @2 :UInt32; }
}

interface QueueBroker {
  # The split virtqueue broker (VIRTIO 1.2, 2.7). Order: negotiate, create each queue, activate.
  negotiate @0 NegotiateParams -> NegotiateResults;
  create @1 CreateParams -> CreateResults;
  activate @2 ActivateParams -> ActivateResults;

  struct NegotiateParams { wanted @0 :UInt64; }
  struct NegotiateResults {
    outcome @0 :Outcome;
    offered @1 :UInt64;                                   # after the kernel's mask
    accepted @2 :UInt64;
    legacy @3 :Bool;
    enum Outcome { accepted @0; refusedByDevice @1; }
  }
  struct CreateParams {
    index @0 :UInt16;
    size @1 :UInt16;                                      # wanted; 0 or more than the device's: the device's
    pool @2 :DmaPool;
    vector @3 :UInt16;                                    # index of an Interrupt of this claim; 0xffff: none
  }
  struct CreateResults {
    outcome @0 :Outcome;
    queue @1 :BrokeredQueue;
    size @2 :UInt16;                                      # what it is
    enum Outcome { created @0; noSuchQueue @1; vectorRefused @2; sizeUnsupported @3; }
  }
  struct ActivateParams {}
  struct ActivateResults { configurationInterrupt @0 :Bool; }   # interrupt 0 (INTx: the line) tells of configuration changes
}

interface BrokeredQueue {
  # One virtqueue that the kernel fills and drains; buffers are named by slot of its DmaPool.
  exchange @0 ExchangeParams -> ExchangeResults;
  armAndLook @1 ArmAndLookParams -> ArmAndLookResults;
  usedView @2 UsedViewParams -> UsedViewResults;

  struct Buffer {
    # One descriptor. `more`: the next entry of the list continues the same chain (and names the same slot).
    slot @0 :UInt32;
    offset @1 :UInt16;
    length @2 :UInt16;
    deviceWrites @3 :Bool;
    more @4 :Bool;
  }
  struct Done { slot @0 :UInt32; written @1 :UInt32; }    # written: bytes, at most what was posted as deviceWrites
  struct ExchangeParams {
    post @0 :List(Buffer);                                # at most 512
    maxDone @1 :UInt16;                                   # at most 512
    arm @2 :Bool;                                         # after draining: enable interrupts and look again
    wake @3 :Bool;                                        # reserved, false
  }
  struct ExchangeResults {
    done @0 :List(Done);
    posted @1 :UInt16;                                    # entries of `post` taken, whole chains; fewer: queue full
    pending @2 :Bool;                                     # more is there: call again (with arm: do not sleep)
    fault @3 :Fault;                                      # the first entry refused, or what the device did
    faultIndex @4 :UInt16;                                # index into `post`
    enum Fault { none @0; badSlot @1; slotInFlight @2; badRange @3; badChain @4; deviceMisbehaved @5; notActive @6; }
  }
  struct ArmAndLookParams {}
  struct ArmAndLookResults { pending @0 :Bool; }
  struct UsedViewParams {}
  struct UsedViewResults { view @0 :Memory.MemoryObject; indexOffset @1 :UInt32; }   # UInt16 used.idx: a hint only
}

interface Interrupt {
  # One interrupt route of a claim. Waiting acknowledges nothing: the driver acks when the device is quiet.
  wait @0 WaitParams -> WaitResults;
  ack @1 AckParams -> AckResults;
  mask @2 MaskParams -> MaskResults;
  unmask @3 UnmaskParams -> UnmaskResults;
  counters @4 CountersParams -> CountersResults;

  struct WaitParams {}
  struct WaitResults { count @0 :UInt64; }                # interrupts since the last wait; latched meanwhile
  struct AckParams {}
  struct AckResults { configurationChanged @0 :Bool; }    # INTx: the device said so; MSI-X: always false
  struct MaskParams {}
  struct MaskResults {}
  struct UnmaskParams {}
  struct UnmaskResults {}
  struct CountersParams {}
  struct CountersResults { delivered @0 :UInt64; spurious @1 :UInt64; }
}
