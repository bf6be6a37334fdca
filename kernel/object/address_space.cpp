#include "kernel/object/address_space.hpp"

#include "kernel/mem/slab.hpp"

namespace capos::kernel {

namespace {

using Wanted = schema::AddressSpace::Protection;

bool known(Wanted protection) {
    return protection == Wanted::read || protection == Wanted::read_write || protection == Wanted::read_execute;
}

Protection checked(Wanted protection) {
    switch (protection) {
    case Wanted::read_write: return Protection::ReadWrite;
    case Wanted::read_execute: return Protection::ReadExecute;
    default: return Protection::Read;
    }
}

// A local error as the exception that the caller sees.
Error as_exception(Error error) {
    switch (error) {
    case Error::OutOfBounds:
    case Error::AlreadyExists:
    case Error::NotFound: return Error::InvalidArgument;
    case Error::OutOfMemory: return Error::QuotaExceeded;
    default: return error;
    }
}

}  // namespace

Result<Ref<AddressSpaceObject>> AddressSpaceObject::of(Process& process, Ledger& ledger) {
    if (process.address_space_ != nullptr) return Ref<AddressSpaceObject>(*process.address_space_);
    AddressSpaceObject* space = TRY(Slab<AddressSpaceObject>::create(&ledger));
    space->process_ = &process;
    process.address_space_ = space;
    return Ref<AddressSpaceObject>(*space);
}

void AddressSpaceObject::destroy() {
    if (process_ != nullptr) process_->address_space_ = nullptr;
    Slab<AddressSpaceObject>::destroy(this);
}

Outcome AddressSpaceObject::call(KernelCall& call) {
    if (process_ == nullptr) return call.fail(Error::Disconnected, "process");
    return Interface::dispatch(*this, call);
}

void AddressSpaceObject::describe(TextWriter& out) const {
    out << "address space of " << (process_ != nullptr ? process_->name() : std::string_view("nobody"));
}

Outcome AddressSpaceObject::map(TypedCall<Interface::MapParams, Interface::MapResults> call) {
    auto object = call.raw().argument<MemoryObject>(call.params().object());
    if (!object) return call.fail(object.error(), "object");
    const auto& wanted = call.params();
    if (wanted.offset() % kPageSize != 0) return call.fail(Error::InvalidArgument, "offset");
    if (wanted.size() % kPageSize != 0 || wanted.size() == 0 || wanted.size() / kPageSize > kMaxMappingPages)
        return call.fail(Error::InvalidArgument, "size");
    if (!known(wanted.protection())) return call.fail(Error::InvalidArgument, "protection");
    auto address = process_->map(**object, wanted.offset() / kPageSize, wanted.size() / kPageSize, wanted.address(),
                                 checked(wanted.protection()));
    if (!address) return call.fail(as_exception(address.error()), "address");
    call.results().set_address(*address);
    return call.done();
}

Outcome AddressSpaceObject::unmap(TypedCall<Interface::UnmapParams, Interface::UnmapResults> call) {
    const auto& wanted = call.params();
    if (wanted.size() % kPageSize != 0) return call.fail(Error::InvalidArgument, "size");
    auto unmapped = process_->unmap(wanted.address(), wanted.size() / kPageSize);
    if (!unmapped) return call.fail(as_exception(unmapped.error()), "address");
    return call.done();
}

Outcome AddressSpaceObject::protect(TypedCall<Interface::ProtectParams, Interface::ProtectResults> call) {
    const auto& wanted = call.params();
    if (!known(wanted.protection())) return call.fail(Error::InvalidArgument, "protection");
    if (wanted.size() % kPageSize != 0) return call.fail(Error::InvalidArgument, "size");
    auto changed = process_->protect(wanted.address(), wanted.size() / kPageSize, checked(wanted.protection()));
    if (!changed) return call.fail(as_exception(changed.error()), "address");
    return call.done();
}

}  // namespace capos::kernel
