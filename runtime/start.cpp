// The first code of every program: checks what it was given, sets the runtime up, runs capos_main to its end.
#include <cstddef>
#include <cstdint>
#include <span>

#include "abi/ring.hpp"
#include "abi/start.hpp"
#include "runtime/executor.hpp"
#include "runtime/grants.hpp"
#include "runtime/heap.hpp"
#include "runtime/log.hpp"
#include "runtime/ring_client.hpp"
#include "runtime/system_call.hpp"
#include "runtime/task.hpp"
#include "runtime/time.hpp"
#include "schema/system.capnp.hpp"

namespace capos::rt {

namespace {

// Exit statuses of a program that could not start. Above what programs use themselves.
enum StartFailure : std::int64_t {
    kNoStartInfo = 240,       // not a start page, or of another version
    kTooManyGrants = 241,
    kBadHeap = 242,
    kNoRing = 243,            // not a ring of this version
    kNoMemory = 244,          // the heap is too small for the runtime itself or for capos_main's frame
};

Task<void> run_main(int& status) { status = co_await capos_main(); }

void run_constructors();

[[noreturn]] void finish(std::int64_t status) {
    // What is still queued (log lines, returns, releases) goes out first.
    (void)cap_enter(0, 0);
    exit_thread(status);
}

[[noreturn]] void start(const abi::StartInfo* info, std::byte* ring) {
    if (info == nullptr || info->magic != abi::kStartMagic || info->version != abi::kStartVersion)
        exit_thread(kNoStartInfo);
    if (info->grant_count > abi::kMaxGrants) exit_thread(kTooManyGrants);
    if (info->heap_address == 0 || info->heap_address % 4096 != 0 || info->heap_bytes < 4096) exit_thread(kBadHeap);
    heap().create(reinterpret_cast<void*>(info->heap_address), info->heap_bytes);
    const auto created = ring_client().create(ring);
    if (!created) exit_thread(created.error() == Error::OutOfMemory ? kNoMemory : kNoRing);
    detail::set_time_page(reinterpret_cast<const void*>(info->time_page));
    detail::set_start_info(*info);
    const std::span given(reinterpret_cast<const abi::StartGrant*>(info + 1), info->grant_count);
    grants().create(given);
    for (const abi::StartGrant& grant : given)
        if (grant.interface_id == schema::Log::kInterfaceId && std::string_view(grant.name) == "log")
            detail::set_log(grant.handle);
    run_constructors();

    int status = 0;
    Task<void> task = run_main(status);
    if (!task.valid()) exit_thread(kNoMemory);
    executor().run(std::move(task));
    finish(status);
}

}  // namespace

}  // namespace capos::rt

extern "C" {

using Constructor = void (*)();
extern const Constructor __init_array_start[];
extern const Constructor __init_array_end[];

// RDI and RSI as abi/start.hpp says; the stack is aligned as after a call.
[[noreturn]] void _start(const capos::abi::StartInfo* info, std::byte* ring) { capos::rt::start(info, ring); }

// Ends the program with a line in the log and a fault, so that the crash record has a backtrace.
[[noreturn]] void capos_abort(const char* message) noexcept {
    static constinit bool aborting = false;
    if (!aborting) {
        aborting = true;
        capos::rt::log_error("abort: {}", message);
        (void)capos::rt::cap_enter(0, 0);
    }
    for (;;) __builtin_trap();
}

}  // extern "C"

namespace capos::rt {
namespace {
void run_constructors() {
    for (const Constructor* constructor = __init_array_start; constructor != __init_array_end; ++constructor)
        (*constructor)();
}
}  // namespace
}  // namespace capos::rt
