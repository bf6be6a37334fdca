#include "services/init/loader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/elf/elf.hpp"

namespace capos::init {

namespace {

using Protection = schema::AddressSpace::Protection;

constexpr std::uint64_t kPageBytes = 4096;

// Where things stand in every process beside its program. Between two of them a page stays unmapped; below the stack
// that is the guard page.
constexpr std::uint64_t kStartPage = 0x4000'0000;
constexpr std::uint64_t kTimePage = kStartPage + 2 * kPageBytes;
constexpr std::uint64_t kStackGuard = kTimePage + 2 * kPageBytes - kPageBytes;
constexpr std::uint64_t kStack = kStackGuard + kPageBytes;

constexpr std::uint64_t kMostKernelObjectSize = 256 * 1024 * 1024;
constexpr std::uint64_t kLargestMapping = 64 * 1024 * 1024;

// As much of it as there is room for, zeroes behind it.
template <std::size_t Room>
void copy_text(char (&to)[Room], std::string_view text) {
    std::memset(to, 0, Room);
    std::copy_n(text.data(), std::min(text.size(), Room - 1), to);
}

}  // namespace

rt::Task<Result<void>> Loader::prepare(const schema::Service::Reader& service, const MappedFile& program) {
    plan_ = CO_TRY(elf::plan(program.contents));
    // What init pays for the service is not in the process's own ledger too: together they are the manifest's `pages`.
    const std::uint64_t paid = pages_paid_by_init(service, plan_.writable_pages());
    auto created = CO_TRY(co_await roots_.process_factory.create_with([&](auto& params, rt::Outgoing&) {
        params.set_name(service.name());
        auto limits = params.init_limits();
        limits.set_pages(service.pages() - paid);
        limits.set_object_bytes(service.object_bytes());
        limits.set_slots(service.slots());
    }));
    process_ = CO_TRY(created.take<schema::Process>(created->process()));
    auto space = CO_TRY(co_await process_.address_space());
    address_space_ = CO_TRY(space.take<schema::AddressSpace>(space->address_space()));

    private_size_ = paid * kPageBytes;
    if (private_size_ > kMostKernelObjectSize) co_return Error::QuotaExceeded;
    auto memory = CO_TRY(co_await roots_.memory_factory.create(private_size_));
    private_pages_ = CO_TRY(memory.take<schema::MemoryObject>(memory->object()));
    own_view_size_ = (1 + plan_.writable_pages()) * kPageBytes;
    auto view =
        CO_TRY(co_await roots_.address_space.map(private_pages_, 0, own_view_size_, 0, Protection::read_write));
    own_view_ = view->address();

    CO_TRY(co_await map_program(program));
    const std::uint64_t stack_offset = own_view_size_;
    const std::uint64_t stack_size = service.stack_pages() * kPageBytes;
    const std::uint64_t heap_size = service.heap_pages() * kPageBytes;
    const std::uint64_t heap = kStack + stack_size + kPageBytes;
    info_.magic = abi::kStartMagic;
    info_.version = abi::kStartVersion;
    info_.heap_address = heap;
    info_.heap_bytes = heap_size;
    copy_text(info_.process_name, service.name());
    copy_text(info_.options, service.options());
    CO_TRY(co_await address_space_.map(private_pages_, 0, kPageBytes, kStartPage, Protection::read));
    CO_TRY(co_await address_space_.map(private_pages_, stack_offset, stack_size, kStack, Protection::read_write));
    for (std::uint64_t at = 0; at < heap_size; at += kLargestMapping)
        CO_TRY(co_await address_space_.map(private_pages_, stack_offset + stack_size + at,
                                           std::min(heap_size - at, kLargestMapping), heap + at, Protection::read_write));
    co_return {};
}

rt::Task<Result<void>> Loader::map_program(const MappedFile& program) {
    std::uint64_t offset = kPageBytes;       // in private_pages_, behind the start page
    for (const elf::Segment& segment : plan_.segments()) {
        const std::uint64_t size = segment.pages() * kPageBytes;
        if (segment.protection != elf::Protection::ReadWrite) {
            CO_TRY(co_await address_space_.map(
                program.object, segment.file_page_offset(), size, segment.page_address(),
                segment.protection == elf::Protection::ReadExecute ? Protection::read_execute : Protection::read));
            continue;
        }
        auto* to = reinterpret_cast<std::byte*>(own_view_ + offset + (segment.address - segment.page_address()));
        std::memcpy(to, program.contents.data() + segment.file_offset, segment.file_bytes);
        CO_TRY(co_await address_space_.map(private_pages_, offset, size, segment.page_address(),
                                           Protection::read_write));
        offset += size;
    }
    co_return {};
}

rt::Task<Result<void>> Loader::grant(std::string_view name, std::uint64_t interface_id, rt::Sent capability) {
    if (info_.grant_count == abi::kMaxGrants) co_return Error::Exhausted;
    auto granted = CO_TRY(co_await process_.grant(std::move(capability)));
    abi::StartGrant& entry = grants_[info_.grant_count++];
    copy_text(entry.name, name);
    entry.interface_id = interface_id;
    entry.handle = granted->handle();
    co_return {};
}

rt::Task<Result<void>> Loader::give_time_page() {
    auto page = CO_TRY(co_await roots_.timer.page());
    const client::MemoryObject object = CO_TRY(page.take<schema::MemoryObject>(page->page()));
    CO_TRY(co_await address_space_.map(object, 0, kPageBytes, kTimePage, Protection::read));
    info_.time_page = kTimePage;
    co_return {};
}

rt::Task<Result<void>> Loader::close_own_view() {
    if (own_view_ == 0) co_return {};
    CO_TRY(co_await roots_.address_space.unmap(std::exchange(own_view_, 0), own_view_size_));
    co_return {};
}

rt::Task<void> Loader::discard() {
    (void)co_await close_own_view();
    if (process_) (void)co_await process_.kill();
}

rt::Task<Result<client::Process>> Loader::start(const schema::Service::Reader& service) {
    static_assert(sizeof(abi::StartInfo) + sizeof(abi::StartGrant) * abi::kMaxGrants <= kPageBytes);
    auto* page = reinterpret_cast<std::byte*>(own_view_);
    std::memcpy(page, &info_, sizeof info_);
    std::memcpy(page + sizeof info_, grants_, info_.grant_count * sizeof grants_[0]);
    CO_TRY(co_await close_own_view());
    const std::uint64_t stack_top = kStack + service.stack_pages() * kPageBytes;
    auto started = CO_TRY(co_await process_.start_thread_with([&](auto& params, rt::Outgoing&) {
        params.set_entry(plan_.entry());
        params.set_stack(stack_top - 8);
        params.set_argument(kStartPage);
        auto ring = params.init_ring();
        ring.set_sq_entries(service.submissions());
        ring.set_cq_entries(service.completions());
        ring.set_message_bytes(static_cast<std::uint32_t>(service.message_pages() * kPageBytes));
    }));
    const client::Thread thread = CO_TRY(started.take<schema::Thread>(started->thread()));
    CO_TRY(co_await thread.set_priority(service.priority()));
    co_return std::move(process_);
}

}  // namespace capos::init
