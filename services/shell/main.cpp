// The shell on the serial console.
#include <algorithm>
#include <array>
#include <memory>

#include "lib/line_editor/editor.hpp"
#include "lib/text/nearest.hpp"
#include "runtime/executor.hpp"
#include "runtime/grants.hpp"
#include "runtime/log.hpp"
#include "services/shell/commands.hpp"

namespace capos::shell {

namespace {

constexpr std::string_view kPrompt = "capOS> ";

// The names of services, for Tab. Asked for before each line, because services come and go.
class ServiceNames {
public:
    static constexpr std::size_t kMost = 24;

    rt::Task<void> refresh(const Held& held) {
        count_ = 0;
        if (held.services) {
            if (const auto services = co_await held.services.list(large_answer()))
                for (const auto service : (*services)->services())
                    add(service.name());
        } else if (held.system) {
            if (const auto processes = co_await held.system.processes(0, large_answer()))
                for (const auto process : (*processes)->processes())
                    add(process.name());
        }
    }
    void offer(line_editor::Suggestions& suggestions) const {
        for (std::size_t i = 0; i < count_; ++i)
            suggestions.offer({names_[i].data(), lengths_[i]});
    }

private:
    void add(std::string_view name) {
        if (count_ == kMost || name.size() > names_[0].size())
            return;
        lengths_[count_] = name.size();
        std::ranges::copy(name, names_[count_++].begin());
    }

    std::array<std::array<char, 32>, kMost> names_{};
    std::array<std::size_t, kMost> lengths_{};
    std::size_t count_ = 0;
};

class Completion final : public line_editor::Completer {
public:
    explicit Completion(const ServiceNames& services) : services_(services) {}

    void complete(std::string_view before, line_editor::Suggestions& suggestions) override {
        const Words words = split(before);
        if (words.count == 0)
            return offer_commands(suggestions);
        const CommandHelp* command = find_command(words.first());
        if (command == nullptr || words.count != 1)
            return;
        if (command->argument == Argument::Service)
            services_.offer(suggestions);
        else if (command->argument == Argument::Command)
            offer_commands(suggestions);
    }

private:
    static void offer_commands(line_editor::Suggestions& suggestions) {
        for (const std::string_view name : command_names())
            suggestions.offer(name);
    }
    const ServiceNames& services_;
};

// A capability that the shell can do without.
template <class Interface>
typename rt::ClientFor<Interface>::type optional_grant(std::string_view name) {
    if (!rt::grants().has<Interface>(name))
        return {};
    auto client = rt::grants().take<Interface>(name);
    if (!client)
        return {};
    return std::move(*client);
}

class Shell {
public:
    Shell(client::Terminal terminal, Held held)
        : terminal_(std::move(terminal)), held_(std::move(held)), input_(terminal_), out_(terminal_),
          completion_(services_), editor_(kPrompt, &completion_) {}

    // Until the terminal is gone.
    rt::Task<void> run() {
        rt::spawn(input_.pump());
        greet();
        for (;;) {
            co_await services_.refresh(held_);
            editor_.start(out_.text());
            const auto event = co_await edit();
            if (event == Edited::Ended)
                co_return;
            if (event == Edited::Line)
                co_await execute(editor_.line());
            co_await out_.flush();
        }
    }

private:
    enum class Edited { Line, Nothing, Ended };

    void greet() {
        out_ << "\ncapOS. help lists what there is to do.\n";
        if (held_.rescue)
            out_ << "Rescue mode: the manifest did not hold; dmesg names the service and the field.\n";
    }

    rt::Task<Edited> edit() {
        for (;;) {
            co_await out_.flush();
            const auto bytes = co_await input_.wait();
            if (bytes.empty())
                co_return Edited::Ended;
            const auto fed = editor_.feed(bytes, out_.text());
            input_.consume(fed.consumed);
            if (fed.event == line_editor::Event::Line)
                co_return Edited::Line;
            if (fed.event != line_editor::Event::None)
                co_return Edited::Nothing;
        }
    }

    rt::Task<void> execute(std::string_view line) {
        const Words words = split(line);
        if (words.count == 0)
            co_return;
        const CommandHelp* command = find_command(words.first());
        if (command == nullptr) {
            out_ << "there is no command \"" << words.first() << '"';
            if (const std::string_view near = text::nearest(words.first(), command_names()); !near.empty())
                out_ << "; did you mean " << near << "?\n";
            else
                out_ << "; help lists them\n";
            co_return;
        }
        input_.forget_interrupt();
        const Context context{held_, out_, input_, words};
        if (!arguments_fit(*command, context))
            co_return;
        if (auto task = run_command(*command, context); task.valid())
            co_await task;
        else
            out_ << words.first() << ": the shell's heap is too full for it; try again\n";
    }

    client::Terminal terminal_;
    Held held_;
    Input input_;
    Output out_;
    ServiceNames services_;
    Completion completion_;
    line_editor::Editor editor_;
};

rt::Task<int> run() {
    auto terminal = rt::grants().take<schema::Terminal>("terminal");
    if (!terminal)
        co_return 1;
    // The editor's history makes it large: not in the coroutine's frame.
    const std::unique_ptr<Shell> shell(new (std::nothrow) Shell(
        std::move(*terminal),
        {optional_grant<schema::SystemInfo>("system"), optional_grant<schema::ServiceList>("services"),
         optional_grant<schema::ServiceControl>("control"), optional_grant<schema::NetworkManager>("manager"),
         optional_grant<schema::Ping>("ping"), optional_grant<schema::Power>("power"), rt::option("rescue") == "yes"}));
    if (!shell) {
        rt::log_error("the heap is too small for the shell");
        co_return 1;
    }
    co_await shell->run();
    rt::log_error("the terminal is gone");
    co_return 1;
}

}  // namespace

}  // namespace capos::shell

capos::rt::Task<int> capos_main() { return capos::shell::run(); }
