#include "services/init/catalogue.hpp"

#include <algorithm>
#include <cstring>

#include "abi/bundle.hpp"
#include "runtime/log.hpp"

namespace capos::init {

namespace {

constexpr std::uint64_t kPageBytes = 4096;

rt::Task<Result<std::span<const std::byte>>> map_read_only(const Roots& roots, const client::MemoryObject& object,
                                                           std::uint64_t bytes) {
    if (bytes == 0) co_return std::span<const std::byte>();
    const std::uint64_t size = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    auto mapped = CO_TRY(co_await roots.address_space.map(object, 0, size, 0, schema::AddressSpace::Protection::read));
    co_return std::span(reinterpret_cast<const std::byte*>(mapped->address()), bytes);
}

rt::Task<Result<MappedFile>> fetch(const Roots& roots, std::string_view name) {
    auto reply = CO_TRY(co_await roots.boot_bundle.program(name));
    if (reply->outcome() != schema::BootBundle::ProgramResults::Outcome::found) co_return Error::NotFound;
    MappedFile file;
    file.object = CO_TRY(reply.take<schema::MemoryObject>(reply->object()));
    file.contents = CO_TRY(co_await map_read_only(roots, file.object, reply->bytes()));
    co_return std::move(file);
}

}  // namespace

rt::Task<Result<void>> Catalogue::load(const Roots& roots) {
    auto entries = CO_TRY(co_await roots.boot_bundle.entries({.reply_bytes = 16 * 1024 - 64}));
    fault_length_ = std::min(entries->fault().size(), sizeof fault_);
    std::copy_n(entries->fault().data(), fault_length_, fault_);
    items_.reserve(entries->entries().size());
    for (const auto entry : entries->entries()) {
        if (entry.kind() == static_cast<std::uint32_t>(abi::BundleKind::Manifest)) continue;
        Item item{};
        std::copy_n(entry.name().data(), std::min(entry.name().size(), sizeof item.name - 1), item.name);
        item.kind = entry.kind();
        item.damaged = entry.damaged();
        // init itself is loaded by the kernel and is mapped only for its symbols, if it should crash: never here.
        if (!item.damaged && entry.name() != kInitName) item.file = CO_TRY(co_await fetch(roots, entry.name()));
        items_.push_back(std::move(item));
    }
    auto manifest = co_await roots.boot_bundle.manifest();
    if (!manifest) co_return {};      // damaged; fault() says so
    manifest_.object = CO_TRY(manifest->take<schema::MemoryObject>((*manifest)->object()));
    manifest_.contents = CO_TRY(co_await map_read_only(roots, manifest_.object, (*manifest)->bytes()));
    co_return {};
}

const Catalogue::Item* Catalogue::find_item(std::string_view name) const {
    for (const Item& item : items_)
        if (item.name_view() == name) return &item;
    return nullptr;
}

const MappedFile* Catalogue::find(std::string_view name) const {
    const Item* item = find_item(name);
    return item == nullptr || item->damaged || !item->file.object ? nullptr : &item->file;
}

Presence Catalogue::program(std::string_view name, std::span<const std::byte>& contents) {
    const Item* item = find_item(name);
    if (item == nullptr || item->kind != static_cast<std::uint32_t>(abi::BundleKind::Program)) return Presence::Missing;
    if (item->damaged) return Presence::Damaged;
    contents = item->file.contents;
    return Presence::Present;
}

Presence Catalogue::entry(std::string_view name) {
    const Item* item = find_item(name);
    if (item == nullptr) return Presence::Missing;
    if (item->damaged) return Presence::Damaged;
    // What was not fetched (init's own program) cannot be given.
    return item->file.object ? Presence::Present : Presence::Missing;
}

}  // namespace capos::init
