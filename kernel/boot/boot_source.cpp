#include "kernel/boot/boot_source.hpp"

#include <algorithm>
#include <iterator>

namespace capos::kernel::boot {

void BootSource::set_command_line(Bytes text) {
    std::size_t length = 0;
    bool whole = text.empty();
    for (std::byte byte : text) {
        const char character = static_cast<char>(byte);
        whole = character == 0;
        if (whole || length == sizeof command_line - 1) break;
        command_line[length++] = character >= ' ' && character <= '~' ? character : ' ';
    }
    command_line[length] = 0;
    if (!whole) note = "the command line is too long: its end was cut off";
}

Result<void> make_boot_info(const BootSource& source, MemoryRange image, BootInfo& info) {
    const MemoryRange& bundle = source.bundle;
    if (bundle.bytes != 0) {
        if (bundle.base % kPageSize != 0 || bundle.base >= kPhysicalLimit || bundle.bytes > kPhysicalLimit - bundle.base)
            return Error::Malformed;
        if (bundle.base < image.base + image.bytes && image.base < bundle.base + bundle.bytes) return Error::Malformed;
    }
    RangeSet usable = source.ram;
    usable.cut(0, kPageSize);
    usable.cut(image.base, image.bytes);
    if (bundle.bytes != 0) usable.cut(bundle.base, (bundle.bytes + kPageSize - 1) & ~(kPageSize - 1));
    usable.round_to_pages();
    if (usable.ranges().empty()) return Error::NotFound;

    info.protocol = source.protocol;
    info.bundle = bundle;
    info.rsdp = PhysAddr{source.rsdp};
    std::memcpy(info.command_line, source.command_line, sizeof info.command_line);
    // The largest ranges, should there be more than fit; they stay sorted.
    std::size_t left_out = usable.dropped();
    while (usable.ranges().size() > std::size(info.usable)) {
        MemoryRange victim = usable.ranges()[0];
        for (const MemoryRange& range : usable.ranges())
            if (range.bytes < victim.bytes) victim = range;
        usable.cut(victim.base, victim.bytes);
        ++left_out;
    }
    info.note = source.note;
    info.ranges_left_out = static_cast<std::uint32_t>(left_out);
    info.usable_count = 0;
    for (const MemoryRange& range : usable.ranges()) info.usable[info.usable_count++] = range;
    return {};
}

std::string_view first_unknown_option(std::string_view command_line) {
    constexpr std::string_view kKnown[] = {"panic=exit", "panic=reset", "kpti=on", "kpti=off"};
    while (!command_line.empty()) {
        const std::string_view word = command_line.substr(0, command_line.find(' '));
        if (!word.empty() && std::find(std::begin(kKnown), std::end(kKnown), word) == std::end(kKnown)) return word;
        command_line.remove_prefix(word.size() < command_line.size() ? word.size() + 1 : word.size());
    }
    return {};
}

std::string_view find_option(std::string_view command_line, std::string_view key) {
    std::string_view found;
    while (!command_line.empty()) {
        const std::size_t blank = command_line.find(' ');
        const std::string_view word = command_line.substr(0, blank);
        if (word.size() > key.size() && word[key.size()] == '=' && word.substr(0, key.size()) == key)
            found = word.substr(key.size() + 1);
        if (blank == std::string_view::npos) break;
        command_line.remove_prefix(blank + 1);
    }
    return found;
}

}  // namespace capos::kernel::boot
