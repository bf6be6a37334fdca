@0xa1b2c3d4e5f6070f;
interface Pipe {
  # Streams.
  write @0 WriteParams -> stream;
  struct WriteParams { bytes @0 :Data; }
}
