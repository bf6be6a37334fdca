@0xc0a505000000c007;
# What init offers to operators.

interface ServiceControl {
  # What init supervises, and the right to restart and kill it.
  list @0 ListParams -> ListResults;
  restart @1 RestartParams -> RestartResults;             # kill, then start at once; does not count as a death
  kill @2 KillParams -> KillResults;                      # the restart policy decides what follows
  crashes @3 CrashesParams -> CrashesResults;

  enum Outcome { done @0; noSuchService @1; notRunning @2; refused @3; }
  enum State { starting @0; running @1; waiting @2; stopped @3; givenUp @4; }
  struct ListParams {}
  struct ListResults { services @0 :List(Service); }
  struct Service {
    name @0 :Text;
    program @1 :Text;
    state @2 :State;
    pid @3 :UInt32;                                       # 0 when not running
    restarts @4 :UInt32;
    lastEnd @5 :Text;                                     # "", "exit 0", "fault 14", "killed"
    startedNs @6 :UInt64;
    grants @7 :List(Grant);
  }
  struct Grant { name @0 :Text; interfaceId @1 :UInt64; source @2 :Text; }
  struct RestartParams { name @0 :Text; }
  struct RestartResults { outcome @0 :Outcome; }
  struct KillParams { name @0 :Text; }
  struct KillResults { outcome @0 :Outcome; }
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
