@0xa1b2c3d4e5f60709;
struct Inner { number @0 :UInt8; }
struct Outer { inner @0 :Inner = (number = 3); }
