@0xa1b2c3d4e5f6070a;
struct Outer { number @0 :UInt8; struct Reader { number @0 :UInt8; } }
