@0xd4e1c7b2a5938f61;
# Every construct that the generator supports, for tests of the wire format against the official implementation.

struct Everything {
  flag @0 :Bool;
  flagByDefault @1 :Bool = true;
  tiny @2 :Int8;
  small @3 :Int16 = -300;
  medium @4 :Int32 = -2147483648;
  large @5 :Int64 = -9223372036854775808;
  octet @6 :UInt8 = 200;
  word @7 :UInt16;
  dword @8 :UInt32 = 4000000000;
  qword @9 :UInt64 = 18446744073709551615;
  single @10 :Float32 = 1.5;
  double @11 :Float64 = -2.25;
  colour @12 :Colour = green;
  name @13 :Text;
  nameByDefault @14 :Text = "un\"named\n";
  bytes @15 :Data;
  nothing @16 :Void;
  child @17 :Leaf;
  export @18 :UInt32;                 # a C++ keyword
  flags @19 :List(Bool);
  octets @20 :List(UInt8);
  numbers @21 :List(Int32);
  doubles @22 :List(Float64);
  colours @23 :List(Colour);
  texts @24 :List(Text);
  blobs @25 :List(Data);
  leaves @26 :List(Leaf);
  branches @27 :List(Everything);
  matrix @28 :List(List(UInt16));
  voids @29 :List(Void);
  wordLists @30 :List(List(Text));
  pair :group {
    left @31 :UInt16 = 7;
    right @32 :Text;
  }
  choice :union {
    none @33 :Void;
    number @34 :UInt32 = 5;
    text @35 :Text;
    leaf @36 :Leaf;
    both :group {
      first @37 :UInt64;
      second @38 :Text;
      third @39 :Bool;
    }
    list @40 :List(UInt64);
  }
}

struct Leaf { key @0 :UInt32; value @1 :Int64 = -1; }

struct Empty {}

struct Holder { empty @0 :Empty; empties @1 :List(Empty); after @2 :Text; }

enum Colour { red @0; green @1; blue @2; }

struct Shape {
  # A union without a name.
  area @0 :Float32;
  union {
    circle @1 :Float32;
    square @2 :Leaf;
  }
}

# The same lists before and after their elements grew into structs, which the format allows.
struct ListsBefore { numbers @0 :List(UInt32); texts @1 :List(Text); }
struct ListsAfter {
  numbers @0 :List(Number);
  texts @1 :List(Label);
  struct Number { value @0 :UInt32; note @1 :Text; }
  struct Label { text @0 :Text; weight @1 :UInt16 = 3; }
}

# One type before and after a field was added.
struct Before { first @0 :UInt16; name @1 :Text; }
struct After { first @0 :UInt16; name @1 :Text; second @2 :UInt64 = 42; other @3 :Text = "other"; }

interface Keeper {
  # Structs with capabilities in every place that can hold one.
  adopt @0 AdoptParams -> AdoptResults;

  struct Entry { name @0 :Text; handle @1 :Capability; }
  struct AdoptParams { child @0 :Keeper; anything @1 :Capability; several @2 :List(Keeper); }
  struct AdoptResults { parent @0 :Keeper; entry @1 :Entry; entries @2 :List(Entry); }
}
