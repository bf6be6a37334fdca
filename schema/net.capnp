@0xc0a505000000c006;
# The network as applications and drivers see it. IPv4 addresses are UInt32 in host order (10.0.2.15 = 0x0a00020f).

using Memory = import "memory.capnp";
using Ipc = import "ipc.capnp";

interface Uplink {
  # Served by the stack; a NIC driver is its client. Ring layout: lib/uplink.
  attach @0 AttachParams -> AttachResults;
  linkChanged @1 LinkChangedParams -> LinkChangedResults;
  detach @2 DetachParams -> DetachResults;
  watch @3 WatchParams -> WatchResults;                   # answers when the attachment of this moment is over; a stack
                                                          # that ends answers disconnected: attach again
  struct AttachParams {
    mac @0 :Data;                                         # 6 bytes
    mtu @1 :UInt16;
    features @2 :UInt64;                                  # none defined yet, 0
    headerBytes @3 :UInt16;                               # room the driver wants before each frame in a slot, 0..64
  }
  struct AttachResults {
    outcome @0 :Outcome;
    pool @1 :Memory.MemoryObject;                         # slotCount x slotBytes
    rings @2 :Memory.MemoryObject;                        # layout uplink::Rings
    toStack @3 :Ipc.Notification;                         # the driver signals it
    toDriver @4 :Ipc.Notification;                        # the driver waits on it
    slotBytes @5 :UInt32;
    slotCount @6 :UInt32;
    receiveSlots @7 :UInt32;                              # slots 0..receiveSlots-1 receive, the rest transmit
    enum Outcome { attached @0; badMac @1; badMtu @2; badHeader @3; }
  }
  struct LinkChangedParams { up @0 :Bool; speedMbps @1 :UInt32; }   # 0: not known
  struct LinkChangedResults {}
  struct DetachParams {}
  struct DetachResults {}
  struct WatchParams {}
  struct WatchResults {}
}

struct Route { destination @0 :UInt32; prefix @1 :UInt8; gateway @2 :UInt32; }   # gateway 0: on link

interface NetworkManager {
  # The stack as operators see it: configuration, counters, tables. Changes nothing and sends nothing.
  config @0 ConfigParams -> ConfigResults;
  counters @1 CountersParams -> CountersResults;
  neighbours @2 NeighboursParams -> NeighboursResults;
  routes @3 RoutesParams -> RoutesResults;
  connections @4 ConnectionsParams -> ConnectionsResults;   # method 5 was a ping, which is an interface of its own now

  enum DhcpState { noDevice @0; discovering @1; requesting @2; bound @3; renewing @4; rebinding @5; }
  struct ConfigParams {}
  struct ConfigResults {
    state @0 :DhcpState;
    address @1 :UInt32;
    prefix @2 :UInt8;
    gateway @3 :UInt32;
    dns @4 :List(UInt32);
    mtu @5 :UInt16;
    mac @6 :Data;
    linkUp @7 :Bool;
    leaseSeconds @8 :UInt32;
    dhcpServer @9 :UInt32;
    boundAtNs @10 :UInt64;
    attachments @11 :UInt32;                              # how often a driver has attached since the stack started
  }
  struct CountersParams {}
  struct CountersResults {
    framesIn @0 :UInt64; framesOut @1 :UInt64; bytesIn @2 :UInt64; bytesOut @3 :UInt64;
    droppedIn @4 :UInt64; droppedOut @5 :UInt64; badSlots @6 :UInt64;
    tcpIn @7 :UInt64; tcpOut @8 :UInt64; tcpRetransmits @9 :UInt64; tcpAccepted @10 :UInt64;
    tcpRefused @11 :UInt64; checksumErrors @12 :UInt64;
    memoryUsed @13 :UInt64; memoryPeak @14 :UInt64; memoryFailures @15 :UInt64;
    socketsOpen @16 :UInt32; timeWait @17 :UInt32;
    arpRequests @18 :UInt64; icmpEchoAnswered @19 :UInt64; dhcpSent @20 :UInt64;
    noRoute @21 :UInt64;                                  # packets not sent because there is no route
    writesHeld @22 :UInt64;                               # times that a connection began to wait for packet memory
    orphansEnded @23 :UInt64;                             # closed connections given up early for their memory
    listensRefused @24 :UInt64;                           # on ports that the authority does not have
    halfOpenEnded @25 :UInt64;                            # connections never completed: replaced, timed out or reset
    synsDropped @26 :UInt64;                              # the backlog was full of complete connections
    dhcpIgnored @27 :UInt64;                              # answers, and options of answers taken, that were not used
  }
  struct NeighboursParams {}
  struct NeighboursResults { neighbours @0 :List(Neighbour); }
  struct Neighbour { address @0 :UInt32; mac @1 :Data; stable @2 :Bool; }   # always stable: who is only asked for is left out
  struct RoutesParams {}
  struct RoutesResults { routes @0 :List(Route); }
  struct ConnectionsParams {}
  struct ConnectionsResults { connections @0 :List(Connection); }   # at most 128, listeners first
  struct Connection {
    state @0 :Text;
    localPort @1 :UInt16;
    peer @2 :UInt32;
    peerPort @3 :UInt16;
  }
}

