#include "services/web/licenses.hpp"

#include <cstddef>
#include <cstring>

#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "schema/memory.client.hpp"

namespace capos::web {

namespace {

rt::Task<Result<std::string_view>> map_text(client::MemoryObject object, client::AddressSpace space) {
    const auto info = CO_TRY(co_await object.info());
    const std::uint64_t size = info->size();
    const auto mapped = CO_TRY(co_await space.map(object, 0, size, 0, schema::AddressSpace::Protection::read));
    const auto* text = reinterpret_cast<const char*>(mapped->address());
    // The object is filled with zeros up to its last page's end.
    const void* end = std::memchr(text, 0, size);
    co_return std::string_view(text, end == nullptr ? size : static_cast<const char*>(end) - text);
}

}  // namespace

rt::Task<std::string_view> open_licenses() {
    if (!rt::grants().has<schema::MemoryObject>("licenses") || !rt::grants().has<schema::AddressSpace>("addressSpace"))
        co_return std::string_view();
    auto object = rt::grants().take<schema::MemoryObject>("licenses");
    auto space = rt::grants().take<schema::AddressSpace>("addressSpace");
    if (!object || !space)
        co_return std::string_view();
    const auto text = co_await map_text(std::move(*object), std::move(*space));
    if (!text) {
        rt::log_warning("cannot map the licences: {}", text.error());
        co_return std::string_view();
    }
    co_return *text;
}

}  // namespace capos::web
