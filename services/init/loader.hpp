// Makes a process from an executable: the plan of lib/elf carried out with address-space and memory capabilities.
#pragma once

#include <cstdint>
#include <string_view>

#include "abi/start.hpp"
#include "lib/elf/elf.hpp"
#include "runtime/task.hpp"
#include "schema/manifest.capnp.hpp"
#include "schema/process.client.hpp"
#include "services/init/catalogue.hpp"
#include "services/init/roots.hpp"

namespace capos::init {

// A process under construction. When any step fails, discard() is the last; the process ends with the Loader.
class Loader {
public:
    explicit Loader(const Roots& roots) : roots_(roots) {}

    // Creates the process with the service's limits and maps program, stack, heap and start page.
    rt::Task<Result<void>> prepare(const schema::Service::Reader& service, const MappedFile& program);
    // Copies a capability into the process under a grant name.
    rt::Task<Result<void>> grant(std::string_view name, std::uint64_t interface_id, rt::Sent capability);
    // Maps the time page and tells the program where.
    rt::Task<Result<void>> give_time_page();
    // Writes the start page and starts the first thread. The process is the caller's from then on.
    rt::Task<Result<client::Process>> start(const schema::Service::Reader& service);

    // Takes back what start() would have.
    rt::Task<void> discard();

    const client::AddressSpace& address_space() const { return address_space_; }
    const client::Process& process() const { return process_; }

private:
    rt::Task<Result<void>> close_own_view();
    rt::Task<Result<void>> map_program(const MappedFile& program);

    const Roots& roots_;
    client::Process process_;
    client::AddressSpace address_space_;
    client::MemoryObject private_pages_;     // start page, then writable segments, then stack, then heap
    std::uint64_t private_size_ = 0;
    std::uint64_t own_view_ = 0;             // where init sees start page and writable segments while it fills them
    std::uint64_t own_view_size_ = 0;
    elf::Plan plan_;
    abi::StartInfo info_{};
    abi::StartGrant grants_[abi::kMaxGrants];
};

}  // namespace capos::init
