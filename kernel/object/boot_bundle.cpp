#include "kernel/object/boot_bundle.hpp"

#include <new>

#include "kernel/boot/boot_info.hpp"
#include "kernel/console/console.hpp"
#include "kernel/process/process.hpp"

namespace capos::kernel {

namespace {

alignas(BootBundleObject) std::byte storage[sizeof(BootBundleObject)];

static_assert(abi::kMaxBundleEntries <= 64, "one bit each in damaged_");

}  // namespace

BootBundleObject& boot_bundle() {
    static auto* object = new (storage) BootBundleObject;
    return *object;
}

void BootBundleObject::inspect() {
    const MemoryRange range = boot_info().bundle;
    if (range.bytes == 0) {
        fault_ << "the boot loader brought no bundle";
    } else {
        const std::span bytes{static_cast<const std::byte*>(direct(PhysAddr{range.base})), range.bytes};
        const char* reason = nullptr;
        auto opened = bundle::Bundle::open(bytes, &reason);
        if (range.base % kPageSize != 0) {
            fault_ << "the bundle does not start on a page";
        } else {
            // Init and the rescue shell may still be whole when the bundle is not: each has a checksum of its own.
            salvaged_ = !opened;
            if (salvaged_) fault_ << "bundle: " << error_name(opened.error()) << ": " << reason;
            bundle_ = opened ? *opened : bundle::Bundle::salvage(bytes);
            open_ = true;
        }
    }
    if (open_) {
        for (std::uint32_t i = 0; i < bundle_.size(); ++i) {
            if (bundle::Bundle::intact(bundle_[i])) continue;
            damaged_ |= std::uint64_t{1} << i;
            if (fault_.size() == 0) fault_ << "bundle: " << bundle_[i].name << " is damaged (its checksum does not match)";
        }
    }
    if (fault_.size() != 0) console::line("kernel", fault_.view());
}

std::optional<bundle::Entry> BootBundleObject::intact(std::string_view name, abi::BundleKind kind) const {
    if (!open_) return std::nullopt;
    for (std::uint32_t i = 0; i < bundle_.size(); ++i) {
        const bundle::Entry entry = bundle_[i];
        if (entry.kind == kind && entry.name == name && (damaged_ >> i & 1) == 0) return entry;
    }
    return std::nullopt;
}

std::span<const std::byte> BootBundleObject::program(std::string_view name) const {
    const auto entry = intact(name, abi::BundleKind::Program);
    return entry ? entry->contents : std::span<const std::byte>();
}

PhysAddr BootBundleObject::physical(std::span<const std::byte> contents) const {
    return PhysAddr{reinterpret_cast<std::uint64_t>(contents.data()) - kDirectMapBase};
}

Result<Ref<MemoryObject>> BootBundleObject::object_for(const bundle::Entry& entry, Ledger& ledger) {
    const std::uint64_t pages = (entry.contents.size() + kPageSize - 1) / kPageSize;
    return MemoryObject::over(&ledger, physical(entry.contents), pages, entry.kind == abi::BundleKind::Program);
}

Outcome BootBundleObject::manifest(TypedCall<Interface::ManifestParams, Interface::ManifestResults> call) {
    const auto entry = intact("manifest", abi::BundleKind::Manifest);
    if (!entry || salvaged_) return call.fail(Error::Failed, fault_.size() != 0 ? fault_.view() : "the manifest is damaged");
    auto object = object_for(*entry, call.caller().ledger());
    if (!object) return call.fail(Error::QuotaExceeded, "object");
    auto index = call.give(std::move(*object));
    if (!index) return call.fail(index.error(), "object");
    auto results = call.results();
    results.set_object(*index);
    results.set_bytes(entry->contents.size());
    return call.done();
}

Outcome BootBundleObject::program(TypedCall<Interface::ProgramParams, Interface::ProgramResults> call) {
    auto entry = intact(call.params().name(), abi::BundleKind::Program);
    if (!entry) entry = intact(call.params().name(), abi::BundleKind::File);
    if (!entry) {
        call.results().set_outcome(Interface::ProgramResults::Outcome::not_found);
        return call.done();
    }
    auto object = object_for(*entry, call.caller().ledger());
    if (!object) return call.fail(Error::QuotaExceeded, "object");
    auto index = call.give(std::move(*object));
    if (!index) return call.fail(index.error(), "object");
    auto results = call.results();
    results.set_outcome(Interface::ProgramResults::Outcome::found);
    results.set_object(*index);
    results.set_bytes(entry->contents.size());
    return call.done();
}

Outcome BootBundleObject::entries(TypedCall<Interface::EntriesParams, Interface::EntriesResults> call) {
    auto results = call.results();
    results.set_fault(fault_.view());
    auto list = results.init_entries(open_ ? bundle_.size() : 0);
    for (std::uint32_t i = 0; i < list.size(); ++i) {
        const bundle::Entry entry = bundle_[i];
        list[i].set_name(entry.name);
        list[i].set_kind(static_cast<std::uint32_t>(entry.kind));
        list[i].set_bytes(entry.contents.size());
        list[i].set_damaged((damaged_ >> i & 1) != 0);
    }
    return call.done();
}

}  // namespace capos::kernel
