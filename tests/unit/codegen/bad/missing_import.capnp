@0xa1b2c3d4e5f6070c;
using Other = import "same_name.capnp";
struct Outer { other @0 :Other.Twice; }
