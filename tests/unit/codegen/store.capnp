@0xe7a90c5d1b3f4826;
# An interface whose methods use every way of passing things, for tests of what the plugin generates.

interface Store {
  # Keeps bytes by name.
  put @0 PutParams -> PutResults;       # Replaces what was there.
  delete @1 DeleteParams -> DeleteResults;
  list @2 ListParams -> ListResults;
  adopt @3 AdoptParams -> AdoptResults;
  attach @4 AttachParams -> AttachResults;

  enum Colour { red @0; green @1; }
  struct PutParams { key @0 :Text; bytes @1 :Data; colour @2 :Colour; options @3 :UInt8; }
  struct PutResults { written @0 :UInt32; }
  struct DeleteParams { key @0 :Text; }
  struct DeleteResults {}
  struct ListParams { filter @0 :List(Text); }
  struct ListResults { entries @0 :List(Entry); }
  struct Entry { name @0 :Text; handle @1 :Capability; }
  struct AdoptParams { child @0 :Store; anything @1 :Capability; quick @2 :Bool; }
  struct AdoptResults { parent @0 :Store; entry @1 :Entry; }
  struct AttachParams {
    a @0 :UInt8; b @1 :UInt8; c @2 :UInt8; d @3 :UInt8; e @4 :UInt8; f @5 :UInt8; g @6 :UInt8;
  }
  struct AttachResults {}
}
