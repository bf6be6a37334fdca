// Submissions in bad order, on everything held: systematically every field at its edges, then random ones.
#pragma once

#include "tests/programs/hostile/ring.hpp"

namespace capos::hostile {

class Noise {
public:
    Noise(Ring& ring, Hands& hands, Random& random) : ring_(ring), hands_(hands), random_(random) {}

    // Every operation and every field at its edges, one field at a time, on every capability held; every method.
    void systematic();
    // One random submission.
    void operation();

private:
    void target(abi::Submission& entry);
    void message(abi::Submission& entry);
    void buffers(abi::Submission& entry);
    void capabilities(abi::Submission& entry);

    Ring& ring_;
    Hands& hands_;
    Random& random_;
};

}  // namespace capos::hostile
