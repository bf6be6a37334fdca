@0xc0a505000000c002;
# Memory objects and address spaces. Sizes and offsets are bytes, multiples of 4096 unless stated.

interface MemoryObject {
  # Pages that never shrink and live until the last mapping and the last reference are gone; charged to the creator.
  info @0 InfoParams -> InfoResults;
  slice @1 SliceParams -> SliceResults;                   # invalidArgument: outside the object or misaligned
  readOnly @2 ReadOnlyParams -> ReadOnlyResults;

  struct InfoParams {}
  struct InfoResults { size @0 :UInt64; writable @1 :Bool; }
  struct SliceParams { offset @0 :UInt64; size @1 :UInt64; }
  struct SliceResults { object @0 :MemoryObject; }
  struct ReadOnlyParams {}
  struct ReadOnlyResults { object @0 :MemoryObject; }
}

interface MemoryFactory {
  # The right to create memory objects, charged to the holder's ledger.
  create @0 CreateParams -> CreateResults;                # zeroed. QuotaExceeded when the ledger is exhausted

  # What is larger than 1 MiB is taken in steps, between which interrupts and other programs have their turn.
  struct CreateParams { size @0 :UInt64; }                # 4096..256 MiB, rounded up to pages
  struct CreateResults { object @0 :MemoryObject; }
}

interface AddressSpace {
  # The mappings of one process. Addresses are in the low 47 bits, never page 0 or the last page.
  map @0 MapParams -> MapResults;
  unmap @1 UnmapParams -> UnmapResults;
  protect @2 ProtectParams -> ProtectResults;

  enum Protection { read @0; readWrite @1; readExecute @2; }   # never writable and executable
  struct MapParams {
    object @0 :MemoryObject;
    offset @1 :UInt64;
    size @2 :UInt64;                                      # at most 64 MiB in one mapping
    address @3 :UInt64;                                   # 0: the kernel chooses
    protection @4 :Protection;                            # Denied: readWrite of a read-only object, or of memory that is
                                                          # mapped to be executed; readExecute of memory that somebody
                                                          # writes (a mapping, a device, the kernel)
  }
  struct MapResults { address @0 :UInt64; }
  struct UnmapParams { address @0 :UInt64; size @1 :UInt64; }   # exactly one earlier mapping
  struct UnmapResults {}
  struct ProtectParams { address @0 :UInt64; size @1 :UInt64; protection @2 :Protection; }
  struct ProtectResults {}
}
