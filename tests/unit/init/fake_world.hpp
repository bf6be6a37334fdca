// A pretended machine for init: the kernel objects that it calls, just deep enough that services "start". What was
// granted to whom is noted by name, memory that init maps into itself is real.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "schema/names.hpp"
#include "schema/process.capnp.hpp"
#include "services/init/catalogue.hpp"
#include "services/init/exports.hpp"
#include "services/init/roots.hpp"
#include "services/init/service.hpp"
#include "tests/unit/elf/executable.hpp"
#include "tests/unit/runtime/fake_kernel.hpp"

namespace capos::test {

class FakeWorld {
public:
    FakeWorld();
    ~FakeWorld();

    // A handle that init holds under a label; what is granted to a process is noted by label.
    template <class Client>
    Client root(const char* label) {
        return Client(rt::Handle(name(label)));
    }
    abi::Handle name(std::string label) {
        labels[++last_handle] = std::move(label);
        return last_handle;
    }

    struct StartedProcess {
        std::string name;
        std::vector<std::string> granted;      // labels, in order
        std::vector<std::string> mapped;       // "read", "readWrite", "readExecute" of each mapping
        bool threads = false;
        bool ended = false;
        std::optional<abi::Submission> waiter;
    };
    // The newest process of that name; fails the test when there is none.
    StartedProcess& process(std::string_view name);
    std::size_t count_of(std::string_view name) const;
    // Ends it as the kernel would.
    void end(StartedProcess& process, schema::Process::WaitResults::Cause cause, std::int64_t status = 0);

    // Answers who waits for the power button; fails the test when nobody does.
    void press_power_button();

    // Lets everything run until nothing is ready; time passes for timers until `until_ns`.
    void settle(std::uint64_t for_ns = 0);

    FakeKernel kernel{64, 128, 512 * 1024};
    std::map<abi::Handle, std::string> labels;
    std::deque<StartedProcess> processes;
    std::vector<std::string> lines;            // of the log
    std::map<std::string, Error> failures;     // "Process.grant" -> the error its next call answers
    std::vector<std::uint16_t> devices;        // bdfs of functions that match
    std::vector<std::uint16_t> claimed;
    std::vector<std::uint16_t> dead;           // of them: answer a claim so
    std::vector<std::string> power;            // "Power.off" and "Power.reset", as they were called
    std::size_t own_views = 0;                 // mappings that init has of memory it fills
    abi::Handle last_handle = 100;

private:
    bool answer(const abi::Submission& call);
    template <class R, class Fill>
    bool reply(const abi::Submission& call, Fill&& fill, std::vector<abi::ReceivedCapability> capabilities = {});
    template <class P>
    typename P::Reader params(const abi::Submission& call);
    bool answer_memory(const abi::Submission& call, const std::string& method);
    bool answer_process(const abi::Submission& call, const std::string& method);
    bool answer_others(const abi::Submission& call, const std::string& method);
    std::size_t process_of(abi::Handle handle) { return process_of_.at(handle); }

    std::optional<abi::Submission> button_waiter_;
    std::map<abi::Handle, std::size_t> process_of_;        // Process and AddressSpace handles
    std::vector<std::unique_ptr<std::byte[]>> memory_;
};

}  // namespace capos::test
