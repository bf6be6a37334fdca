@0xa1b2c3d4e5f60707;
interface Base {
  # A base.
}
interface Derived extends(Base) {
  # Derived from it.
}
