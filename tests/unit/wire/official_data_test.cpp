// Data types, in both directions, against the official capnp tool.

#include "schema/manifest.capnp.hpp"
#include "tests/unit/wire/everything_text.hpp"
#include "tests/unit/wire/official.hpp"
#include "tests/unit/wire/segment.hpp"

namespace capos::wire_test {

using schema::Everything;
using schema::Grant;

constexpr std::uint32_t kValues = 150;
constexpr const char* kSchema = " tests/unit/wire/everything.capnp Everything";

// One message of ours whose branches are random, and the same as text.
struct Ours {
    Ours() : storage(1024 * 1024), builder(storage.span()) {
        std::mt19937 random(20261122);
        auto branches = builder.init_root<Everything>().init_branches(kValues);
        for (std::uint32_t i = 0; i < kValues; ++i)
            fill_randomly(random, branches[i], 2);
        const auto finished = builder.finish();
        EXPECT_TRUE(finished);
        bytes.assign(reinterpret_cast<const char*>(finished->data()), finished->size());
        const Segment segment(bytes_of(bytes));
        auto root = segment.root<Everything>();
        EXPECT_TRUE(root);
        text = text_of(*root);
    }
    Storage storage;
    wire::MessageBuilder builder;
    std::string bytes;
    std::string text;
};

// `text` as the official compiler understands it, in the given format. It goes through a constant in a schema of its
// own, because the tool's converter refuses negative floating-point numbers and the least Int64.
std::string compiled(const std::string& text, const std::string& format) {
    char path[] = "/tmp/capos-wire-test-XXXXXX.capnp";
    const int file = mkstemps(path, 6);
    const std::string schema = "@0xd3a1b2c3d4e5f601;\nusing E = import \"/tests/unit/wire/everything.capnp\";\n"
                               "const value :E.Everything = " + text + ";\n";
    EXPECT_EQ(write(file, schema.data(), schema.size()), static_cast<ssize_t>(schema.size()));
    close(file);
    const std::string result = capnp("eval -I. " + format + " " + path + " value");
    unlink(path);
    return result;
}

TEST(WireOfficialTest, TheOfficialToolReadsWhatWeBuild) {
    const Ours ours;
    const std::string seen = capnp("decode --flat --short" + std::string(kSchema), ours.bytes);
    const std::string meant = compiled(ours.text, "--short");
    EXPECT_TRUE(seen == meant) << seen << "\n---\n" << meant;
    EXPECT_GT(seen.size(), kValues * 300);
}

TEST(WireOfficialTest, WeReadWhatTheOfficialToolBuilds) {
    const Ours ours;
    const std::string flat = compiled(ours.text, "-oflat");
    const Segment segment(bytes_of(flat));
    auto root = segment.root<Everything>();
    ASSERT_TRUE(root);
    ASSERT_EQ(root->branches().size(), kValues);
    EXPECT_TRUE(text_of(*root) == ours.text);
}

TEST(WireOfficialTest, WeReadTheCanonicalFormInWhichTrailingDefaultsAreCut) {
    const std::string flat = capnp("convert text:canonical" + std::string(kSchema),
                                   "(tiny = 5, leaves = [(), (key = 7)], voids = [void, void])");
    const Segment segment(bytes_of(flat));
    auto root = segment.root<Everything>();
    ASSERT_TRUE(root);
    EXPECT_EQ(root->tiny(), 5);
    EXPECT_EQ(root->qword(), UINT64_MAX);
    EXPECT_EQ(root->name_by_default(), "un\"named\n");
    EXPECT_EQ(root->leaves().size(), 2u);
    EXPECT_EQ(root->leaves()[1].key(), 7u);
    EXPECT_EQ(root->leaves()[1].value(), -1);
    EXPECT_EQ(root->voids().size(), 2u);
}

void check_sample(schema::Manifest::Reader manifest) {
    EXPECT_EQ(manifest.version(), 1u);
    EXPECT_EQ(manifest.name(), "sample");
    ASSERT_EQ(manifest.services().size(), 3u);
    const auto web = manifest.services()[0];
    EXPECT_EQ(web.name(), "web");
    EXPECT_EQ(web.heap_pages(), 100u);
    EXPECT_EQ(web.stack_pages(), 16u);
    EXPECT_EQ(web.object_bytes(), 131072u);
    EXPECT_EQ(web.restart(), schema::Restart::on_failure);
    EXPECT_EQ(web.priority(), 4);
    EXPECT_EQ(web.options(), "port=80");
    ASSERT_EQ(web.grants().size(), 4u);
    EXPECT_EQ(web.grants()[0].source().kernel(), "Log");
    const auto listen = web.grants()[1];
    EXPECT_EQ(listen.interface(), "TcpListenAuthority");
    ASSERT_EQ(listen.source().which(), Grant::Source::Which::service);
    EXPECT_EQ(listen.source().service().export_(), "listen");
    EXPECT_EQ(listen.source().service().scope(), 5244984u);
    EXPECT_EQ(web.grants()[2].source().self(), "AddressSpace");
    EXPECT_EQ(web.grants()[3].source().file(), "index.html");
    EXPECT_EQ(web.grants()[3].source().kernel(), "");
    const auto device = manifest.services()[1].grants()[0].source().device();
    EXPECT_EQ(device.vendor(), 0x1af4);
    ASSERT_EQ(device.devices().size(), 2u);
    EXPECT_EQ(device.devices()[1], 0x1041);
    EXPECT_FALSE(device.optional());
    EXPECT_EQ(manifest.services()[1].restart(), schema::Restart::always);
    EXPECT_EQ(manifest.services()[2].exports()[0].in_flight(), 64u);
}

TEST(WireOfficialTest, AManifestCompiledByTheOfficialToolReadsWithItsDefaults) {
    const std::string flat = capnp("eval -I. -oflat tests/unit/wire/manifest_sample.capnp sample");
    const Segment segment(bytes_of(flat));
    auto manifest = segment.root<schema::Manifest>();
    ASSERT_TRUE(manifest);
    check_sample(*manifest);
}

TEST(WireOfficialTest, AManifestInStreamFramingReadsTheSame) {
    const std::string stream = capnp("eval -I. -obinary tests/unit/wire/manifest_sample.capnp sample");
    auto message = wire::MessageReader::open_stream(bytes_of(stream));
    ASSERT_TRUE(message);
    auto manifest = message->root<schema::Manifest>();
    ASSERT_TRUE(manifest);
    check_sample(*manifest);
}

}  // namespace capos::wire_test
