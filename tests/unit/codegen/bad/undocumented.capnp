@0xa1b2c3d4e5f60703;
interface Pinger {
  ping @0 PingParams -> PingResults;
  struct PingParams {}
  struct PingResults {}
}
