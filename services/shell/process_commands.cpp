// ps, caps, mem, crashes.
#include <array>

#include "lib/text/number.hpp"
#include "lib/text/quantity.hpp"
#include "lib/text/table.hpp"
#include "schema/names.hpp"
#include "services/shell/commands.hpp"
#include "services/shell/object_text.hpp"

namespace capos::shell {

namespace {

using text::Align;
using text::ByteSize;
using text::Column;
using text::Duration;
using text::Share;
using text::Table;
using schema::SystemInfo;

constexpr std::uint64_t kPage = 4096;

std::string_view name_of(SystemInfo::ProcessInfo::State state) {
    switch (state) {
    case SystemInfo::ProcessInfo::State::running: return "running";
    case SystemInfo::ProcessInfo::State::ready: return "ready";
    case SystemInfo::ProcessInfo::State::waiting: return "waiting";
    case SystemInfo::ProcessInfo::State::ended: return "ended";
    }
    return "unknown";
}

std::string_view name_of(schema::ServiceList::State state) {
    switch (state) {
    case schema::ServiceList::State::starting: return "starting";
    case schema::ServiceList::State::running: return "running";
    case schema::ServiceList::State::waiting: return "waiting";
    case schema::ServiceList::State::stopped: return "stopped";
    case schema::ServiceList::State::given_up: return "given up";
    }
    return "unknown";
}

std::string_view interface_name(std::uint64_t id) {
    for (const schema::InterfaceNames& interface : schema::kInterfaces)
        if (interface.id == id)
            return interface.name;
    return "(unknown)";
}

constexpr std::array<Column, 9> kProcessColumns = {
    Column{"PID", 4, Align::Right}, Column{"NAME", 12},              Column{"STATE", 7},
    Column{"RST", 3, Align::Right}, Column{"CPU", 8, Align::Right},  Column{"MEMORY", 8, Align::Right},
    Column{"OF", 5, Align::Right},  Column{"OPS", 10, Align::Right}, Column{"REFUSED", 7, Align::Right}};
static_assert(text::table_width(kProcessColumns) <= 80);

// The last column is as long as it has to be, mostly less than the 47 characters that an 80-column screen leaves it:
// it says what the capability is good for.
constexpr std::size_t kLongestObject = 120;
constexpr std::array<Column, 3> kCapabilityColumns = {
    Column{"HANDLE", 9, Align::Right}, Column{"INTERFACE", 20}, Column{"OBJECT", kLongestObject}};

constexpr std::array<Column, 7> kLedgerColumns = {
    Column{"NAME", 12},              Column{"PAGES", 9, Align::Right},   Column{"OF", 9, Align::Right},
    Column{"OBJECTS", 9, Align::Right}, Column{"OF", 9, Align::Right},   Column{"SLOTS", 6, Align::Right},
    Column{"OF", 6, Align::Right}};
static_assert(text::table_width(kLedgerColumns) <= 80);

// What a process uses itself: the kernel counts the shares that init passed on to the others as used by init. Its name
// no service can have; its pid is another one when it was started anew.
struct OwnUse {
    std::uint64_t pages;
    std::uint64_t object_bytes;
};

OwnUse own_use(const SystemInfo::ProcessesResults::Reader& processes, const SystemInfo::ProcessInfo::Reader& process) {
    constexpr std::string_view kInit = "init";
    OwnUse own{process.pages_used(), process.object_bytes_used()};
    if (process.name() != kInit)
        return own;
    for (const auto other : processes.processes()) {
        if (other.name() == kInit)
            continue;
        own.pages -= other.pages_limit() < own.pages ? other.pages_limit() : own.pages;
        own.object_bytes -= other.object_bytes_limit() < own.object_bytes ? other.object_bytes_limit() : own.object_bytes;
    }
    return own;
}

}  // namespace

rt::Task<void> run_ps(const Context& context) {
    Output& out = context.out;
    if (!context.has(context.held.system, "system", "SystemInfo"))
        co_return;
    const auto processes = co_await context.held.system.processes(0, large_answer());
    if (!processes)
        co_return context.report("system", processes.error());
    // Restarts and services that do not run come from init; without it their column stays empty.
    const auto services = co_await context.held.services.list(large_answer());
    Table table(out.text(), kProcessColumns);
    table.header();
    for (const auto process : (*processes)->processes()) {
        table.cell(process.pid()).cell(process.name()).cell(name_of(process.state()));
        FixedText<16> restarts;
        if (services)
            for (const auto service : (*services)->services())
                if (service.pid() == process.pid())
                    restarts << service.restarts();
        const std::uint64_t pages = own_use(**processes, process).pages;
        table.cell(restarts.view()).cell(Duration{process.cpu_ns()}).cell(ByteSize{pages * kPage});
        table.cell(Share{pages, process.pages_limit()});
        table.cell(process.submissions()).cell(process.refusals());
        co_await out.flush_when_full();
    }
    if ((*processes)->total() > (*processes)->processes().size())
        out << "and " << (*processes)->total() - (*processes)->processes().size() << " more processes\n";
    if (!services)
        co_return;
    for (const auto service : (*services)->services()) {
        if (service.pid() != 0)
            continue;
        out << service.name() << " does not run: " << name_of(service.state());
        if (!service.last_end().empty())
            out << ", last end: " << service.last_end();
        out << '\n';
    }
}

rt::Task<void> run_caps(const Context& context) {
    Output& out = context.out;
    const std::string_view wanted = context.words.argument(0);
    if (!context.has(context.held.system, "system", "SystemInfo"))
        co_return;
    const auto processes = co_await context.held.system.processes(0, large_answer());
    if (!processes)
        co_return context.report("system", processes.error());
    const auto number = text::parse_decimal(wanted, 0xffffffff);
    bool found = false;
    for (const auto process : (*processes)->processes()) {
        if (process.name() != wanted && !(number && process.pid() == *number))
            continue;
        found = true;
        Table table(out.text(), kCapabilityColumns);
        std::uint32_t from = 0;
        do {
            const auto capabilities = co_await context.held.system.capabilities(process.pid(), from, large_answer());
            if (!capabilities)
                co_return context.report("system", capabilities.error());
            if (from == 0) {
                out << process.name() << " (pid " << process.pid() << ") holds " << (*capabilities)->total()
                    << " capabilities:\n";
                table.header();
            }
            for (const auto capability : (*capabilities)->capabilities()) {
                // Slot and generation.
                FixedText<24> handle;
                handle << static_cast<std::uint32_t>(capability.handle()) << ':' << (capability.handle() >> 32);
                const std::string_view interface = interface_name(capability.interface_id());
                FixedText<kLongestObject> object;
                describe_object(object, interface, capability.label());
                table.cell(handle.view()).cell(interface).cell(object.view());
                co_await out.flush_when_full();
            }
            from = (*capabilities)->next();
        } while (from != 0);
    }
    if (!found)
        out << "caps: there is no process \"" << wanted << "\"; ps lists them.\n";
}

rt::Task<void> run_mem(const Context& context) {
    Output& out = context.out;
    if (!context.has(context.held.system, "system", "SystemInfo"))
        co_return;
    const auto overview = co_await context.held.system.overview(large_answer());
    if (!overview)
        co_return context.report("system", overview.error());
    const std::uint64_t total = (*overview)->memory_total();
    const std::uint64_t used = total - (*overview)->memory_free();
    out << "memory " << ByteSize{total} << ", used " << ByteSize{used} << " (" << Share{used, total} << "), free "
        << ByteSize{(*overview)->memory_free()} << ", kernel " << ByteSize{(*overview)->kernel_bytes()} << '\n';
    if ((*overview)->ledger_drift() != 0)
        out << "the ledgers and the frame allocator differ by " << (*overview)->ledger_drift() << " pages\n";
    const auto processes = co_await context.held.system.processes(0, large_answer());
    if (!processes)
        co_return context.report("system", processes.error());
    Table table(out.text(), kLedgerColumns);
    table.header();
    for (const auto process : (*processes)->processes()) {
        const OwnUse own = own_use(**processes, process);
        table.cell(process.name()).cell(ByteSize{own.pages * kPage});
        table.cell(ByteSize{process.pages_limit() * kPage}).cell(ByteSize{own.object_bytes});
        table.cell(ByteSize{process.object_bytes_limit()}).cell(process.slots_used()).cell(process.slots_limit());
        co_await out.flush_when_full();
    }
}

rt::Task<void> run_crashes(const Context& context) {
    Output& out = context.out;
    if (!context.has(context.held.services, "services", "ServiceList"))
        co_return;
    const auto crashes = co_await context.held.services.crashes(large_answer());
    if (!crashes)
        co_return context.report("services", crashes.error());
    if ((*crashes)->crashes().empty())
        out << "no process has faulted\n";
    for (const auto crash : (*crashes)->crashes()) {
        out << text::Seconds{crash.at_ns()} << "  " << crash.process() << " (pid " << crash.pid() << "): " << crash.fault()
            << " at 0x" << Hex{crash.instruction()} << '\n';
        for (const auto frame : crash.backtrace()) {
            out << "    " << frame << '\n';
            co_await out.flush_when_full();
        }
        co_await out.flush_when_full();
    }
}

}  // namespace capos::shell
