// Feeding a connection in tests.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "lib/http/connection.hpp"

namespace capos::http {

// Feeds text in pieces of at most `piece` bytes until a request is ready or refused; how much was taken.
inline std::size_t feed(Connection& connection, std::string_view text, std::size_t piece = 1 << 20) {
    std::size_t taken = 0;
    while (taken < text.size() && connection.state() == Connection::State::Reading) {
        const std::string_view part = text.substr(taken, piece);
        taken += connection.feed(std::as_bytes(std::span(part)));
    }
    return taken;
}

// The status that one request alone gets, whether it comes at once or byte by byte: 200 for a request that is ready,
// 0 when it is not complete. 1 when the two differ.
inline int status_of(std::string_view text, const Limits& limits = {}) {
    const auto run = [&](std::size_t piece) {
        Connection connection(limits);
        feed(connection, text, piece);
        switch (connection.state()) {
        case Connection::State::Ready: return 200;
        case Connection::State::Failed: return static_cast<int>(connection.status());
        case Connection::State::Reading: return 0;
        }
        return 2;
    };
    const int whole = run(1 << 20);
    for (const std::size_t piece : {1, 2, 3, 7})
        if (run(piece) != whole)
            return 1;
    return whole;
}

}  // namespace capos::http
