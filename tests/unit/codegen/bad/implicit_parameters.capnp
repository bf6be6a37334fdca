@0xa1b2c3d4e5f60701;
interface Pinger {
  # Answers.
  ping @0 (count :UInt32) -> PingResults;
  struct PingResults {}
}
