// What builders write, what they do when storage runs out, and growth of schemas.

#include "tests/unit/wire/segment.hpp"

namespace capos::wire_test {

using schema::Colour;
using schema::Everything;
using schema::Leaf;

// A message with one of everything that allocates. Works with any storage.
void build_sample(wire::MessageBuilder& builder) {
    auto root = builder.init_root<Everything>();
    root.set_flag(true);
    root.set_flag_by_default(false);
    root.set_small(12);
    root.set_colour(Colour::blue);
    root.set_single(0.25f);
    root.set_double(1e300);
    root.set_name("capOS");
    root.set_bytes(bytes_of("twelve bytes"));
    auto child = root.init_child();
    child.set_key(3);
    child.set_value(-4);
    auto flags = root.init_flags(9);
    flags.set(8, true);
    flags.set(0, true);
    flags.set(0, false);
    root.init_octets(3).set(2, 255);
    root.init_numbers(2).set(1, -5);
    root.init_doubles(1).set(0, 0.5);
    root.init_colours(2).set(1, Colour::green);
    root.init_texts(2).set(1, std::string_view("second"));
    root.init_blobs(1).set(0, bytes_of("blob"));
    auto leaves = root.init_leaves(2);
    leaves[1].set_key(11);
    root.init_branches(1)[0].set_name("branch");
    auto matrix = root.init_matrix(2);
    matrix.init(0, 1).set(0, 6);
    matrix.init(1, 2).set(1, 7);
    root.init_voids(5);
    root.init_word_lists(1).init(0, 1).set(0, std::string_view("word"));
    root.pair().set_left(8);
    root.pair().set_right("right");
    auto both = root.choice().init_both();
    both.set_first(9);
    both.set_second("second");
    both.set_third(true);
}

TEST(WireBuilderTest, WhatIsBuiltIsRead) {
    Storage storage(8192);
    wire::MessageBuilder builder(storage.span());
    build_sample(builder);
    const auto bytes = builder.finish();
    ASSERT_TRUE(bytes);
    auto root = Segment(*bytes).root<Everything>();
    ASSERT_TRUE(root);
    EXPECT_TRUE(root->flag());
    EXPECT_FALSE(root->flag_by_default());
    EXPECT_EQ(root->small(), 12);
    EXPECT_EQ(root->medium(), INT32_MIN);
    EXPECT_EQ(root->colour(), Colour::blue);
    EXPECT_EQ(root->single(), 0.25f);
    EXPECT_EQ(root->double_(), 1e300);
    EXPECT_EQ(root->name(), "capOS");
    EXPECT_EQ(root->name_by_default(), "un\"named\n");
    EXPECT_EQ(root->bytes().size(), 12u);
    EXPECT_EQ(root->child().value(), -4);
    EXPECT_EQ(root->flags().size(), 9u);
    EXPECT_TRUE(root->flags()[8]);
    EXPECT_FALSE(root->flags()[0]);
    EXPECT_EQ(root->octets()[2], 255);
    EXPECT_EQ(root->numbers()[1], -5);
    EXPECT_EQ(root->doubles()[0], 0.5);
    EXPECT_EQ(root->colours()[0], Colour::red);
    EXPECT_EQ(root->colours()[1], Colour::green);
    EXPECT_EQ(root->texts()[0], "");
    EXPECT_EQ(root->texts()[1], "second");
    EXPECT_EQ(root->blobs()[0].size(), 4u);
    EXPECT_EQ(root->leaves()[0].value(), -1);
    EXPECT_EQ(root->leaves()[1].key(), 11u);
    EXPECT_EQ(root->branches()[0].name(), "branch");
    EXPECT_EQ(root->matrix()[1][1], 7);
    EXPECT_EQ(root->voids().size(), 5u);
    EXPECT_EQ(root->word_lists()[0][0], "word");
    EXPECT_EQ(root->pair().left(), 8);
    EXPECT_EQ(root->pair().right(), "right");
    EXPECT_EQ(root->choice().which(), Everything::Choice::Which::both);
    EXPECT_EQ(root->choice().both().first(), 9u);
    EXPECT_TRUE(root->choice().both().third());
}

TEST(WireBuilderTest, StorageThatIsTooSmallByAnyAmountIsAnOverflowAndNothingOutsideIsWritten) {
    Storage enough(8192);
    wire::MessageBuilder measure(enough.span());
    build_sample(measure);
    const std::size_t needed = measure.finish()->size();
    for (std::size_t size = 0; size < needed; ++size) {
        Storage storage(size);  // on the heap: ASan sees a write beyond it
        wire::MessageBuilder builder(storage.span());
        build_sample(builder);
        EXPECT_TRUE(builder.overflowed());
        EXPECT_EQ(builder.finish().error(), Error::Overflow);
    }
    Storage exact(needed);
    wire::MessageBuilder builder(exact.span());
    build_sample(builder);
    EXPECT_EQ(builder.finish()->size(), needed);
}

TEST(WireBuilderTest, ABuilderBeginsAnewWithEachRoot) {
    Storage storage(24);
    wire::MessageBuilder builder(storage.span());
    build_sample(builder);
    EXPECT_TRUE(builder.overflowed());
    builder.init_root<Leaf>().set_key(5);
    const auto bytes = builder.finish();
    ASSERT_TRUE(bytes);
    EXPECT_EQ(Segment(*bytes).root<Leaf>()->key(), 5u);
}

TEST(WireBuilderTest, AStructWithoutFieldsIsAnAbsentMessage) {
    Storage storage(64);
    wire::MessageBuilder builder(storage.span());
    EXPECT_EQ(builder.finish()->size(), 0u);
    builder.init_root<schema::Empty>();
    EXPECT_EQ(builder.finish()->size(), 0u);
}

TEST(WireBuilderTest, AnEmptyStructAsAFieldIsThereAndAnEmptyListIsNot) {
    Storage storage(128);
    wire::MessageBuilder builder(storage.span());
    auto holder = builder.init_root<schema::Holder>();
    holder.init_empty();
    EXPECT_EQ(holder.init_empties(3).size(), 3u);
    holder.set_after("after");
    auto root = Segment(*builder.finish()).root<schema::Holder>();
    ASSERT_TRUE(root);
    EXPECT_TRUE(root->has_empty());
    EXPECT_EQ(root->empties().size(), 3u);
    EXPECT_EQ(root->after(), "after");
    EXPECT_EQ(holder.init_empties(0).size(), 0u);
    EXPECT_FALSE(Segment(*builder.finish()).root<schema::Holder>()->has_empties());
}

TEST(WireBuilderTest, WritingBeyondTheEndOfAListIsAnOverflow) {
    const auto overflows = [](auto&& write) {
        Storage storage(4096);
        wire::MessageBuilder builder(storage.span());
        auto root = builder.init_root<Everything>();
        write(root);
        return builder.overflowed();
    };
    EXPECT_TRUE(overflows([](auto& root) { root.init_numbers(2).set(2, 1); }));
    EXPECT_TRUE(overflows([](auto& root) { root.init_flags(2).set(2, true); }));
    EXPECT_TRUE(overflows([](auto& root) { root.init_texts(2).set(2, std::string_view("x")); }));
    EXPECT_TRUE(overflows([](auto& root) { root.init_blobs(0).set(0, bytes_of("x")); }));
    EXPECT_TRUE(overflows([](auto& root) { root.init_leaves(1)[1].set_key(1); }));
    EXPECT_TRUE(overflows([](auto& root) { root.init_matrix(1).init(1, 1).set(0, 1); }));
    EXPECT_FALSE(overflows([](auto& root) { root.init_numbers(2).set(1, 1); }));
}

TEST(WireBuilderTest, AListLongerThanTheFormatAllowsIsAnOverflow) {
    Storage storage(4096);
    for (const std::uint32_t count : {wire::kMaxListCount, wire::kMaxListCount + 1, 0xffffffffu}) {
        wire::MessageBuilder builder(storage.span());
        auto root = builder.init_root<Everything>();
        EXPECT_EQ(root.init_numbers(count).size(), 0u);
        EXPECT_TRUE(builder.overflowed());
        root = builder.init_root<Everything>();
        EXPECT_EQ(root.init_leaves(count).size(), 0u);
        EXPECT_TRUE(builder.overflowed());
        root = builder.init_root<Everything>();
        EXPECT_TRUE(root.init_bytes(std::size_t{count} + 1).empty());
        EXPECT_TRUE(builder.overflowed());
        auto holder = builder.init_root<schema::Holder>();
        EXPECT_EQ(holder.init_empties(count).size(), count > wire::kMaxListCount ? 0u : count);
    }
}

TEST(WireBuilderTest, FreshDataIsZeroedAndItsPaddingAlsoWhenOverwritingWasPromised) {
    Storage storage(512);
    wire::MessageBuilder builder(storage.span());
    auto root = builder.init_root<Everything>();
    for (const std::byte value : root.init_bytes(13))
        EXPECT_EQ(value, std::byte{0});
    const auto promised = root.init_bytes_for_overwrite(13);
    ASSERT_EQ(promised.size(), 13u);
    for (std::size_t i = 13; i < 16; ++i)
        EXPECT_EQ(promised.data()[i], std::byte{0});
}

TEST(WireBuilderTest, DataAndListsCanBeShortenedAndGiveTheirEndBack) {
    Storage storage(512);
    wire::MessageBuilder builder(storage.span());
    auto root = builder.init_root<Everything>();
    const std::size_t before = builder.finish()->size();
    root.init_bytes(100);
    root.shrink_bytes(3);
    EXPECT_EQ(builder.finish()->size(), before + 8);
    EXPECT_EQ(Segment(*builder.finish()).root<Everything>()->bytes().size(), 3u);
    root.shrink_bytes(4);
    EXPECT_EQ(root.as_reader().bytes().size(), 3u);

    auto leaves = root.init_leaves(5);
    leaves[0].set_key(1);
    leaves[1].set_key(2);
    leaves.shrink_to(2);
    EXPECT_EQ(leaves.size(), 2u);
    EXPECT_EQ(builder.finish()->size(), before + 8 + 8 + 2 * 16);
    leaves.shrink_to(2);
    auto numbers = root.init_numbers(9);
    root.set_name("behind");
    const std::size_t full = builder.finish()->size();
    numbers.shrink_to(0);
    EXPECT_EQ(builder.finish()->size(), full);
    auto reader = Segment(*builder.finish()).root<Everything>();
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->leaves().size(), 2u);
    EXPECT_EQ(reader->leaves()[1].key(), 2u);
    EXPECT_EQ(reader->numbers().size(), 0u);
    EXPECT_EQ(reader->name(), "behind");
}

