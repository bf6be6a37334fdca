// Limits: each in its range, and all together within what there is.
#include <bit>

#include "abi/ring.hpp"
#include "lib/elf/elf.hpp"
#include "services/init/check/checks.hpp"

namespace capos::init {

namespace {

constexpr std::uint32_t kMostHeapPages = 65536;
constexpr std::uint32_t kMostStackPages = 1024;
constexpr std::uint32_t kMostSlots = 4096;
constexpr std::uint32_t kMostMessagePages = abi::kMaxMessageArea / 4096;
constexpr std::uint8_t kHighestPriority = 7;
// Beyond heap, stack, program and ring a process needs page tables, its capability table and the start page.
constexpr std::uint64_t kOverheadPages = 16;

struct Range {
    std::string_view field;
    std::uint64_t value;
    std::uint64_t least;
    std::uint64_t most;
};

bool ring_entries(std::uint32_t count) {
    return count >= abi::kMinRingEntries && count <= abi::kMaxRingEntries && (count & (count - 1)) == 0;
}

std::uint64_t pages_for(std::uint64_t bytes) { return (bytes + 4095) / 4096; }

// A ring is contiguous, so the kernel gives it a power of two of pages.
std::uint64_t ring_pages(const schema::Service::Reader& service) {
    return std::bit_ceil(1 + pages_for(service.submissions() * sizeof(abi::Submission)) +
                         pages_for(service.completions() * sizeof(abi::Completion)) + service.message_pages());
}

// What init's own ledger pays for an endpoint: a contiguous table with an entry, of this size at most, for each call in
// flight.
constexpr std::uint64_t kInFlightBytes = 32;
std::uint64_t endpoint_pages(const schema::Export::Reader& item) {
    return std::bit_ceil(pages_for(item.in_flight() * kInFlightBytes));
}

}  // namespace

std::uint64_t pages_paid_by_init(const schema::Service::Reader& service, std::uint64_t writable_pages) {
    return std::uint64_t{service.heap_pages()} + service.stack_pages() + writable_pages + 1;
}

Result<void> check_limits(Check& check, const schema::Service::Reader& service, std::uint64_t writable_pages) {
    const std::uint64_t handles = service.grants().size() + service.exports().size() + 4;
    const Range ranges[] = {
        {"heapPages", service.heap_pages(), 4, kMostHeapPages},
        {"stackPages", service.stack_pages(), 1, kMostStackPages},
        {"messagePages", service.message_pages(), 1, kMostMessagePages},
        {"slots", service.slots(), handles, kMostSlots},
        {"priority", service.priority(), 0, kHighestPriority},
    };
    for (const Range& range : ranges) {
        if (range.value >= range.least && range.value <= range.most) continue;
        check.at(service) << range.field << ": " << range.value << ", " << range.least << " to " << range.most
                          << " are possible";
        return Error::InvalidArgument;
    }
    for (const Range& range : {Range{"submissions", service.submissions(), 0, 0},
                               Range{"completions", service.completions(), 0, 0}}) {
        if (ring_entries(static_cast<std::uint32_t>(range.value))) continue;
        check.at(service) << range.field << ": " << range.value << " is not a power of two from "
                          << abi::kMinRingEntries << " to " << abi::kMaxRingEntries;
        return Error::InvalidArgument;
    }
    const std::uint64_t needed = pages_paid_by_init(service, writable_pages) + ring_pages(service) + kOverheadPages;
    if (service.pages() < needed) {
        check.at(service) << "pages: " << service.pages() << ", heap, stack, program and ring need " << needed;
        return Error::QuotaExceeded;
    }
    return {};
}

Result<void> check_totals(Check& check, const Budget& budget) {
    std::uint64_t pages = 0;
    std::uint64_t object_bytes = 0;
    for (const auto service : check.manifest.services()) {
        pages += service.pages();
        object_bytes += service.object_bytes();
        if (pages > budget.pages) {
            check.at(service) << "pages: with those before " << pages << ", this machine has " << budget.pages << " to give";
            return Error::QuotaExceeded;
        }
        for (const auto item : service.exports()) {
            pages += endpoint_pages(item);
            if (pages <= budget.pages) continue;
            check.at(service) << "export \"" << item.name() << "\": inFlight: " << endpoint_pages(item)
                              << " pages, with all before " << pages << ", this machine has " << budget.pages << " to give";
            return Error::QuotaExceeded;
        }
        if (object_bytes > budget.object_bytes) {
            check.at(service) << "objectBytes: with those before " << object_bytes << ", this machine has "
                              << budget.object_bytes << " to give";
            return Error::QuotaExceeded;
        }
    }
    return {};
}

}  // namespace capos::init
