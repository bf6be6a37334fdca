#include <algorithm>

#include "runtime/executor.hpp"
#include "services/bench/pattern.hpp"
#include "services/bench/services.hpp"

namespace capos::bench {

namespace {

using ReadOutcome = schema::TcpSocket::ReadResults::Outcome;
using WriteOutcome = schema::TcpSocket::WriteResults::Outcome;

// With its message around it, one transfer fills a block of 16 KiB in the message area. A multiple of 8.
constexpr std::uint32_t kBulkBytes = 16216;
constexpr std::uint32_t kAround = 32;
constexpr unsigned kLanes = 4;   // transfers under way on one connection

// Several coroutines that move the bytes of one connection. Each call is made in the moment in which its place in the
// stream is taken, so the stack sees the calls in the order of the stream; it answers a write when all is taken.
struct Lanes {
    explicit Lanes(const client::TcpSocket& of) : socket(of) {}

    const client::TcpSocket& socket;
    std::uint64_t offset = 0;      // of the next write
    bool ended = false;
    bool clean = true;             // nothing has failed
    unsigned running = kLanes;
    rt::Event done;

    void leave() {
        if (--running == 0)
            done.signal();
    }
};

rt::Task<void> send_lane(Lanes& lanes) {
    while (lanes.offset < kSourceBytes && lanes.clean) {
        const std::uint64_t offset = lanes.offset;
        const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(kBulkBytes, kSourceBytes - offset));
        lanes.offset += size;
        const auto written = co_await lanes.socket.write_with(
            [=](auto& params, auto&) { fill_pattern(offset, params.init_bytes_for_overwrite(size)); },
            {.reply_bytes = 64, .send_bytes = size + kAround});
        if (!written || (*written)->outcome() != WriteOutcome::accepted || (*written)->accepted() != size)
            lanes.clean = false;
    }
    lanes.leave();
}

rt::Task<void> receive_lane(Lanes& lanes) {
    while (!lanes.ended) {
        const auto read = co_await lanes.socket.read(kBulkBytes, {.reply_bytes = kBulkBytes + kAround});
        lanes.clean = lanes.clean && read && (*read)->outcome() != ReadOutcome::reset;
        lanes.ended = lanes.ended || !read || (*read)->outcome() != ReadOutcome::data;
    }
    lanes.leave();
}

template <class Lane>
rt::Task<void> run(Lanes& lanes, Lane lane) {
    for (unsigned i = 0; i < kLanes; ++i) {
        if (!rt::try_spawn(lane(lanes))) {
            lanes.clean = false;
            lanes.leave();
        }
    }
    co_await lanes.done.wait();
}

}  // namespace

rt::Task<void> serve_source(const client::TcpSocket& socket, BulkPlaces& places) {
    co_await places.take();
    Lanes lanes(socket);
    co_await run(lanes, send_lane);
    places.give();
}

rt::Task<void> serve_sink(const client::TcpSocket& socket, BulkPlaces& places) {
    co_await places.take();
    Lanes lanes(socket);
    co_await run(lanes, receive_lane);
    places.give();
    if (lanes.clean) {
        static constexpr std::byte kAnswer[] = {std::byte{'K'}};
        (void)co_await socket.write(kAnswer, {.reply_bytes = 64});
    }
}

}  // namespace capos::bench
