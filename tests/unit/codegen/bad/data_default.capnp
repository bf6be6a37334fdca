@0xa1b2c3d4e5f6070e;
struct Bytes { bytes @0 :Data = "abc"; }
