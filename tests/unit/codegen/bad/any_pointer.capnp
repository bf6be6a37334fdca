@0xa1b2c3d4e5f60705;
struct Anything { what @0 :AnyPointer; }
