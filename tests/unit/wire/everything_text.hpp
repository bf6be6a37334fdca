// An Everything in the official text format, and random ones.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "tests/unit/wire/everything.capnp.hpp"

namespace capos::wire_test {

// As `capnp encode` reads it: numbers always, pointers only when they are there.
std::string text_of(schema::Everything::Reader everything);

// Fills in random fields; branches at most `depth` deep.
void fill_randomly(std::mt19937& random, schema::Everything::Builder everything, unsigned depth);

}  // namespace capos::wire_test
