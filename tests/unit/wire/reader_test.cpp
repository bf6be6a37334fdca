// What the reader accepts, refuses and reads, on segments written word by word.

#include "tests/unit/wire/segment.hpp"

namespace capos::wire_test {

using schema::After;
using schema::Before;
using schema::Everything;
using schema::Holder;
using schema::Keeper;
using schema::Leaf;
using wire::ElementSize;
using wire::make_list_pointer;
using wire::make_struct_pointer;

constexpr std::uint64_t kFarPointer = 2;

template <class S>
Error refusal(const Segment& segment, const wire::Limits& limits = {}) {
    auto root = segment.root<S>(limits);
    return root ? Error::None : root.error();
}

TEST(WireReaderTest, AnAbsentMessageReadsAsAllDefaults) {
    auto root = Segment{}.root<Everything>();
    ASSERT_TRUE(root);
    EXPECT_FALSE(root->flag());
    EXPECT_TRUE(root->flag_by_default());
    EXPECT_EQ(root->small(), -300);
    EXPECT_EQ(root->medium(), INT32_MIN);
    EXPECT_EQ(root->large(), INT64_MIN);
    EXPECT_EQ(root->octet(), 200);
    EXPECT_EQ(root->dword(), 4000000000u);
    EXPECT_EQ(root->qword(), UINT64_MAX);
    EXPECT_EQ(root->single(), 1.5f);
    EXPECT_EQ(root->double_(), -2.25);
    EXPECT_EQ(root->colour(), schema::Colour::green);
    EXPECT_EQ(root->name(), "");
    EXPECT_EQ(root->name_by_default(), "un\"named\n");
    EXPECT_TRUE(root->bytes().empty());
    EXPECT_FALSE(root->has_child());
    EXPECT_EQ(root->child().value(), -1);
    EXPECT_TRUE(root->branches().empty());
    EXPECT_EQ(root->pair().left(), 7);
    EXPECT_EQ(root->choice().which(), Everything::Choice::Which::none);
    EXPECT_EQ(root->choice().number(), 5u);
}

TEST(WireReaderTest, ANullRootPointerReadsAsAllDefaults) {
    auto root = Segment{0}.root<Leaf>();
    ASSERT_TRUE(root);
    EXPECT_EQ(root->value(), -1);
}

TEST(WireReaderTest, AShorterStructGivesDefaultsForWhatItLacks) {
    // One data word, one pointer: written by somebody who knows only Before.
    auto root = Segment{make_struct_pointer(0, 1, 1), 77, 0}.root<After>();
    ASSERT_TRUE(root);
    EXPECT_EQ(root->first(), 77);
    EXPECT_EQ(root->second(), 42u);
    EXPECT_EQ(root->other(), "other");
}

TEST(WireReaderTest, ALongerStructIsReadAndItsUnknownPointersAreNotFollowed) {
    auto root = Segment{make_struct_pointer(0, 2, 3), 77, 5, 0, kFarPointer, ~0ull}.root<Before>();
    ASSERT_TRUE(root);
    EXPECT_EQ(root->first(), 77);
}

TEST(WireReaderTest, ASegmentThatIsNotWholeWordsIsRefused) {
    const std::byte bytes[12] = {};
    EXPECT_EQ(wire::MessageReader::open(bytes).error(), Error::MalformedMessage);
}

TEST(WireReaderTest, ARootThatIsNoStructPointerIsRefused) {
    EXPECT_EQ(refusal<Leaf>({make_list_pointer(0, ElementSize::Byte, 8), 0}), Error::MalformedMessage);
    EXPECT_EQ(refusal<Leaf>({kFarPointer, 0}), Error::MalformedMessage);
    EXPECT_EQ(refusal<Leaf>({wire::make_capability_pointer(0), 0}), Error::MalformedMessage);
}

TEST(WireReaderTest, AStructOutsideTheSegmentIsRefusedOnEitherSide) {
    EXPECT_EQ(refusal<Leaf>({make_struct_pointer(0, 2, 0), 0}), Error::MalformedMessage);
    EXPECT_EQ(refusal<Leaf>({make_struct_pointer(1, 1, 0), 0}), Error::MalformedMessage);
    EXPECT_EQ(refusal<Leaf>({make_struct_pointer(-2, 1, 0), 0}), Error::MalformedMessage);
    EXPECT_EQ(refusal<Leaf>({make_struct_pointer(0x1fffffff, 0xffff, 0xffff)}), Error::MalformedMessage);
    EXPECT_EQ(refusal<Leaf>({make_struct_pointer(-0x20000000, 1, 0)}), Error::MalformedMessage);
    EXPECT_EQ(refusal<Leaf>({make_struct_pointer(0, 1, 0), 0}), Error::None);
    EXPECT_EQ(refusal<Leaf>({make_struct_pointer(-1, 0, 0)}), Error::None);
}

// A Before whose name is the given pointer word, followed by further words.
Segment before_with_name(std::uint64_t pointer, std::uint64_t next = 0) {
    return Segment{make_struct_pointer(0, 1, 1), 0, pointer, next};
}

TEST(WireReaderTest, TextMustBeBytesWithinTheSegmentAndEndInNul) {
    EXPECT_EQ(refusal<Before>(before_with_name(make_list_pointer(0, ElementSize::Byte, 3), 0x00'62'61)), Error::None);
    EXPECT_EQ(refusal<Before>(before_with_name(make_list_pointer(0, ElementSize::Byte, 2), 0x63'62'61)),
              Error::MalformedMessage);
    EXPECT_EQ(refusal<Before>(before_with_name(make_list_pointer(0, ElementSize::Byte, 0))), Error::MalformedMessage);
    EXPECT_EQ(refusal<Before>(before_with_name(make_list_pointer(0, ElementSize::Byte, 9))), Error::MalformedMessage);
    EXPECT_EQ(refusal<Before>(before_with_name(make_list_pointer(0, ElementSize::TwoBytes, 2))),
              Error::MalformedMessage);
    EXPECT_EQ(refusal<Before>(before_with_name(make_struct_pointer(0, 1, 0))), Error::MalformedMessage);
    EXPECT_EQ(refusal<Before>(before_with_name(kFarPointer)), Error::MalformedMessage);
    EXPECT_EQ(refusal<Before>(before_with_name(make_list_pointer(0, ElementSize::Byte, wire::kMaxListCount))),
              Error::MalformedMessage);
}

TEST(WireReaderTest, TextIsReadWithoutItsNul) {
    auto root = before_with_name(make_list_pointer(0, ElementSize::Byte, 3), 0x00'62'61).root<Before>();
    ASSERT_TRUE(root);
    EXPECT_EQ(root->name(), "ab");
}

// Puts `pointer` into pointer slot `slot` of an Everything whose discriminant is `choice`, with words behind it.
Segment everything_with(std::uint32_t slot, std::uint64_t pointer, std::vector<std::uint64_t> behind = {},
                        std::uint16_t choice = 0) {
    constexpr std::size_t kFirst = 1 + Everything::kDataWords;
    std::vector<std::uint64_t> words(kFirst + Everything::kPointers);
    words[0] = make_struct_pointer(0, Everything::kDataWords, Everything::kPointers);
    std::memcpy(reinterpret_cast<char*>(words.data() + 1) + 52, &choice, 2);
    words[kFirst + slot] = pointer + (static_cast<std::uint64_t>(Everything::kPointers - slot - 1) << 2);
    words.insert(words.end(), behind.begin(), behind.end());
    return Segment(std::as_bytes(std::span(words)));
}

// Pointer slots of Everything, in the order of the schema.
enum Slot : std::uint32_t { kBytes = 2, kChild = 3, kFlags = 4, kNumbers = 6, kTexts = 9, kLeaves = 11, kBranches = 12,
                            kMatrix = 13, kVoids = 14 };

TEST(WireReaderTest, DataOfAnyLengthIncludingNoneIsRead) {
    auto root = everything_with(kBytes, make_list_pointer(0, ElementSize::Byte, 3), {0x030201}).root<Everything>();
    ASSERT_TRUE(root);
    ASSERT_EQ(root->bytes().size(), 3u);
    EXPECT_EQ(root->bytes()[2], std::byte{3});
    root = everything_with(kBytes, make_list_pointer(0, ElementSize::Byte, 0)).root<Everything>();
    ASSERT_TRUE(root);
    EXPECT_TRUE(root->has_bytes());
    EXPECT_TRUE(root->bytes().empty());
    EXPECT_EQ(refusal<Everything>(everything_with(kBytes, make_list_pointer(0, ElementSize::Bit, 8), {0})),
              Error::MalformedMessage);
}

TEST(WireReaderTest, AListOfNumbersMustHaveTheirSize) {
    const auto list = [](ElementSize size, std::uint32_t count) {
        return refusal<Everything>(everything_with(kNumbers, make_list_pointer(0, size, count), {0, 0}));
    };
    EXPECT_EQ(list(ElementSize::FourBytes, 4), Error::None);
    EXPECT_EQ(list(ElementSize::FourBytes, 5), Error::MalformedMessage);
    EXPECT_EQ(list(ElementSize::EightBytes, 2), Error::MalformedMessage);
    EXPECT_EQ(list(ElementSize::TwoBytes, 2), Error::MalformedMessage);
    EXPECT_EQ(list(ElementSize::Pointer, 2), Error::MalformedMessage);
    EXPECT_EQ(list(ElementSize::Bit, 2), Error::MalformedMessage);
    EXPECT_EQ(list(ElementSize::FourBytes, wire::kMaxListCount), Error::MalformedMessage);
    EXPECT_EQ(refusal<Everything>(everything_with(kNumbers, make_struct_pointer(0, 1, 0), {0})),
              Error::MalformedMessage);
}

TEST(WireReaderTest, BitsAreReadOneByOneAndNeverAsStructs) {
    auto root = everything_with(kFlags, make_list_pointer(0, ElementSize::Bit, 10), {0x205}).root<Everything>();
    ASSERT_TRUE(root);
    const auto flags = root->flags();
    ASSERT_EQ(flags.size(), 10u);
    for (std::uint32_t i = 0; i < 10; ++i)
        EXPECT_EQ(flags[i], i == 0 || i == 2 || i == 9);
    EXPECT_FALSE(flags[10]);
    EXPECT_EQ(refusal<Everything>(everything_with(kLeaves, make_list_pointer(0, ElementSize::Bit, 10), {0})),
              Error::MalformedMessage);
    EXPECT_EQ(refusal<Everything>(everything_with(kFlags, make_list_pointer(0, ElementSize::Byte, 1), {0})),
              Error::MalformedMessage);
}

TEST(WireReaderTest, AListOfStructsNeedsATagThatFitsItsWords) {
    const auto leaves = [](std::uint32_t words, std::uint64_t tag) {
        return refusal<Everything>(
            everything_with(kLeaves, make_list_pointer(0, ElementSize::Composite, words), {tag, 1, 2, 3, 4}));
    };
    EXPECT_EQ(leaves(4, make_struct_pointer(2, 2, 0)), Error::None);
    EXPECT_EQ(leaves(4, make_struct_pointer(3, 2, 0)), Error::MalformedMessage);
    EXPECT_EQ(leaves(4, make_struct_pointer(0x3fffffff, 0xffff, 0xffff)), Error::MalformedMessage);
    EXPECT_EQ(leaves(5, make_struct_pointer(2, 2, 0)), Error::MalformedMessage);
    EXPECT_EQ(leaves(4, make_list_pointer(2, ElementSize::Byte, 2)), Error::MalformedMessage);
    EXPECT_EQ(leaves(4, kFarPointer), Error::MalformedMessage);
    // No room for the tag itself.
    EXPECT_EQ(refusal<Everything>(everything_with(kLeaves, make_list_pointer(0, ElementSize::Composite, 0))),
              Error::MalformedMessage);
}

TEST(WireReaderTest, ElementsBeyondTheEndOfAListReadAsDefaults) {
    auto root = everything_with(kLeaves, make_list_pointer(0, ElementSize::Composite, 2),
                                {make_struct_pointer(1, 2, 0), 9, 8})
                    .root<Everything>();
    ASSERT_TRUE(root);
    EXPECT_EQ(root->leaves()[0].key(), 9u);
    EXPECT_EQ(root->leaves()[1].key(), 0u);
    EXPECT_EQ(root->leaves()[0xffffffff].value(), -1);
    EXPECT_EQ(root->texts()[3], "");
    EXPECT_EQ(root->numbers()[0], 0);
    EXPECT_TRUE(root->blobs()[0].empty());
    EXPECT_TRUE(root->matrix()[0].empty());
}

TEST(WireReaderTest, PointersInsideListsAreChecked) {
    EXPECT_EQ(refusal<Everything>(everything_with(kTexts, make_list_pointer(0, ElementSize::Pointer, 2),
                                                  {0, make_list_pointer(0, ElementSize::Byte, 9), 0})),
              Error::MalformedMessage);
    EXPECT_EQ(refusal<Everything>(everything_with(kMatrix, make_list_pointer(0, ElementSize::Pointer, 1),
                                                  {make_list_pointer(0, ElementSize::TwoBytes, 5), 0})),
              Error::MalformedMessage);
    EXPECT_EQ(refusal<Everything>(everything_with(kBranches, make_list_pointer(0, ElementSize::Composite, 1),
                                                  {make_struct_pointer(1, 0, 1), kFarPointer})),
              Error::MalformedMessage);
}

TEST(WireReaderTest, ACapabilityPointerIsReadAndItsReservedBitsAreZero) {
    const Segment segment{make_struct_pointer(0, 0, 3), wire::make_capability_pointer(4), 0, 0};
    auto root = segment.root<Keeper::AdoptParams>();
    ASSERT_TRUE(root);
    EXPECT_EQ(root->child(), wire::CapabilityIndex(4));
    EXPECT_FALSE(root->anything().has_value());
    EXPECT_EQ(refusal<Keeper::AdoptParams>({make_struct_pointer(0, 0, 3), 7, 0, 0}), Error::MalformedMessage);
    EXPECT_EQ(refusal<Keeper::AdoptParams>({make_struct_pointer(0, 0, 3), make_struct_pointer(0, 0, 1), 0, 0}),
              Error::MalformedMessage);
    EXPECT_EQ(refusal<Keeper::AdoptParams>({make_struct_pointer(0, 0, 3), 0, 0,
                                            make_list_pointer(0, ElementSize::Pointer, 1), kFarPointer}),
              Error::MalformedMessage);
}

TEST(WireReaderTest, OnlyTheActiveMemberOfAUnionIsCheckedAndReadable) {
    // Choice: 2 is text, 3 is leaf; both stand in the last-but-one slot.
    constexpr std::uint32_t kChoiceSlot = 17;
    const std::uint64_t leaf = make_struct_pointer(0, 2, 0);
    auto as_leaf = everything_with(kChoiceSlot, leaf, {5, 0}, 3).root<Everything>();
    ASSERT_TRUE(as_leaf);
    EXPECT_EQ(as_leaf->choice().leaf().key(), 5u);
    EXPECT_TRUE(as_leaf->choice().has_leaf());
    EXPECT_EQ(as_leaf->choice().text(), "");
    EXPECT_FALSE(as_leaf->choice().has_text());
    EXPECT_TRUE(as_leaf->choice().list().empty());
    EXPECT_EQ(as_leaf->choice().number(), 5u);
    EXPECT_EQ(refusal<Everything>(everything_with(kChoiceSlot, leaf, {5, 0}, 2)), Error::MalformedMessage);

    auto unknown = everything_with(kChoiceSlot, leaf, {5, 0}, 999).root<Everything>();
    ASSERT_TRUE(unknown);
    EXPECT_EQ(static_cast<int>(unknown->choice().which()), 999);
    EXPECT_EQ(unknown->choice().leaf().key(), 0u);
}

TEST(WireReaderTest, StructsThatNestForEverAreRefused) {
    // A list of one Everything whose `branches` is the list itself.
    std::vector<std::uint64_t> behind(1 + 13);
    behind[0] = make_struct_pointer(1, 0, 13);
    behind[1 + kBranches] = make_list_pointer(-14, ElementSize::Composite, 13);
    const Segment loop = everything_with(kBranches, make_list_pointer(0, ElementSize::Composite, 13), behind);
    EXPECT_EQ(refusal<Everything>(loop), Error::TooDeep);
    EXPECT_EQ(refusal<Everything>(loop, {.depth = 100000, .traversal_words = 64 * 1024}), Error::TooDeep);
}

TEST(WireReaderTest, ElementsWithoutContentCountAgainstTheTraversalLimit) {
    const auto voids = [](std::uint32_t count) {
        return refusal<Everything>(everything_with(kVoids, make_list_pointer(0, ElementSize::Void, count)));
    };
    EXPECT_EQ(voids(1000), Error::None);
    EXPECT_EQ(voids(wire::kMaxListCount), Error::TooDeep);
    const auto empties = [](std::int32_t count) {
        return refusal<Holder>({make_struct_pointer(0, 0, 3), 0, make_list_pointer(1, ElementSize::Composite, 0), 0,
                                make_struct_pointer(count, 0, 0)});
    };
    EXPECT_EQ(empties(1000), Error::None);
    EXPECT_EQ(empties(0x1fffffff), Error::TooDeep);
}

TEST(WireReaderTest, OneObjectNamedManyTimesCountsEachTime) {
    std::vector<std::uint64_t> words(2 + 100 + 100);
    words[0] = make_struct_pointer(0, 0, 1);
    words[1] = make_list_pointer(0, ElementSize::Pointer, 100);
    for (std::int32_t i = 0; i < 100; ++i)
        words[2 + static_cast<std::size_t>(i)] = make_list_pointer(99 - i, ElementSize::Byte, 800);
    const Segment segment(std::as_bytes(std::span(words)));
    EXPECT_EQ(refusal<schema::ListsBefore>(segment), Error::MalformedMessage);  // the first slot holds numbers
    words[0] = make_struct_pointer(-1 + 1, 0, 2);
    words[1] = 0;
    words[2] = make_list_pointer(0, ElementSize::Pointer, 99);
    const Segment texts(std::as_bytes(std::span(words)));
    EXPECT_EQ(refusal<schema::ListsBefore>(texts), Error::None);
    EXPECT_EQ(refusal<schema::ListsBefore>(texts, {.depth = 32, .traversal_words = 1000}), Error::TooDeep);
}

TEST(WireReaderTest, AStreamHasExactlyOneSegmentOfTheSizeItNames) {
    const auto stream = [](std::uint32_t more, std::uint32_t words, std::size_t actual_words) {
        std::vector<std::uint64_t> content(actual_words + 1);
        content[0] = more | static_cast<std::uint64_t>(words) << 32;
        auto message = wire::MessageReader::open_stream(std::as_bytes(std::span(content)));
        return message ? Error::None : message.error();
    };
    EXPECT_EQ(stream(0, 2, 2), Error::None);
    EXPECT_EQ(stream(0, 0, 0), Error::None);
    EXPECT_EQ(stream(1, 2, 2), Error::MalformedMessage);
    EXPECT_EQ(stream(0, 3, 2), Error::MalformedMessage);
    EXPECT_EQ(stream(0, 1, 2), Error::MalformedMessage);
    EXPECT_EQ(stream(0, 0xffffffff, 2), Error::MalformedMessage);
    EXPECT_EQ(wire::MessageReader::open_stream({}).error(), Error::MalformedMessage);
}

TEST(WireReaderTest, EveryTruncationAndEverySingleBitFlipOfAMessageIsReadOrRefusedInBounds) {
    Storage storage(4096);
    wire::MessageBuilder builder(storage.span());
    auto everything = builder.init_root<Everything>();
    everything.set_name("a name");
    everything.init_child().set_key(1);
    auto texts = everything.init_texts(2);
    texts.set(0, std::string_view("first"));
    texts.set(1, std::string_view("second"));
    everything.init_leaves(3)[2].set_value(4);
    everything.init_branches(1)[0].set_name("inner");
    everything.init_matrix(1).init(0, 3).set(2, 9);
    everything.choice().init_both().set_second("x");
    const auto message = builder.finish();
    ASSERT_TRUE(message);
    const auto visit = [](const Segment& segment) {
        auto root = segment.root<Everything>();
        if (!root)
            return std::size_t{0};
        std::size_t sum = root->name().size() + root->child().key() + root->choice().both().second().size();
        for (const auto text : root->texts())
            sum += text.size();
        for (const auto leaf : root->leaves())
            sum += static_cast<std::size_t>(leaf.value());
        for (const auto branch : root->branches())
            sum += branch.name().size();
        for (const auto row : root->matrix())
            for (const auto number : row)
                sum += number;
        return sum;
    };
    for (std::size_t size = 0; size <= message->size(); size += 8)
        visit(Segment(message->first(size)));
    for (std::size_t bit = 0; bit < message->size() * 8; ++bit) {
        Segment segment(*message);
        segment[bit / 64] ^= std::uint64_t{1} << (bit % 64);
        visit(segment);
    }
    EXPECT_GT(visit(Segment(*message)), 0u);
}

}  // namespace capos::wire_test
