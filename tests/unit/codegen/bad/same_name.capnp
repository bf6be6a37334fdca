@0xa1b2c3d4e5f60704;
struct Twice { readXY @0 :UInt8; readXy @1 :UInt8; }
