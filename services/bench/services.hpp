// What each port does with a connection.
#pragma once

#include <cstdint>

#include "runtime/event.hpp"
#include "runtime/task.hpp"
#include "schema/net.client.hpp"

namespace capos::bench {

// Bulk transfers hold many large message buffers; no more of them run than there are places. Others wait their turn.
class BulkPlaces {
public:
    explicit BulkPlaces(std::uint32_t count) : free_(count) {}
    rt::Task<void> take() {
        while (free_ == 0)
            co_await freed_.wait();
        --free_;
    }
    void give() {
        ++free_;
        freed_.signal();
    }

private:
    std::uint32_t free_;
    rt::Event freed_;
};

// Port 80: any GET is answered with a page of 4096 bytes; the connection stays unless the client asks to close it.
rt::Task<void> serve_page(const client::TcpSocket& socket);
// Port 7: sends back what comes.
rt::Task<void> serve_echo(const client::TcpSocket& socket);
// Port 9: reads to the end, then answers "K".
rt::Task<void> serve_sink(const client::TcpSocket& socket, BulkPlaces& places);
// Port 19: sends the pattern of pattern.hpp, then closes.
rt::Task<void> serve_source(const client::TcpSocket& socket, BulkPlaces& places);

}  // namespace capos::bench
