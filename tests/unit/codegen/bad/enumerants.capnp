@0xa1b2c3d4e5f6070d;
enum Colours { darkXY @0; darkXy @1; }
