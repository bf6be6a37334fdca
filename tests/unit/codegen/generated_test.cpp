// What the plugin generates: dispatch, clients, names.

#include <gtest/gtest.h>

#include <optional>

#include "schema/device.client.hpp"
#include "schema/ipc.client.hpp"
#include "schema/manifest.client.hpp"
#include "schema/memory.client.hpp"
#include "schema/names.hpp"
#include "schema/net.client.hpp"
#include "schema/process.client.hpp"
#include "schema/service.client.hpp"
#include "schema/system.client.hpp"
#include "tests/unit/codegen/store.client.hpp"

namespace capos::codegen_test {

using schema::Store;

// A dispatch context over one request whose outcome is a word.
struct Context {
    using Outcome = std::string;

    template <class Params, class Results>
    struct Call {
        typename Params::Reader params;
    };

    std::uint16_t method() const { return method_number; }
    template <class Params, class Results>
    std::optional<Call<Params, Results>> open() {
        auto message = wire::MessageReader::open(bytes);
        if (!message)
            return std::nullopt;
        auto params = message->root<Params>();
        if (!params)
            return std::nullopt;
        return Call<Params, Results>{*params};
    }
    Outcome malformed() { return "malformed"; }
    Outcome unimplemented() { return "unimplemented"; }

    std::uint16_t method_number;
    std::span<const std::byte> bytes;
};

struct Server {
    std::string put(Context::Call<Store::PutParams, Store::PutResults> call) {
        return "put " + std::string(call.params.key());
    }
    std::string delete_(Context::Call<Store::DeleteParams, Store::DeleteResults> call) {
        return "delete " + std::string(call.params.key());
    }
    std::string list(Context::Call<Store::ListParams, Store::ListResults>) { return "list"; }
    std::string adopt(Context::Call<Store::AdoptParams, Store::AdoptResults>) { return "adopt"; }
    std::string attach(Context::Call<Store::AttachParams, Store::AttachResults>) { return "attach"; }
};

struct IncompleteServer {
    std::string put(Context::Call<Store::PutParams, Store::PutResults>);
};

static_assert(schema::StoreServer<Server, Context>);
static_assert(!schema::StoreServer<IncompleteServer, Context>);

std::string dispatch(std::uint16_t method, std::span<const std::byte> bytes = {}) {
    Server server;
    Context context{method, bytes};
    return Store::dispatch(server, context);
}

TEST(CodegenDispatchTest, EachOrdinalReachesItsMethodAndAnyOtherIsUnimplemented) {
    EXPECT_EQ(dispatch(0), "put ");
    EXPECT_EQ(dispatch(1), "delete ");
    EXPECT_EQ(dispatch(2), "list");
    EXPECT_EQ(dispatch(3), "adopt");
    EXPECT_EQ(dispatch(4), "attach");
    EXPECT_EQ(dispatch(5), "unimplemented");
    EXPECT_EQ(dispatch(0xffff), "unimplemented");
}

TEST(CodegenDispatchTest, AMalformedMessageNeverReachesTheServer) {
    const std::uint64_t far_pointer = 2;
    EXPECT_EQ(dispatch(0, std::as_bytes(std::span(&far_pointer, 1))), "malformed");
}

template <class S>
auto read(const rt::Recorded& recorded, auto&& look) {
    auto message = wire::MessageReader::open(recorded.message);
    EXPECT_TRUE(message);
    auto root = message->root<S>();
    EXPECT_TRUE(root);
    return look(*root);
}

TEST(CodegenClientTest, ACallByPositionFillsItsParametersAndNamesItsMethod) {
    const client::Store store(77);
    const std::byte bytes[] = {std::byte{1}, std::byte{2}};
    const rt::Recorded call = store.put("name", bytes, Store::Colour::green, 9);
    EXPECT_EQ(call.handle, 77u);
    EXPECT_EQ(call.interface_id, Store::kInterfaceId);
    EXPECT_EQ(call.method, static_cast<std::uint16_t>(Store::Method::put));
    EXPECT_EQ(call.accept_capabilities, 0);
    read<Store::PutParams>(call, [](Store::PutParams::Reader params) {
        EXPECT_EQ(params.key(), "name");
        EXPECT_EQ(params.bytes().size(), 2u);
        EXPECT_EQ(params.colour(), Store::Colour::green);
        EXPECT_EQ(params.options(), 9);
    });
}

TEST(CodegenClientTest, AMethodWhoseNameIsAKeywordGetsAnUnderscore) {
    const client::Store store(1);
    EXPECT_EQ(store.delete_("x").method, 1);
    EXPECT_EQ(store.delete_with([](Store::DeleteParams::Builder& params, rt::Outgoing&) { params.set_key("y"); }).method,
              1);
}

TEST(CodegenClientTest, CapabilitiesAreCopiedOrMovedAsTheArgumentSays) {
    const client::Store store(1);
    client::Store child(2);
    client::Timer timer(3);
    const rt::Recorded call = store.adopt(child, std::move(timer), true);
    EXPECT_EQ(call.outgoing.handles, (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(call.outgoing.moved, (std::vector<bool>{false, true}));
    EXPECT_EQ(child.handle(), 2u);
    EXPECT_EQ(timer.handle(), 0u);
    EXPECT_EQ(call.accept_capabilities, 2);
    read<Store::AdoptParams>(call, [](Store::AdoptParams::Reader params) {
        EXPECT_EQ(params.child(), wire::CapabilityIndex(0));
        EXPECT_EQ(params.anything(), wire::CapabilityIndex(1));
        EXPECT_TRUE(params.quick());
    });
}

TEST(CodegenClientTest, AResultThatListsCapabilitiesAcceptsAsManyAsAMessageCarries) {
    const client::Store store(1);
    const rt::Recorded call =
        store.list_with([](Store::ListParams::Builder& params, rt::Outgoing&) { params.init_filter(1); }, {.deadline = 5});
    EXPECT_EQ(call.accept_capabilities, 8);
    EXPECT_EQ(call.options.deadline, 5u);
}

template <class C>
concept TakesSevenByPosition = requires(const C& c) { c.attach(0, 0, 0, 0, 0, 0, 0); };
static_assert(!TakesSevenByPosition<client::Store>, "more than six parameters are filled by name");
static_assert(std::is_same_v<rt::ClientFor<schema::Timer>::type, client::Timer>);

TEST(CodegenNamesTest, InterfacesAndMethodsAreFoundByIdAndName) {
    EXPECT_EQ(schema::interface_name(schema::Timer::kInterfaceId), "Timer");
    EXPECT_EQ(schema::method_name(schema::Timer::kInterfaceId, 1), "sleepUntil");
    EXPECT_EQ(schema::method_name(schema::Timer::kInterfaceId, 2), "unknown");
    EXPECT_EQ(schema::interface_name(12345), "unknown");
    EXPECT_EQ(schema::method_name(12345, 0), "unknown");
    ASSERT_NE(schema::find_interface("TcpListenAuthority"), nullptr);
    EXPECT_EQ(schema::find_interface("TcpListenAuthority")->id, schema::TcpListenAuthority::kInterfaceId);
    EXPECT_EQ(schema::find_interface("NoSuchInterface"), nullptr);
}

}  // namespace capos::codegen_test
