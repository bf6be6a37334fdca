@0xa1b2c3d4e5f60708;
struct Listed { numbers @0 :List(UInt8) = [1, 2]; }
