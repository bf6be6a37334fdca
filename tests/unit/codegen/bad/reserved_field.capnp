@0xa1b2c3d4e5f6070b;
struct Outer { which @0 :UInt8; }
