// std::string's members, which libc++'s headers leave to its library.
#include <string>

template class std::basic_string<char>;
