@0xa1b2c3d4e5f60702;
interface Pinger {
  # Answers.
  ping @0 PingParams -> (count :UInt32);
  struct PingParams {}
}
