// Manifests of names and numbers that the input chooses, from sets small enough that they often fit together. Either
// the check holds, or it has said in one line why not.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "lib/wire/wire.hpp"
#include "services/init/check/manifest_check.hpp"
#include "tests/unit/elf/executable.hpp"

using namespace capos;

namespace {

class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
    std::uint8_t byte() {
        if (size_ == 0) return 0;
        --size_;
        return *data_++;
    }
    // Mostly `usual`, sometimes anything.
    std::uint32_t number(std::uint32_t usual) {
        const std::uint8_t choice = byte();
        if (choice < 240) return usual;
        return choice == 255 ? ~std::uint32_t{0} : static_cast<std::uint32_t>(byte()) << (choice - 240);
    }
    template <std::size_t N>
    std::string_view pick(const std::string_view (&from)[N]) {
        return from[byte() % N];
    }
    bool empty() const { return size_ == 0; }

private:
    const std::uint8_t* data_;
    std::size_t size_;
};

constexpr std::string_view kServices[] = {"a", "b", "c", "d", "e", "init", "", "Bad", "a-name-that-is-much-too-long-for-it"};
constexpr std::string_view kPrograms[] = {"good", "good", "good", "good", "broken", "damaged", "missing"};
constexpr std::string_view kInterfaces[] = {"Log", "Log", "Log", "Timer", "MemoryObject", "AddressSpace", "PciFunction", "ServiceControl", "Nothing"};
constexpr std::string_view kGrants[] = {"log", "timer", "x", "y", "z", "out-endpoint", "bad name", ""};
constexpr std::string_view kExports[] = {"out", "in", "control", "Bad", "a-name-that-is-too-long-here"};
constexpr std::string_view kTexts[] = {"Log", "Log", "Timer", "AddressSpace", "good", "damaged", "Nothing", ""};
constexpr std::string_view kOptions[] = {"", "a=b", "\x01"};

class Contents final : public init::BundleContents {
public:
    init::Presence program(std::string_view name, std::span<const std::byte>& contents) override {
        static const std::vector<std::byte> good = test::Executable().bytes();
        contents = name == "good" ? std::span<const std::byte>(good) : std::span<const std::byte>(good).first(40);
        return entry(name);
    }
    init::Presence entry(std::string_view name) override {
        if (name == "good" || name == "broken") return init::Presence::Present;
        return name == "damaged" ? init::Presence::Damaged : init::Presence::Missing;
    }
};

void write_grant(Input& input, schema::Grant::Builder grant) {
    grant.set_name(input.pick(kGrants));
    grant.set_interface(input.pick(kInterfaces));
    auto source = grant.source();
    switch (input.byte() % 5) {
    case 0: source.set_kernel(input.pick(kTexts)); break;
    case 1: source.set_self(input.pick(kTexts)); break;
    case 2: source.set_file(input.pick(kTexts)); break;
    case 3: {
        auto device = source.init_device();
        device.init_devices(input.byte() % 3);
        break;
    }
    default: {
        auto service = source.init_service();
        service.set_service(input.pick(kServices));
        service.set_export(input.pick(kExports));
        service.set_scope(input.byte());
    }
    }
}

void write_service(Input& input, schema::Service::Builder service) {
    service.set_name(input.pick(kServices));
    service.set_program(input.pick(kPrograms));
    service.set_options(input.pick(kOptions));
    service.set_restart(static_cast<schema::Restart>(input.number(0)));
    service.set_heap_pages(input.number(64));
    service.set_stack_pages(input.number(16));
    service.set_pages(input.number(512));
    service.set_object_bytes(input.number(4096));
    service.set_slots(input.number(64));
    service.set_submissions(input.number(64));
    service.set_completions(input.number(64));
    service.set_message_pages(input.number(28));
    service.set_priority(static_cast<std::uint8_t>(input.number(4)));
    auto exports = service.init_exports(input.byte() % 3);
    for (std::uint32_t i = 0; i < exports.size(); ++i) {
        exports[i].set_name(input.pick(kExports));
        exports[i].set_interface(input.pick(kInterfaces));
        exports[i].set_in_flight(input.number(64));
        exports[i].set_parked_per_number(input.number(16));
    }
    auto grants = service.init_grants(input.number(input.byte() % 4) % 80);
    for (std::uint32_t i = 0; i < grants.size(); ++i) write_grant(input, grants[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static std::byte storage[256 * 1024];
    Input input(data, size);
    wire::MessageBuilder builder(storage);
    auto manifest = builder.init_root<schema::Manifest>();
    manifest.set_version(input.number(1));
    auto services = manifest.init_services(input.number(1 + input.byte() % 5) % 64);
    for (std::uint32_t i = 0; i < services.size() && !input.empty(); ++i) write_service(input, services[i]);
    const auto message = builder.finish();
    if (!message) return 0;
    const auto reader = wire::MessageReader::open(*message)->root<schema::Manifest>();
    if (!reader) std::abort();
    Contents contents;
    init::FaultText fault;
    const init::Budget budget{input.number(100000), input.number(1 << 20)};
    const auto checked = init::check_manifest(*reader, contents, budget, fault);
    if (checked.has_value() != fault.view().empty()) std::abort();
    return 0;
}
