// A connection must take any bytes, within its limits, and its answer must not depend on how the network cut them.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/http/connection.hpp"
#include "lib/http/response.hpp"
#include "lib/http/target.hpp"

namespace {

using capos::FixedText;
using namespace capos::http;

void require(bool holds) {
    if (!holds)
        std::abort();
}

// What a server would do with a stream: every request, then the refusal or the bytes that are missing.
std::string converse(std::string_view stream, std::size_t piece, const Limits& limits) {
    Connection connection(limits);
    std::string trace;
    while (!stream.empty()) {
        const std::string_view part = stream.substr(0, piece);
        std::size_t taken = 0;
        while (taken < part.size() && connection.state() == Connection::State::Reading) {
            const std::size_t count = connection.feed(std::as_bytes(std::span(part.substr(taken))));
            require(count <= part.size() - taken);
            require(count != 0 || connection.state() != Connection::State::Reading);
            taken += count;
            if (connection.state() == Connection::State::Ready) {
                const Request& request = connection.request();
                require(request.path.starts_with('/'));
                require(request.path.size() + request.query.size() <= limits.target_bytes + 1);
                require(request.host.empty() ? request.minor == 0 : valid_host(request.host));
                trace.append(request.method == Method::Get ? "G " : "H ").append(request.path).append("?");
                trace.append(request.query).append(request.keep_alive ? " keep\n" : " close\n");
                if (!request.keep_alive)
                    return trace;
                connection.next();
            }
        }
        if (connection.state() == Connection::State::Failed) {
            require(connection.status() != Status::Ok && !connection.failure().empty());
            FixedText<kMaxResponseHead + 256> response;
            write_refusal(response, connection.status(), connection.failure(), false);
            require(!response.truncated());
            // Of several faults the network's cuts may decide which one is named.
            return trace.append("refused");
        }
        stream.remove_prefix(part.size());
    }
    return trace;
}

}  // namespace

// The first two bytes choose the limits and the second cut; the rest is the stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    Limits limits;
    if ((data[0] & 1) != 0)
        limits = {.head_bytes = 200, .target_bytes = 20, .fields = 4, .body_bytes = 8};
    const std::size_t piece = 1 + data[1] % 64;
    const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::string whole = converse(stream, stream.size() + 1, limits);
    require(converse(stream, piece, limits) == whole);
    require(converse(stream, 1, limits) == whole);
    return 0;
}
