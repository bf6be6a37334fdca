// BootBundle: what the boot loader brought, every checksum verified before the first call is answered.
#pragma once

#include "kernel/object/memory_object.hpp"
#include "kernel/object/static_object.hpp"
#include "lib/bundle/bundle.hpp"
#include "schema/system.capnp.hpp"

namespace capos::kernel {

class BootBundleObject final : public StaticObject {
public:
    using Interface = schema::BootBundle;
    // Looks at the bundle in memory. A fault is remembered and told to whoever asks; of a bundle that does not
    // hold only what is whole is used, and never its manifest.
    void inspect();
    // Table checksum: which bundle this is.
    std::uint64_t identity() const { return open_ ? bundle_.identity() : 0; }
    // The contents of the undamaged program `name`; empty when there is none.
    std::span<const std::byte> program(std::string_view name) const;
    PhysAddr physical(std::span<const std::byte> contents) const;
    std::string_view fault() const { return fault_.view(); }

    std::uint64_t interface_id() const override { return Interface::kInterfaceId; }
    Outcome call(KernelCall& call) override { return Interface::dispatch(*this, call); }
    void describe(TextWriter& out) const override { out << "boot bundle"; }
    Outcome manifest(TypedCall<Interface::ManifestParams, Interface::ManifestResults> call);
    Outcome program(TypedCall<Interface::ProgramParams, Interface::ProgramResults> call);
    Outcome entries(TypedCall<Interface::EntriesParams, Interface::EntriesResults> call);

private:
    Result<Ref<MemoryObject>> object_for(const bundle::Entry& entry, Ledger& ledger);
    std::optional<bundle::Entry> intact(std::string_view name, abi::BundleKind kind) const;

    bundle::Bundle bundle_;
    bool open_ = false;
    bool salvaged_ = false;             // only a rescue is started from it
    std::uint64_t damaged_ = 0;         // bit i: entry i does not match its checksum
    FixedText<160> fault_;
};

BootBundleObject& boot_bundle();

}  // namespace capos::kernel
