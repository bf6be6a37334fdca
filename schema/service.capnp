@0xc0a505000000c007;
# What init offers: the list of services to those who show it, and the right to end and start them to the operator.

interface ServiceList {
  # What init supervises, to look at.
  list @0 ListParams -> ListResults;
  crashes @1 CrashesParams -> CrashesResults;

  enum State { starting @0; running @1; waiting @2; stopped @3; givenUp @4; }
  struct ListParams {}
  struct ListResults { services @0 :List(Service); }      # in the manifest's order
  struct Service {
    name @0 :Text;
    program @1 :Text;
    state @2 :State;                                      # waiting: for a device that is not there
    pid @3 :UInt32;                                       # 0 when not running
    restarts @4 :UInt32;
    lastEnd @5 :Text;                                     # "", "exit 0", "fault 14", "killed"
    startedNs @6 :UInt64;
    grants @7 :List(Grant);
  }
  struct Grant { name @0 :Text; interfaceId @1 :UInt64; source @2 :Text; }
  struct CrashesParams {}
  struct CrashesResults { crashes @0 :List(Crash); }      # the last 8, newest first
  struct Crash {
    process @0 :Text;
    pid @1 :UInt32;
    atNs @2 :UInt64;
    fault @3 :Text;                                       # "page fault (write to 0x10)"
    instruction @4 :UInt64;
    backtrace @5 :List(Text);                             # "symbol+0x12"
  }
}

interface ServiceControl {
  # The right to end and start services, and to shut the machine down.
  restart @0 RestartParams -> RestartResults;             # end it if it runs, start it; does not count as a death
  kill @1 KillParams -> KillResults;                      # the restart policy decides what follows
  shutDown @2 ShutDownParams -> ShutDownResults;          # end all services, the last of the manifest first, then `then`

  enum Outcome {
    done @0;                                              # kill: ended; restart: the new process runs
    noSuchService @1;
    notRunning @2;
    refused @3;                                           # the kernel did not end it
    waitingForDevice @4;                                  # it does not run: there is no device for one of its grants
    notStarted @5;                                        # ended, but not up again; the log says why
  }
  struct RestartParams { name @0 :Text; }
  struct RestartResults { outcome @0 :Outcome; }          # at the latest after 3 s
  struct KillParams { name @0 :Text; }
  struct KillResults { outcome @0 :Outcome; }
  enum Then { powerOff @0; reset @1; }
  struct ShutDownParams { then @0 :Then; }
  struct ShutDownResults {}                               # answered before the first service ends
}
