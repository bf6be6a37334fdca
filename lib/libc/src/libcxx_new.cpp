// std::nothrow, which libc++'s headers leave to its library.
#include <new>

namespace std {
const nothrow_t nothrow{};
}