interface Ping {
  # The right to send ICMP echo requests, to any address.
  echo @0 EchoParams -> EchoResults;                      # one request; answers when it is answered or given up

  struct EchoParams { address @0 :UInt32; timeoutMs @1 :UInt32; }   # timeout 1..10000
  struct EchoResults {
    outcome @0 :Outcome;
    roundTripNs @1 :UInt64;
    # notSent: no memory, or no driver takes it. notAHost: the address is a group's, a broadcast, or no host may have it.
    enum Outcome { answered @0; timedOut @1; noRoute @2; noAddress @3; notSent @4; notAHost @5; }
  }
}

interface TcpListenAuthority {
  # The right to listen on one range of ports with a bound on connections; minted by the stack from the manifest.
  listen @0 ListenParams -> ListenResults;

  struct ListenParams { port @0 :UInt16; backlog @1 :UInt16; }
  struct ListenResults {
    outcome @0 :Outcome;
    listener @1 :TcpListener;
    enum Outcome { listening @0; portNotGranted @1; portInUse @2; backlogTooLarge @3; }
  }
}

interface TcpListener {
  # One listening port. Dropping the last reference stops listening; accepted sockets live on.
  accept @0 AcceptParams -> AcceptResults;                # waits for a connection
  info @1 InfoParams -> InfoResults;

  struct AcceptParams {}
  struct AcceptResults { socket @0 :TcpSocket; peer @1 :UInt32; peerPort @2 :UInt16; }
  struct InfoParams {}
  struct InfoResults { port @0 :UInt16; waiting @1 :UInt16; accepted @2 :UInt64; refused @3 :UInt64; }
}

interface TcpSocket {
  # Dropping the last reference closes: in order when everything sent was acknowledged or can still be, else reset.
  read @0 ReadParams -> ReadResults;
  write @1 WriteParams -> WriteResults;
  shutdown @2 ShutdownParams -> ShutdownResults;
  info @3 InfoParams -> InfoResults;

  struct ReadParams { max @0 :UInt32; }                   # 1..16384
  struct ReadResults {
    outcome @0 :Outcome;
    bytes @1 :Data;
    enum Outcome { data @0; endOfStream @1; reset @2; }
  }
  struct WriteParams { bytes @0 :Data; }                  # at most 16384; waits until at least one byte is taken
  struct WriteResults {
    outcome @0 :Outcome;
    accepted @1 :UInt32;
    enum Outcome { accepted @0; reset @1; shutDown @2; }
  }
  enum Direction { receive @0; send @1; both @2; }
  struct ShutdownParams { direction @0 :Direction; }
  struct ShutdownResults {}
  struct InfoParams {}
  struct InfoResults { peer @0 :UInt32; peerPort @1 :UInt16; localPort @2 :UInt16; state @3 :Text; unsent @4 :UInt32; }
}
