@0xa1b2c3d4e5f60706;
struct Box(Content) { content @0 :Content; }
