// The few functions that compiled C++ expects to find: how a program that cannot go on ends.
#include <__verbose_abort>
#include <capos_libc.h>
#include <stdlib.h>

extern "C" {

void abort(void) noexcept { capos_abort("abort() called"); }

// A pure virtual function was called during construction or destruction (Itanium C++ ABI, 3.2.6).
[[noreturn]] void __cxa_pure_virtual() { capos_abort("pure virtual function called"); }

}  // extern "C"

// What libc++ calls where it would have thrown.
_LIBCPP_BEGIN_NAMESPACE_STD
void __libcpp_verbose_abort(const char* format, ...) { ::capos_abort(format); }
_LIBCPP_END_NAMESPACE_STD
