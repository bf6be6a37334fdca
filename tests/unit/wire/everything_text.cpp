#include "tests/unit/wire/everything_text.hpp"

#include <bit>
#include <cstdio>
#include <limits>

namespace capos::wire_test {

namespace {

using schema::Colour;
using schema::Everything;
using Choice = schema::Everything::Choice;

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char letter : text) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(letter));
        result += escape;
    }
    return result + '"';
}

std::string hexadecimal(std::span<const std::byte> bytes) {
    if (bytes.empty())
        return "\"\"";
    std::string result = "0x\"";
    for (const std::byte value : bytes) {
        char digits[8];
        std::snprintf(digits, sizeof digits, "%02x ", static_cast<unsigned>(value));
        result += digits;
    }
    return result + '"';
}

std::string number(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value);
    return text;
}

std::string colour(Colour value) {
    return value == Colour::red ? "red" : value == Colour::green ? "green" : "blue";
}

std::string leaf(schema::Leaf::Reader value) {
    return "(key = " + std::to_string(value.key()) + ", value = " + std::to_string(value.value()) + ")";
}

template <class List, class Print>
std::string list(const List& values, Print&& print) {
    std::string result = "[";
    for (const auto value : values)
        result += (result.size() > 1 ? ", " : "") + std::string(print(value));
    return result + "]";
}

std::string choice(Choice::Reader value) {
    switch (value.which()) {
    case Choice::Which::none:
        return "(none = void)";
    case Choice::Which::number:
        return "(number = " + std::to_string(value.number()) + ")";
    case Choice::Which::text:
        return "(text = " + quoted(value.text()) + ")";
    case Choice::Which::leaf:
        return "(leaf = " + leaf(value.leaf()) + ")";
    case Choice::Which::both:
        return "(both = (first = " + std::to_string(value.both().first()) +
               (value.both().has_second() ? ", second = " + quoted(value.both().second()) : "") +
               ", third = " + (value.both().third() ? "true" : "false") + "))";
    case Choice::Which::list:
        return "(list = " + list(value.list(), [](std::uint64_t item) { return std::to_string(item); }) + ")";
    }
    return "()";
}

std::string random_text(std::mt19937& random) {
    std::string text(random() % 20, ' ');
    for (char& letter : text)
        letter = static_cast<char>(1 + random() % 126);
    return text;
}

template <class T>
T random_bits(std::mt19937& random) {
    const std::uint64_t bits = std::uint64_t{random()} << 32 | random();
    // Small values, edges and noise.
    switch (random() % 4) {
    case 0:
        return static_cast<T>(bits % 10);
    case 1:
        return std::numeric_limits<T>::max();
    case 2:
        return std::numeric_limits<T>::min();
    default:
        return static_cast<T>(bits);
    }
}

void fill_choice(std::mt19937& random, Choice::Builder choice) {
    switch (random() % 6) {
    case 0:
        choice.set_none();
        break;
    case 1:
        choice.set_number(random_bits<std::uint32_t>(random));
        break;
    case 2:
        choice.set_text("x" + random_text(random));
        break;
    case 3: {
        auto leaf = choice.init_leaf();
        leaf.set_key(random_bits<std::uint32_t>(random));
        leaf.set_value(random_bits<std::int64_t>(random));
        break;
    }
    case 4: {
        auto both = choice.init_both();
        both.set_first(random_bits<std::uint64_t>(random));
        both.set_second(random_text(random));
        both.set_third(random() % 2 != 0);
        break;
    }
    default: {
        auto list = choice.init_list(1 + random() % 3);
        list.set(0, random_bits<std::uint64_t>(random));
        break;
    }
    }
}

void fill_lists(std::mt19937& random, Everything::Builder everything) {
    const auto count = [&] { return static_cast<std::uint32_t>(random() % 5); };
    auto flags = everything.init_flags(static_cast<std::uint32_t>(random() % 70));
    for (std::uint32_t i = 0; i < flags.size(); ++i)
        flags.set(i, random() % 2 != 0);
    auto octets = everything.init_octets(count());
    for (std::uint32_t i = 0; i < octets.size(); ++i)
        octets.set(i, random_bits<std::uint8_t>(random));
    auto numbers = everything.init_numbers(count());
    for (std::uint32_t i = 0; i < numbers.size(); ++i)
        numbers.set(i, random_bits<std::int32_t>(random));
    auto doubles = everything.init_doubles(count());
    for (std::uint32_t i = 0; i < doubles.size(); ++i)
        doubles.set(i, static_cast<double>(random_bits<std::int32_t>(random)) / 7);
    auto colours = everything.init_colours(count());
    for (std::uint32_t i = 0; i < colours.size(); ++i)
        colours.set(i, static_cast<Colour>(random() % 3));
    auto texts = everything.init_texts(count());
    for (std::uint32_t i = 0; i < texts.size(); ++i)
        texts.set(i, std::string_view(random_text(random)));
    auto blobs = everything.init_blobs(count());
    for (std::uint32_t i = 0; i < blobs.size(); ++i) {
        const std::string blob = random_text(random);
        blobs.set(i, std::as_bytes(std::span(blob)));
    }
    auto leaves = everything.init_leaves(count());
    for (std::uint32_t i = 0; i < leaves.size(); ++i)
        leaves[i].set_value(random_bits<std::int64_t>(random));
    auto matrix = everything.init_matrix(count());
    for (std::uint32_t i = 0; i < matrix.size(); ++i) {
        auto row = matrix.init(i, count());
        for (std::uint32_t j = 0; j < row.size(); ++j)
            row.set(j, random_bits<std::uint16_t>(random));
    }
    everything.init_voids(count());
    auto word_lists = everything.init_word_lists(count());
    for (std::uint32_t i = 0; i < word_lists.size(); ++i) {
        auto words = word_lists.init(i, 1);
        words.set(0, std::string_view(random_text(random)));
    }
}

}  // namespace