TEST(WireBuilderTest, AListWithoutContentStaysInBoundsWhenWhatStoodBeforeItIsGivenBack) {
    Storage storage(512);
    wire::MessageBuilder builder(storage.span());
    auto root = builder.init_root<Everything>();
    root.init_bytes(8);
    root.init_voids(3);
    auto octets = root.init_octets(8);
    octets.shrink_to(0);
    root.shrink_bytes(0);
    auto reader = Segment(*builder.finish()).root<Everything>();
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->voids().size(), 3u);
    EXPECT_TRUE(reader->bytes().empty());
}

TEST(WireBuilderTest, AnEmptyTextIsANullPointerUnlessTheDefaultIsNotEmpty) {
    Storage storage(512);
    wire::MessageBuilder builder(storage.span());
    auto root = builder.init_root<Everything>();
    root.set_name("");
    root.set_name_by_default("");
    root.set_bytes({});
    auto reader = Segment(*builder.finish()).root<Everything>();
    ASSERT_TRUE(reader);
    EXPECT_FALSE(reader->has_name());
    EXPECT_TRUE(reader->has_name_by_default());
    EXPECT_EQ(reader->name_by_default(), "");
    EXPECT_FALSE(reader->has_bytes());
}

TEST(WireBuilderTest, ChoosingAGroupInAUnionClearsWhatOtherMembersLeft) {
    Storage storage(512);
    wire::MessageBuilder builder(storage.span());
    auto choice = builder.init_root<Everything>().choice();
    choice.init_both().set_first(~0ull);
    choice.set_number(77);
    EXPECT_EQ(choice.as_reader().number(), 77u);
    choice.set_text("text");
    choice.init_both();
    auto reader = Segment(*builder.finish()).root<Everything>();
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->choice().both().first(), 0u);
    EXPECT_EQ(reader->choice().both().second(), "");
    choice.init_leaf().set_key(4);
    choice.init_list(2).set(1, 5);
    EXPECT_EQ(choice.as_reader().list()[1], 5u);
    choice.set_none();
    EXPECT_EQ(choice.as_reader().which(), Everything::Choice::Which::none);
}

