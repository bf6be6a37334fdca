// Any sequence of builder calls in storage of any size: nothing is written outside, an overflow is reported, and what
// was built without one is a message that the reader accepts with the same contents.
//
// Input: two bytes of storage size, then one byte per call with its arguments behind it.

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "tests/unit/wire/everything_text.hpp"

namespace capos {

namespace {

using schema::Everything;

// Bytes of the input, one after the other; zeros when they have run out.
class Input {
public:
    explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
    bool empty() const { return bytes_.empty(); }
    std::uint8_t next() {
        if (bytes_.empty())
            return 0;
        const std::uint8_t value = bytes_[0];
        bytes_ = bytes_.subspan(1);
        return value;
    }
    // Mostly small, now and then enormous.
    std::uint32_t count() {
        const std::uint8_t value = next();
        return value < 0xfc ? value % 40u : 0xffffffffu >> (value & 3);
    }
    std::string_view text() {
        const std::size_t length = std::min<std::size_t>(next() % 32, bytes_.size());
        const std::string_view result(reinterpret_cast<const char*>(bytes_.data()), length);
        bytes_ = bytes_.subspan(length);
        return result;
    }
    std::span<const std::byte> data() { return std::as_bytes(std::span(text())); }

private:
    std::span<const std::uint8_t> bytes_;
};

void choose(Input& input, Everything::Choice::Builder choice) {
    switch (input.next() % 6) {
    case 0: return choice.set_none();
    case 1: return choice.set_number(input.next());
    case 2: return choice.set_text(input.text());
    case 3: return choice.init_leaf().set_key(input.next());
    case 4: {
        auto both = choice.init_both();
        both.set_third(true);
        return both.set_second(input.text());
    }
    default: {
        auto list = choice.init_list(input.count());
        list.set(input.count(), input.next());
        return list.shrink_to(input.count());
    }
    }
}

void build(Input& input, Everything::Builder everything, unsigned depth) {
    while (!input.empty()) {
        switch (input.next() % 22) {
        case 0: everything.set_flag(input.next() % 2 != 0); break;
        case 1: everything.set_small(input.next()); break;
        case 2: everything.set_double(input.next()); break;
        case 3: everything.set_colour(static_cast<schema::Colour>(input.next() % 3)); break;
        case 4: everything.set_name(input.text()); break;
        case 5: everything.set_name_by_default(input.text()); break;
        case 6: everything.set_bytes(input.data()); break;
        case 7: std::ranges::fill(everything.init_bytes_for_overwrite(input.count()), std::byte{7}); break;
        case 8: everything.shrink_bytes(input.count()); break;
        case 9: everything.init_child().set_value(input.next()); break;
        case 10: everything.init_flags(input.count()).set(input.count(), true); break;
        case 11: {
            auto numbers = everything.init_numbers(input.count());
            numbers.set(input.count(), input.next());
            numbers.shrink_to(input.count());
            break;
        }
        case 12: everything.init_texts(input.count()).set(input.count(), input.text()); break;
        case 13: everything.init_blobs(input.count()).set(input.count(), input.data()); break;
        case 14: {
            auto leaves = everything.init_leaves(input.count());
            leaves[input.count()].set_key(input.next());
            leaves.shrink_to(input.count());
            break;
        }
        case 15: {
            auto matrix = everything.init_matrix(input.count());
            auto row = matrix.init(input.count(), input.count());
            row.set(input.count(), input.next());
            break;
        }
        case 16: everything.init_voids(input.count() % 1000); break;
        case 17: everything.pair().set_right(input.text()); break;
        case 18: choose(input, everything.choice()); break;
        case 19: {
            auto branches = everything.init_branches(input.count());
            if (depth > 0)
                build(input, branches[input.count()], depth - 1);
            break;
        }
        case 20: everything.init_bytes(input.count()); break;
        default: return;
        }
    }
}

template <class S>
typename S::Reader accepted(std::span<const std::byte> bytes) {
    const auto message = wire::MessageReader::open(bytes, {.depth = 32, .traversal_words = 1 << 24});
    if (!message)
        std::abort();
    const auto root = message->root<S>();
    if (!root)
        std::abort();
    return *root;
}

}  // namespace

}  // namespace capos

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace capos;
    if (size < 2)
        return 0;
    Input input({bytes, size});
    const unsigned low = input.next();
    const std::size_t capacity = low | (input.next() & 0x1fu) << 8;
    const auto storage = std::make_unique<std::byte[]>(capacity);
    wire::MessageBuilder builder({storage.get(), capacity});

    if (low % 4 == 3) {
        auto adopt = builder.init_root<schema::Keeper::AdoptParams>();
        adopt.set_child(wire::CapabilityIndex(input.next()));
        adopt.init_several(input.count()).set(input.count(), wire::CapabilityIndex(input.next()));
        if (const auto finished = builder.finish())
            accepted<schema::Keeper::AdoptParams>(*finished);
        auto holder = builder.init_root<schema::Holder>();
        holder.init_empty();
        holder.init_empties(input.count() % 1000);
        if (const auto finished = builder.finish())
            accepted<schema::Holder>(*finished);
        return 0;
    }
    auto root = builder.init_root<schema::Everything>();
    build(input, root, 3);
    const auto finished = builder.finish();
    if (finished.has_value() == builder.overflowed())
        std::abort();
    if (finished && wire_test::text_of(accepted<schema::Everything>(*finished)) != wire_test::text_of(root.as_reader()))
        std::abort();
    return 0;
}
