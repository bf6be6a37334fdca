#include "lib/text/quantity.hpp"

#include <array>
#include <string_view>

namespace capos::text {

namespace {

constexpr std::uint64_t kMicrosecond = 1000;
constexpr std::uint64_t kMillisecond = 1000 * kMicrosecond;
constexpr std::uint64_t kSecond = 1000 * kMillisecond;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kDay = 24 * kHour;

// value / unit with as many decimals as keep three significant digits, cut and not rounded ("999 us" never reads
// "1.00 ms").
void put_three_digits(TextWriter& out, std::uint64_t value, std::uint64_t unit) {
    const std::uint64_t whole = value / unit;
    const std::uint64_t rest = value % unit;
    out << whole;
    if (whole < 10)
        out << '.' << Padded{rest / (unit / 100), 2, '0'};
    else if (whole < 100)
        out << '.' << rest / (unit / 10);
}

void put_two_units(TextWriter& out, std::uint64_t value, std::uint64_t unit, std::string_view unit_name,
                   std::uint64_t part, std::string_view part_name) {
    out << value / unit << ' ' << unit_name << ' ' << Padded{value % unit / part, 2, '0'} << ' ' << part_name;
}

}  // namespace

TextWriter& operator<<(TextWriter& out, ByteSize size) {
    static constexpr std::array<std::string_view, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    while (unit + 1 < kUnits.size() && (size.bytes >> (10 * (unit + 1))) != 0)
        ++unit;
    if (unit == 0)
        return out << size.bytes << " B";
    const std::uint64_t whole = size.bytes >> (10 * unit);
    out << whole;
    if (whole < 100) {
        const std::uint64_t rest = size.bytes & ((std::uint64_t{1} << (10 * unit)) - 1);
        out << '.' << ((rest >> (10 * (unit - 1))) * 10 >> 10);
    }
    return out << ' ' << kUnits[unit];
}

TextWriter& operator<<(TextWriter& out, Duration duration) {
    const std::uint64_t value = duration.nanoseconds;
    if (value < kMicrosecond)
        return out << value << " ns";
    if (value < kMillisecond) {
        put_three_digits(out, value, kMicrosecond);
        return out << " us";
    }
    if (value < kSecond) {
        put_three_digits(out, value, kMillisecond);
        return out << " ms";
    }
    if (value < kMinute) {
        put_three_digits(out, value, kSecond);
        return out << " s";
    }
    if (value < kHour)
        put_two_units(out, value, kMinute, "min", kSecond, "s");
    else if (value < kDay)
        put_two_units(out, value, kHour, "h", kMinute, "min");
    else
        put_two_units(out, value, kDay, "d", kHour, "h");
    return out;
}

TextWriter& operator<<(TextWriter& out, Uptime uptime) {
    const std::uint64_t value = uptime.nanoseconds;
    if (value >= kDay)
        out << value / kDay << " d ";
    return out << Padded{value % kDay / kHour, 2, '0'} << ':' << Padded{value % kHour / kMinute, 2, '0'} << ':'
               << Padded{value % kMinute / kSecond, 2, '0'};
}

TextWriter& operator<<(TextWriter& out, Seconds seconds) {
    return out << seconds.nanoseconds / kSecond << '.' << Padded{seconds.nanoseconds % kSecond / kMicrosecond, 6, '0'};
}

TextWriter& operator<<(TextWriter& out, Grouped count) {
    std::uint64_t unit = 1;
    while (count.value / unit >= 1000)
        unit *= 1000;
    out << count.value / unit;
    for (unit /= 1000; unit != 0; unit /= 1000)
        out << ',' << Padded{count.value / unit % 1000, 3, '0'};
    return out;
}

TextWriter& operator<<(TextWriter& out, Share share) {
    if (share.whole == 0)
        return out << '-';
    const auto percent = static_cast<std::uint64_t>(
        static_cast<unsigned __int128>(share.part) * 100 / share.whole);
    return out << percent << " %";
}

}  // namespace capos::text
