#include "kernel/object/terminal.hpp"

#include "kernel/console/console.hpp"

namespace capos::kernel {

std::uint32_t TerminalObject::take(std::span<std::byte> out) {
    for (std::byte& byte : out) {
        byte = static_cast<std::byte>(queue_[head_]);
        head_ = (head_ + 1) % sizeof(queue_);
        --used_;
    }
    return static_cast<std::uint32_t>(out.size());
}

Outcome TerminalObject::read(TypedCall<Interface::ReadParams, Interface::ReadResults> call) {
    const std::uint32_t max = call.params().max();
    if (max == 0 || max > kMostBytes) return call.fail(Error::InvalidArgument, "max");
    // Never more than the caller has room for: a byte that was taken is not lost. Beside it: root, list pointer.
    const std::uint32_t room = call.raw().message_room();
    if (room < 3 * wire::kWordBytes) return call.fail(Error::NoRoom);
    const std::uint32_t most = (room - 2 * wire::kWordBytes) / wire::kWordBytes * wire::kWordBytes;
    const Outcome outcome = call.park(readers_, *this, max < most ? max : most);
    answer_reader();
    return outcome;
}

void TerminalObject::answer_reader() {
    while (used_ != 0 && !readers_.empty()) {
        CallRecord& reader = *readers_.front();
        const std::uint32_t count = used_ < reader.detail ? used_ : static_cast<std::uint32_t>(reader.detail);
        Reply reply(reader);
        take(reply.results<Interface::ReadResults>().init_bytes(count));
        reply.done();
    }
}

void TerminalObject::received(char byte) {
    if (used_ == sizeof(queue_)) return;
    queue_[(head_ + used_++) % sizeof(queue_)] = byte;
}

Outcome TerminalObject::write(TypedCall<Interface::WriteParams, Interface::WriteResults> call) {
    const auto bytes = call.params().bytes();
    const std::size_t taken =
        console::terminal_write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    call.results().set_accepted(static_cast<std::uint32_t>(taken));
    return call.done();
}

Outcome TerminalObject::size(TypedCall<Interface::SizeParams, Interface::SizeResults> call) {
    auto results = call.results();     // a serial line does not say; 80 x 24 is what everybody has
    results.set_columns(80);
    results.set_rows(24);
    return call.done();
}

}  // namespace capos::kernel
