// Any bytes, read as several roots: a message is refused, or every accessor of it stays within the bytes.
//
// Input: one byte that chooses the root, one for framing and limits, then the message.

#include <cstdlib>
#include <memory>
#include <string>

#include "schema/device.capnp.hpp"
#include "schema/manifest.capnp.hpp"
#include "schema/process.capnp.hpp"
#include "schema/system.capnp.hpp"
#include "tests/unit/wire/everything_text.hpp"

namespace capos {

namespace {

std::size_t seen = 0;  // what was read, so that nothing is optimised away

void look(std::string_view text) {
    for (const char letter : text)
        seen += static_cast<unsigned char>(letter);
}
void look(std::span<const std::byte> bytes) {
    for (const std::byte value : bytes)
        seen += static_cast<unsigned char>(value);
}
template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
void look(T value) {
    seen += static_cast<std::size_t>(value);
}
void look(wire::CapabilityIndex index) { seen += index.has_value() ? index.value() : 0; }

void look(schema::BrokeredQueue::Buffer::Reader buffer) {
    look(buffer.slot());
    look(buffer.offset());
    look(buffer.length());
    look(buffer.device_writes());
    look(buffer.more());
}
void look(schema::Grant::Reader grant) {
    look(grant.name());
    look(grant.interface());
    const auto source = grant.source();
    look(source.which());
    look(source.kernel());
    look(source.self());
    look(source.file());
    look(source.service().service());
    look(source.service().export_());
    look(source.service().scope());
    look(source.device().vendor());
    look(source.device().optional());
    for (const auto device : source.device().devices())
        look(device);
}
void look(schema::Manifest::Reader manifest) {
    look(manifest.version());
    look(manifest.name());
    for (const auto service : manifest.services()) {
        look(service.name());
        look(service.program());
        look(service.options());
        look(service.restart());
        look(service.heap_pages());
        look(service.priority());
        for (const auto grant : service.grants())
            look(grant);
        for (const auto exported : service.exports()) {
            look(exported.name());
            look(exported.parked_per_number());
        }
    }
}
void look(schema::BrokeredQueue::ExchangeParams::Reader params) {
    for (const auto buffer : params.post())
        look(buffer);
    look(params.max_done());
    look(params.arm());
}
void look(schema::SystemInfo::OverviewResults::Reader overview) {
    look(overview.version());
    look(overview.clock_source());
    look(overview.ledger_drift());
    for (const auto mitigation : overview.mitigations()) {
        look(mitigation.name());
        look(mitigation.active());
        look(mitigation.note());
    }
}
void look(schema::Process::WaitResults::Reader ended) {
    look(ended.cause());
    look(ended.status());
    for (const auto address : ended.backtrace())
        look(address);
}
void look(schema::Timer::SleepUntilParams::Reader params) { look(params.deadline()); }
void look(schema::Process::StartThreadParams::Reader params) {
    look(params.entry());
    look(params.ring().message_bytes());
    look(params.has_ring());
}
void look(schema::Everything::Reader everything) {
    look(std::string_view(wire_test::text_of(everything)));
    look(everything.bytes());
    look(everything.choice().both().second());
    look(everything.choice().has_list());
    for (const auto number : everything.choice().list())
        look(number);
    look(everything.branches()[0].leaves()[3].key());
}
void look(schema::Keeper::AdoptResults::Reader adopt) {
    look(adopt.parent());
    look(adopt.entry().name());
    look(adopt.entry().handle());
    for (const auto entry : adopt.entries())
        look(entry.handle());
}
void look(schema::Keeper::AdoptParams::Reader adopt) {
    look(adopt.anything());
    for (const auto keeper : adopt.several())
        look(keeper);
}
void look(schema::ListsAfter::Reader lists) {
    for (const auto number : lists.numbers()) {
        look(number.value());
        look(number.note());
    }
    for (const auto label : lists.texts()) {
        look(label.text());
        look(label.weight());
    }
}
void look(schema::ListsBefore::Reader lists) {
    for (const auto number : lists.numbers())
        look(number);
    for (const auto text : lists.texts())
        look(text);
}
void look(schema::Holder::Reader holder) {
    look(holder.has_empty());
    look(holder.empties().size());
    look(holder.after());
}
void look(schema::Shape::Reader shape) {
    look(shape.area() == shape.circle());
    look(shape.square().value());
}

void look(schema::Empty::Reader) {}

template <class S>
void read(const wire::MessageReader& message) {
    const auto root = message.root<S>();
    if (root)
        look(*root);
    else if (root.error() != Error::MalformedMessage && root.error() != Error::TooDeep)
        std::abort();
}

void read_as(unsigned choice, const wire::MessageReader& message) {
    switch (choice % 14) {
    case 0: return read<schema::Everything>(message);
    case 1: return read<schema::Manifest>(message);
    case 2: return read<schema::BrokeredQueue::ExchangeParams>(message);
    case 3: return read<schema::SystemInfo::OverviewResults>(message);
    case 4: return read<schema::Process::WaitResults>(message);
    case 5: return read<schema::Timer::SleepUntilParams>(message);
    case 6: return read<schema::Process::StartThreadParams>(message);
    case 7: return read<schema::Keeper::AdoptResults>(message);
    case 8: return read<schema::Keeper::AdoptParams>(message);
    case 9: return read<schema::ListsAfter>(message);
    case 10: return read<schema::ListsBefore>(message);
    case 11: return read<schema::Holder>(message);
    case 12: return read<schema::Shape>(message);
    default: return read<schema::Empty>(message);
    }
}

}  // namespace

}  // namespace capos

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    using namespace capos;
    if (size < 2)
        return 0;
    const unsigned choice = input[0];
    const unsigned mode = input[1];
    // A copy of exactly the message's size: a read beyond it is an error that the sanitizer sees.
    const std::size_t length = size - 2;
    const auto copy = std::make_unique<std::byte[]>(length);
    __builtin_memcpy(copy.get(), input + 2, length);
    const std::span<const std::byte> bytes(copy.get(), length);
    wire::Limits limits;
    if ((mode & 2) != 0)
        limits = {.depth = 4, .traversal_words = 256};
    const auto message =
        (mode & 1) != 0 ? wire::MessageReader::open_stream(bytes, limits) : wire::MessageReader::open(bytes, limits);
    if (message)
        read_as(choice, *message);
    return 0;
}