TEST(WireBuilderTest, AUnionWithoutANameStandsInTheStructItself) {
    Storage storage(512);
    wire::MessageBuilder builder(storage.span());
    auto shape = builder.init_root<schema::Shape>();
    shape.set_area(2.0f);
    shape.init_square().set_key(3);
    auto reader = Segment(*builder.finish()).root<schema::Shape>();
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->which(), schema::Shape::Which::square);
    EXPECT_EQ(reader->circle(), 0.0f);
    EXPECT_EQ(reader->square().key(), 3u);
}

TEST(WireBuilderTest, CapabilitiesAreWrittenAsTheirPlaces) {
    Storage storage(512);
    wire::MessageBuilder builder(storage.span());
    auto params = builder.init_root<schema::Keeper::AdoptParams>();
    params.set_child(wire::CapabilityIndex(2));
    params.set_anything(wire::CapabilityIndex());
    params.init_several(2).set(1, wire::CapabilityIndex(0));
    auto reader = Segment(*builder.finish()).root<schema::Keeper::AdoptParams>();
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->child().value(), 2u);
    EXPECT_FALSE(reader->anything());
    EXPECT_FALSE(reader->several()[0]);
    EXPECT_EQ(reader->several()[1], wire::CapabilityIndex(0));
}

TEST(WireBuilderTest, ListsThatGrewIntoStructsAreReadByBothSides) {
    Storage storage(1024);
    wire::MessageBuilder builder(storage.span());
    auto before = builder.init_root<schema::ListsBefore>();
    before.init_numbers(2).set(1, 5);
    before.init_texts(1).set(0, std::string_view("label"));
    auto as_after = Segment(*builder.finish()).root<schema::ListsAfter>();
    ASSERT_TRUE(as_after);
    EXPECT_EQ(as_after->numbers().size(), 2u);
    EXPECT_EQ(as_after->numbers()[1].value(), 5u);
    EXPECT_EQ(as_after->numbers()[1].note(), "");
    EXPECT_EQ(as_after->texts()[0].text(), "label");
    EXPECT_EQ(as_after->texts()[0].weight(), 3);

    auto after = builder.init_root<schema::ListsAfter>();
    auto numbers = after.init_numbers(2);
    numbers[0].set_note("skipped");
    numbers[1].set_value(6);
    after.init_texts(2)[1].set_text("later");
    auto as_before = Segment(*builder.finish()).root<schema::ListsBefore>();
    ASSERT_TRUE(as_before);
    EXPECT_EQ(as_before->numbers()[1], 6u);
    EXPECT_EQ(as_before->texts()[0], "");
    EXPECT_EQ(as_before->texts()[1], "later");
}

TEST(WireBuilderTest, AReaderOfABuilderThatOverflowedIsEmpty) {
    Storage storage(8);
    wire::MessageBuilder builder(storage.span());
    auto root = builder.init_root<Leaf>();
    root.set_key(9);
    EXPECT_EQ(root.as_reader().key(), 0u);
}

}  // namespace capos::wire_test
