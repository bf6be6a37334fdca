#include "tests/kernel_host/system.hpp"

#include <cstring>

#include "kernel/mem/accounts.hpp"
#include "kernel/mem/slab.hpp"
#include "kernel/object/address_space.hpp"

namespace capos::test {

using kernel::Ref;
using kernel::Scheduler;

Bytes bytes_of(std::string_view text) {
    Bytes bytes((text.size() + 7) / 8 * 8);
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

// --- Hand ----------------------------------------------------------------------------------------------------------

Hand::Hand(TestSystem& system, kernel::Thread& thread)
    : system_(system), thread_(&thread), shape_(thread.ring().queues().shape()) {
    std::byte* ring = mapped_page(thread.process().page_tables(), thread.ring().user_address()).frame;
    header_ = reinterpret_cast<abi::RingHeader*>(ring);
    submissions_ = reinterpret_cast<abi::Submission*>(ring + header_->sq_offset);
    completions_ = reinterpret_cast<abi::Completion*>(ring + header_->cq_offset);
    messages_ = ring + header_->message_offset;
}

std::uint64_t Hand::push(abi::Submission entry) {
    if (entry.user_data == 0) entry.user_data = next_user_data_++;
    if (header_->sq_tail - header_->sq_head >= shape_.sq_entries) broken("a test's submission queue is full");
    submissions_[header_->sq_tail & (shape_.sq_entries - 1)] = entry;
    ++header_->sq_tail;
    ++pushed_;
    return entry.user_data;
}

bool Hand::running() const { return Scheduler::current() == thread_; }
bool Hand::runnable() const {
    return thread_->state() == kernel::Thread::State::Running || thread_->state() == kernel::Thread::State::Ready;
}

void Hand::run() {
    for (unsigned turns = 0; !running(); ++turns) {
        if (!runnable()) broken("a thread is to run that waits or has ended");
        if (turns == 1000) broken("a thread never has its turn");
        kernel::Thread* current = Scheduler::current();
        if (current == nullptr) {
            machine().settle();
            continue;
        }
        machine().enter([&] {
            kernel::on_syscall(current->context(), static_cast<std::uint64_t>(abi::SystemCall::CapEnter), ~0ull, 0);
        });
    }
}

std::uint64_t Hand::enter(std::uint64_t min_complete, std::uint64_t deadline) {
    run();
    machine().enter([&] {
        kernel::on_syscall(thread_->context(), static_cast<std::uint64_t>(abi::SystemCall::CapEnter), min_complete,
                           deadline);
    });
    temporary_.clear();
    read_completions();
    return result();
}

void Hand::wait(std::uint64_t min_complete, std::uint64_t deadline) {
    run();
    machine().enter([&] {
        kernel::on_syscall(thread_->context(), static_cast<std::uint64_t>(abi::SystemCall::CapEnter), min_complete,
                           deadline);
    });
    temporary_.clear();
    if (thread_->state() != kernel::Thread::State::Waiting) broken("a thread does not wait that was expected to");
}

void Hand::exit(std::int64_t status) {
    run();
    machine().enter([&] {
        kernel::on_syscall(thread_->context(), static_cast<std::uint64_t>(abi::SystemCall::Exit),
                           static_cast<std::uint64_t>(status), 0);
    });
    machine().settle();
}

void Hand::fault(std::uint32_t vector, std::uint64_t address) {
    run();
    machine().enter([&] {
        kernel::on_user_fault(thread_->context(), {.vector = vector, .error_code = 6, .address = address});
    });
    machine().settle();
}

void Hand::read_completions() {
    const std::uint32_t tail = header_->cq_tail;
    if (tail - header_->cq_head > shape_.cq_entries) broken("the kernel posted more completions than the queue holds");
    for (; header_->cq_head != tail; ++header_->cq_head) {
        done_.push_back(completions_[header_->cq_head & (shape_.cq_entries - 1)]);
        ++completed_;
    }
}

std::optional<abi::Completion> Hand::take(std::uint64_t user_data) {
    read_completions();
    for (auto at = done_.begin(); at != done_.end(); ++at) {
        if (at->user_data != user_data) continue;
        const abi::Completion completion = *at;
        done_.erase(at);
        return completion;
    }
    return std::nullopt;
}

bool Hand::completed(std::uint64_t user_data) {
    read_completions();
    for (const abi::Completion& completion : done_)
        if (completion.user_data == user_data) return true;
    return false;
}

std::uint32_t Hand::area(std::uint32_t bytes) {
    bytes = (bytes + 7) & ~7u;
    std::uint32_t at = 0;
    const auto pass = [&](std::uint32_t from, std::uint32_t to) {
        if (at >= to || at + bytes <= from) return false;
        at = (to + 7) & ~7u;
        return true;
    };
    for (bool moved = true; moved;) {
        moved = false;
        for (const auto& [id, place] : pending_) moved = pass(place.from, place.to) || moved;
        for (const auto& [from, to] : temporary_) moved = pass(from, to) || moved;
    }
    if (bytes > shape_.message_bytes || at > shape_.message_bytes - bytes) broken("a test's message area is full");
    temporary_.emplace_back(at, at + bytes);
    return at;
}

abi::Submission Hand::call_entry(abi::Handle handle, std::uint64_t interface_id, std::uint16_t method,
                                 const Bytes& message, const CallOptions& options) {
    const auto message_bytes = static_cast<std::uint32_t>(message.size() + 7) & ~7u;
    const auto list_bytes = static_cast<std::uint32_t>(options.send.size() * sizeof(abi::SentCapability));
    const std::uint32_t capacity =
        options.capacity + options.accept * static_cast<std::uint32_t>(sizeof(abi::ReceivedCapability));
    const std::uint32_t message_at = area(message_bytes + list_bytes + capacity);
    const std::uint32_t list_at = message_at + message_bytes;
    const std::uint32_t buffer_at = list_at + list_bytes;
    if (!message.empty()) std::memcpy(messages_ + message_at, message.data(), message.size());
    for (std::size_t i = 0; i < options.send.size(); ++i) {
        const abi::SentCapability sent{options.send[i].handle, options.send[i].mode, 0};
        std::memcpy(messages_ + list_at + i * sizeof(sent), &sent, sizeof(sent));
    }
    abi::Submission entry{};
    entry.operation = abi::Operation::Call;
    entry.handle = handle;
    entry.interface_or_call = interface_id;
    entry.method = method;
    entry.send_capabilities = static_cast<std::uint16_t>(options.send.size());
    entry.accept_capabilities = options.accept;
    entry.message_offset = message_at;
    entry.message_length = static_cast<std::uint32_t>(message.size());
    entry.capability_offset = list_at;
    entry.buffer_offset = buffer_at;
    entry.buffer_capacity = capacity;
    entry.deadline = options.deadline;
    entry.user_data = next_user_data_++;
    pending_[entry.user_data] = {buffer_at, options.accept, message_at, buffer_at + capacity};
    return entry;
}

std::vector<abi::ReceivedCapability> Hand::read_list(std::uint32_t offset, std::uint32_t count) {
    std::vector<abi::ReceivedCapability> list(count);
    if (count != 0) std::memcpy(list.data(), messages_ + offset, count * sizeof(abi::ReceivedCapability));
    return list;
}

std::uint64_t Hand::begin_receive(abi::Handle endpoint, std::uint16_t accept, std::uint32_t capacity,
                                  std::uint64_t deadline) {
    abi::Submission entry{};
    entry.operation = abi::Operation::Receive;
    entry.handle = endpoint;
    entry.accept_capabilities = accept;
    entry.buffer_capacity = capacity;
    entry.buffer_offset = area(capacity);
    entry.deadline = deadline;
    entry.user_data = next_user_data_++;
    pending_[entry.user_data] = {entry.buffer_offset, accept, entry.buffer_offset, entry.buffer_offset + capacity};
    return push(entry);
}

Request Hand::finish_receive(std::uint64_t receive) {
    const auto completion = take(receive);
    if (!completion) broken("a receive has not completed");
    const Pending place = pending_.at(receive);
    pending_.erase(receive);
    Request request;
    request.status = static_cast<Error>(completion->status);
    if (request.status != Error::None) return request;
    request.call_id = completion->call_id;
    std::memcpy(&request.header, messages_ + place.offset, sizeof(request.header));
    request.capabilities = read_list(place.offset + sizeof(request.header), completion->capabilities);
    const std::byte* from =
        messages_ + place.offset + sizeof(request.header) + place.accept * sizeof(abi::ReceivedCapability);
    request.message.assign(from, from + completion->message_length);
    return request;
}

Request Hand::receive(abi::Handle endpoint, std::uint16_t accept, std::uint32_t capacity) {
    const std::uint64_t id = begin_receive(endpoint, accept, capacity);
    enter();
    return finish_receive(id);
}

std::uint64_t Hand::begin_answer(abi::Handle endpoint, std::uint64_t call_id, const Bytes& message,
                                 const std::vector<Sent>& send, Error exception) {
    abi::Submission entry = call_entry(endpoint, call_id, 0, message, {.accept = 0, .capacity = 0, .send = send});
    pending_.erase(entry.user_data);
    entry.operation = abi::Operation::Return;
    entry.deadline = 0;
    entry.buffer_offset = 0;
    if (exception != Error::None) {
        entry.flags = abi::kReturnException;
        entry.method = static_cast<std::uint16_t>(exception);
    }
    return push(entry);
}

namespace {

Error status_of(const std::optional<abi::Completion>& completion) {
    if (!completion) broken("an operation has not completed");
    return static_cast<Error>(completion->status);
}

}  // namespace

Error Hand::answer(abi::Handle endpoint, std::uint64_t call_id, const Bytes& message, const std::vector<Sent>& send,
                   Error exception) {
    const std::uint64_t id = begin_answer(endpoint, call_id, message, send, exception);
    enter();
    return status_of(take(id));
}

Error Hand::release(abi::Handle handle) {
    abi::Submission entry{};
    entry.operation = abi::Operation::Release;
    entry.handle = handle;
    const std::uint64_t id = push(entry);
    enter();
    return status_of(take(id));
}

std::uint64_t Hand::begin_cancel(std::uint64_t user_data) {
    abi::Submission entry{};
    entry.operation = abi::Operation::Cancel;
    entry.interface_or_call = user_data;
    return push(entry);
}

Error Hand::cancel(std::uint64_t user_data) {
    const std::uint64_t id = begin_cancel(user_data);
    enter();
    return status_of(take(id));
}

// --- kernel objects ------------------------------------------------------------------------------------------------

abi::Handle Hand::create_memory(std::uint64_t size) {
    using I = schema::MemoryFactory;
    auto answer = call<I::CreateParams, I::CreateResults>(
        static_cast<User*>(this)->memory_factory, I::kInterfaceId, 0, [&](auto& params) { params.set_size(size); },
        {.accept = 1});
    refused = answer.status;
    return answer.handle(answer.results.object());
}

abi::Handle Hand::create_endpoint(std::string_view name, std::uint32_t in_flight, std::uint32_t parked) {
    using I = schema::EndpointFactory;
    auto answer = call<I::CreateParams, I::CreateResults>(
        static_cast<User*>(this)->endpoint_factory, I::kInterfaceId, 0,
        [&](auto& params) {
            params.set_name(name);
            params.set_in_flight(in_flight);
            params.set_parked_per_number(parked);
        },
        {.accept = 1});
    refused = answer.status;
    return answer.handle(answer.results.endpoint());
}

abi::Handle Hand::create_notification() {
    using I = schema::NotificationFactory;
    auto answer = call<I::CreateParams, I::CreateResults>(
        static_cast<User*>(this)->notification_factory, I::kInterfaceId, 0, [](auto&) {}, {.accept = 1});
    refused = answer.status;
    return answer.handle(answer.results.notification());
}

abi::Handle Hand::mint(abi::Handle endpoint, std::uint64_t number, std::uint64_t interface_id, bool persistent) {
    using I = schema::Endpoint;
    auto answer = call<I::MintParams, I::MintResults>(
        endpoint, I::kInterfaceId, 0,
        [&](auto& params) {
            params.set_number(number);
            params.set_interface_id(interface_id);
            params.set_persistent(persistent);
        },
        {.accept = 1});
    refused = answer.status;
    return answer.handle(answer.results.reference());
}

Error Hand::revoke(abi::Handle endpoint, std::uint64_t number) {
    using I = schema::Endpoint;
    return call<I::RevokeParams, I::RevokeResults>(endpoint, I::kInterfaceId, 1,
                                                   [&](auto& params) { params.set_number(number); })
        .status;
}

Error Hand::signal(abi::Handle notification, std::uint64_t bits) {
    using I = schema::Notification;
    return call<I::SignalParams, I::SignalResults>(notification, I::kInterfaceId, 0,
                                                   [&](auto& params) { params.set_bits(bits); })
        .status;
}

std::uint64_t Hand::begin_wait(abi::Handle notification, const CallOptions& options) {
    return begin_call(notification, schema::Notification::kInterfaceId, 1, {}, options);
}

kernel::UserAddr Hand::map(abi::Handle space, abi::Handle object, std::uint64_t offset, std::uint64_t size,
                           std::uint64_t address, schema::AddressSpace::Protection protection) {
    using I = schema::AddressSpace;
    auto answer = call<I::MapParams, I::MapResults>(
        space, I::kInterfaceId, 0,
        [&](auto& params) {
            params.set_object(wire::CapabilityIndex(0));
            params.set_offset(offset);
            params.set_size(size);
            params.set_address(address);
            params.set_protection(protection);
        },
        {.send = {{object}}});
    refused = answer.status;
    return answer ? answer.results.address() : 0;
}

// --- User ----------------------------------------------------------------------------------------------------------

User::User(TestSystem& system, kernel::Thread& thread, Ref<kernel::Process> process)
    : Hand(system, thread), reference(std::move(process)), pid(reference->pid()) {
    kernel::RootObjects& root = kernel::root_objects();
    memory_factory = grant(root.memory_factory);
    endpoint_factory = grant(root.endpoint_factory);
    notification_factory = grant(root.notification_factory);
    process_factory = grant(root.process_factory);
    timer = grant(root.timer);
    auto space = kernel::AddressSpaceObject::of(*reference, reference->ledger());
    address_space = space ? grant(**space) : abi::kNoHandle;
}

abi::Handle User::grant(kernel::Object& object, std::uint64_t interface_id) {
    auto handle = reference->table().insert(Ref<kernel::Object>(object), interface_id);
    return handle ? *handle : abi::kNoHandle;
}

abi::Handle User::grant_from(User& other, abi::Handle handle) {
    auto index = other.reference->table().look_up(handle);
    if (!index) broken("a handle to be copied is not there");
    const auto& slot = other.reference->table()[*index];
    return grant(*slot.object, slot.interface_id);
}

kernel::Object& User::object(abi::Handle handle) {
    auto index = reference->table().look_up(handle);
    if (!index) broken("an object is asked for by a handle that is not there");
    return *reference->table()[*index].object;
}

void User::kill() {
    reference->end({.cause = schema::Process::WaitResults::Cause::killed});
    machine().settle();
}

// --- TestSystem ----------------------------------------------------------------------------------------------------

TestSystem::TestSystem(std::uint64_t pages, std::uint64_t object_bytes) {
    static const bool once = [] {
        if (!kernel::root_objects().timer.create()) broken("no memory for the time page");
        kernel::root_objects().entropy.seed();
        kernel::close_kernel_account();
        return true;
    }();
    (void)once;
    machine().ended.clear();
    machine().serial.clear();
    machine().serial_blocked = false;
    used_before_ = memory().used - kernel::CellPool::pages_in_use();
    cells_before_ = memory().cells;
    auto ledger = kernel::Ledger::create_root(pages, object_bytes);
    if (!ledger) broken("no memory for the root ledger");
    ledger_ = *ledger;
}

User* TestSystem::try_user(std::string_view name, const UserOptions& options) {
    auto process = kernel::Process::create(*ledger_, name, 0, options.pages, options.object_bytes, options.slots);
    if (!process) {
        refused = process.error();
        return nullptr;
    }
    auto shape = kernel::RingShape::create(options.sq_entries, options.cq_entries, options.message_bytes);
    if (!shape) broken("a test's ring shape");
    auto thread = (*process)->start_thread(0x400000, 0x800000, 0x1234, *shape);
    if (!thread) {
        refused = thread.error();
        return nullptr;
    }
    users_.push_back(std::make_unique<User>(*this, **thread, *process));
    *thread = {};
    machine().settle();
    return users_.back().get();
}

User& TestSystem::user(std::string_view name, const UserOptions& options) {
    User* user = try_user(name, options);
    if (user == nullptr) broken("a test's process could not be made");
    return *user;
}

void TestSystem::end_all() {
    for (auto& user : users_)
        if (user->reference) {
            user->reference->end({.cause = schema::Process::WaitResults::Cause::killed});
            user->reference = {};
        }
    machine().settle();
}

std::string TestSystem::leftovers() {
    std::string text;
    const auto expect = [&](std::string_view what, std::uint64_t is, std::uint64_t should) {
        if (is != should) text += std::string(what) + " is " + std::to_string(is) + ", was " + std::to_string(should) + "; ";
    };
    // Cells are counted where they are single allocations, pages of them where they are not (cells.cpp).
    const std::uint64_t slab_pages = kernel::CellPool::pages_in_use();
    expect("frames", memory().used - slab_pages, used_before_);
    if (slab_pages == 0) expect("cells", memory().cells, cells_before_ + 1);   // the root ledger itself
    expect("pages of the root ledger", ledger_->used(kernel::Resource::Pages), 0);
    expect("object bytes of the root ledger", ledger_->used(kernel::Resource::ObjectBytes), 0);
    expect("drift", static_cast<std::uint64_t>(kernel::memory_accounts().drift()), 0);
    expect("processes", !kernel::all_processes().empty(), 0);
    expect("endpoints", !kernel::all_endpoints().empty(), 0);
    expect("current thread", kernel::Scheduler::current() != nullptr, 0);
    return text;
}

TestSystem::~TestSystem() {
    memory().takes_until_failure = ~std::uint64_t{0};
    end_all();
    // Nothing may be left that a later time would touch. What has been refused is said a line at a time.
    unsigned times = 0;
    do {
        if (++times == 200) broken("the timer is armed again and again");
        machine().advance(std::uint64_t{1} << 40);
    } while (machine().armed != ~std::uint64_t{0});
    if (const std::string left = leftovers(); !left.empty()) broken(left.c_str());
    users_.clear();
    ledger_->release();
}

}  // namespace capos::test
