@0xc0a505000000c004;
# Endpoints and notifications.

interface EndpointFactory {
  # The right to create endpoints, charged to the holder's ledger.
  create @0 CreateParams -> CreateResults;

  struct CreateParams {
    name @0 :Text;                                        # for listings
    inFlight @1 :UInt32;                                  # received and not yet answered at once, 1..4096; of these one
                                                          # reference may have as many as are left free
    parkedPerNumber @2 :UInt32;                           # calls that one client reference may have waiting, 1..256
  }
  struct CreateResults { endpoint @0 :Endpoint; }
}

interface Endpoint {
  # The receiving side. Receive and Return are ring operations on it.
  mint @0 MintParams -> MintResults;                      # Busy: the number is in use or its release not yet received
  revoke @1 RevokeParams -> RevokeResults;                # references with the number answer disconnected from now on.
                                                          # Denied: neither the number's minter nor the endpoint's creator

  struct MintParams {
    number @0 :UInt64;                                    # comes back in each request's header; never shown to clients
    interfaceId @1 :UInt64;
    persistent @2 :Bool;                                  # survives the minting process (init's grants), and replaces
                                                          # one that does not. Denied to all but the endpoint's creator
  }
  struct MintResults { reference @0 :Capability; }
  struct RevokeParams { number @0 :UInt64; }
  struct RevokeResults {}
}

interface NotificationFactory {
  # The right to create notifications, charged to the holder's ledger.
  create @0 CreateParams -> CreateResults;

  struct CreateParams {}
  struct CreateResults { notification @0 :Notification; }
}

interface Notification {
  # 64 bits. Signal ORs; wait takes all set bits at once or waits; a signal before the wait is never lost.
  signal @0 SignalParams -> SignalResults;
  wait @1 WaitParams -> WaitResults;                      # Busy: somebody waits already

  struct SignalParams { bits @0 :UInt64; }
  struct SignalResults {}
  struct WaitParams {}
  struct WaitResults { bits @0 :UInt64; }
}