std::string text_of(Everything::Reader everything) {
    std::string text;
    const auto field = [&](const char* name, const std::string& value) {
        text += (text.empty() ? "(" : ", ") + std::string(name) + " = " + value;
    };
    const auto boolean = [](bool value) { return std::string(value ? "true" : "false"); };
    const auto integer = [](auto value) { return std::to_string(value); };
    field("flag", boolean(everything.flag()));
    field("flagByDefault", boolean(everything.flag_by_default()));
    field("tiny", integer(everything.tiny()));
    field("small", integer(everything.small()));
    field("medium", integer(everything.medium()));
    field("large", integer(everything.large()));
    field("octet", integer(everything.octet()));
    field("word", integer(everything.word()));
    field("dword", integer(everything.dword()));
    field("qword", integer(everything.qword()));
    field("single", number(everything.single()));
    field("double", number(everything.double_()));
    field("colour", colour(everything.colour()));
    field("export", integer(everything.export_()));
    if (everything.has_name())
        field("name", quoted(everything.name()));
    if (everything.has_name_by_default())
        field("nameByDefault", quoted(everything.name_by_default()));
    if (everything.has_bytes())
        field("bytes", hexadecimal(everything.bytes()));
    if (everything.has_child())
        field("child", leaf(everything.child()));
    if (everything.has_flags())
        field("flags", list(everything.flags(), boolean));
    if (everything.has_octets())
        field("octets", list(everything.octets(), integer));
    if (everything.has_numbers())
        field("numbers", list(everything.numbers(), integer));
    if (everything.has_doubles())
        field("doubles", list(everything.doubles(), number));
    if (everything.has_colours())
        field("colours", list(everything.colours(), colour));
    if (everything.has_texts())
        field("texts", list(everything.texts(), quoted));
    if (everything.has_blobs())
        field("blobs", list(everything.blobs(), hexadecimal));
    if (everything.has_leaves())
        field("leaves", list(everything.leaves(), leaf));
    if (everything.has_branches())
        field("branches", list(everything.branches(), text_of));
    if (everything.has_matrix())
        field("matrix", list(everything.matrix(), [&](auto row) { return list(row, integer); }));
    if (everything.has_voids())
        field("voids", list(everything.voids(), [](wire::Void) { return "void"; }));
    if (everything.has_word_lists())
        field("wordLists", list(everything.word_lists(), [](auto words) { return list(words, quoted); }));
    field("pair", "(left = " + integer(everything.pair().left()) +
                      (everything.pair().has_right() ? ", right = " + quoted(everything.pair().right()) : "") + ")");
    field("choice", choice(everything.choice()));
    return text + ")";
}

void fill_randomly(std::mt19937& random, Everything::Builder everything, unsigned depth) {
    everything.set_flag(random() % 2 != 0);
    everything.set_flag_by_default(random() % 2 != 0);
    everything.set_tiny(random_bits<std::int8_t>(random));
    everything.set_small(random_bits<std::int16_t>(random));
    everything.set_medium(random_bits<std::int32_t>(random));
    everything.set_large(random_bits<std::int64_t>(random));
    everything.set_octet(random_bits<std::uint8_t>(random));
    everything.set_word(random_bits<std::uint16_t>(random));
    everything.set_dword(random_bits<std::uint32_t>(random));
    everything.set_qword(random_bits<std::uint64_t>(random));
    everything.set_single(static_cast<float>(random_bits<std::int16_t>(random)) / 16);
    everything.set_double(static_cast<double>(random_bits<std::int32_t>(random)) / 3);
    everything.set_colour(static_cast<Colour>(random() % 3));
    everything.set_export(random_bits<std::uint32_t>(random));
    everything.set_name(random_text(random));
    if (random() % 2 != 0)
        everything.set_name_by_default(random_text(random));
    const std::string bytes = random_text(random);
    everything.set_bytes(std::as_bytes(std::span(bytes)));
    if (random() % 2 != 0)
        everything.init_child().set_key(random_bits<std::uint32_t>(random));
    if (random() % 2 != 0)
        fill_lists(random, everything);
    if (depth > 0) {
        auto branches = everything.init_branches(static_cast<std::uint32_t>(random() % 3));
        for (std::uint32_t i = 0; i < branches.size(); ++i)
            fill_randomly(random, branches[i], depth - 1);
    }
    everything.pair().set_left(random_bits<std::uint16_t>(random));
    everything.pair().set_right(random_text(random));
    fill_choice(random, everything.choice());
}

}  // namespace capos::wire_test
