// std::sort of plain integers, which libc++'s headers leave to its library.
#include <algorithm>

_LIBCPP_BEGIN_NAMESPACE_STD

// A heap sort: small, and never worse than n log n.
template <class Comparator, class Iterator>
void __sort(Iterator first, Iterator last, Comparator) {
    const auto less = [](const auto& left, const auto& right) { return left < right; };
    std::make_heap(first, last, less);
    std::sort_heap(first, last, less);
}

template void __sort<__less<char>&, char*>(char*, char*, __less<char>&);
template void __sort<__less<signed char>&, signed char*>(signed char*, signed char*, __less<signed char>&);
template void __sort<__less<unsigned char>&, unsigned char*>(unsigned char*, unsigned char*, __less<unsigned char>&);
template void __sort<__less<short>&, short*>(short*, short*, __less<short>&);
template void __sort<__less<unsigned short>&, unsigned short*>(unsigned short*, unsigned short*, __less<unsigned short>&);
template void __sort<__less<int>&, int*>(int*, int*, __less<int>&);
template void __sort<__less<unsigned>&, unsigned*>(unsigned*, unsigned*, __less<unsigned>&);
template void __sort<__less<long>&, long*>(long*, long*, __less<long>&);
template void __sort<__less<unsigned long>&, unsigned long*>(unsigned long*, unsigned long*, __less<unsigned long>&);
template void __sort<__less<long long>&, long long*>(long long*, long long*, __less<long long>&);
template void __sort<__less<unsigned long long>&, unsigned long long*>(unsigned long long*, unsigned long long*,
                                                                       __less<unsigned long long>&);

_LIBCPP_END_NAMESPACE_STD
