// The kernel's brokered queues, from the driver's calls to the words that a model device sees.
#include <cstring>

#include "tests/unit/device/queue_fixture.hpp"

namespace capos::test {
namespace {

TEST_F(QueueTest, FramesGoInAndComeBackWithTheirLengths) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    auto posted = exchange(receive_slots(8));
    EXPECT_EQ(posted.results.posted(), 8);
    EXPECT_EQ(in_flight(), 8u);
    EXPECT_EQ(facts(FakeMachine::kModern).slots_in_flight, 8u);
    auto model = device();
    for (std::uint32_t i = 0; i < 3; ++i)
        model.give(model.take()->head, 60 + i);
    const auto done = exchange({});
    ASSERT_EQ(done.results.done().size(), 3u);
    EXPECT_EQ(done.results.done()[2].slot(), 2u);
    EXPECT_EQ(done.results.done()[2].written(), 62u);
    EXPECT_EQ(done.results.fault(), Fault::none);
    EXPECT_EQ(in_flight(), 5u);
}

TEST_F(QueueTest, DeviceIsToldAddressesInsideThePoolOnly) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    exchange({{5, 16, 100, false, true}, {5, 200, 64, true, false}});
    auto model = device();
    const auto chain = model.take();
    ASSERT_TRUE(chain);
    ASSERT_EQ(chain->parts.size(), 2u);
    // Where the driver would see it: two slots a page.
    const kernel::UserAddr mapped = driver.map(driver.address_space, memory, 0, 32 * 4096);
    const MappedPage page = mapped_page(driver.process().page_tables(), mapped + 2 * 4096);
    EXPECT_EQ(reinterpret_cast<std::byte*>(chain->parts[0].address), page.frame + 2048 + 16);
    EXPECT_EQ(reinterpret_cast<std::byte*>(chain->parts[1].address), page.frame + 2048 + 200);
}

TEST_F(QueueTest, NothingMovesBeforeActivation) {
    bring_up();
    EXPECT_EQ(exchange(receive_slots(1)).results.fault(), Fault::not_active);
    EXPECT_EQ(in_flight(), 0u);
}

TEST_F(QueueTest, RefusedEntryIsNamedAndTheChainsBeforeItAreTaken) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    auto answer = exchange({{0, 0, 100, true, false}, {1, 0, 10, false, true}, {1, 10, 4000, true, false}});
    EXPECT_EQ(answer.results.posted(), 1);
    EXPECT_EQ(answer.results.fault(), Fault::bad_range);
    EXPECT_EQ(answer.results.fault_index(), 2);
    answer = exchange({{0, 0, 100, true, false}});
    EXPECT_EQ(answer.results.fault(), Fault::slot_in_flight);
    answer = exchange({{64, 0, 100, true, false}});
    EXPECT_EQ(answer.results.fault(), Fault::bad_slot);
    answer = exchange({{3, 0, 100, true, true}});                         // its chain does not end
    EXPECT_EQ(answer.results.fault(), Fault::bad_chain);
    answer = exchange(std::vector<Entry>(9, Entry{3, 0, 1, false, true}));
    EXPECT_EQ(answer.results.fault(), Fault::bad_chain);
    EXPECT_EQ(answer.results.fault_index(), 8);
    EXPECT_EQ(in_flight(), 1u);
}

TEST_F(QueueTest, FullQueueTakesFewerAndThatIsNoFault) {
    fake_machine().memory_at<std::uint16_t>(kBar + virtio::modern::kQueueSize) = 8;
    bring_up();
    fake_machine().memory_at<std::uint16_t>(kBar + virtio::modern::kQueueSize) = 256;
    ASSERT_EQ(activate(), Error::None);
    const auto answer = exchange(receive_slots(12));
    EXPECT_EQ(answer.results.posted(), 8);
    EXPECT_EQ(answer.results.fault(), Fault::none);
}

TEST_F(QueueTest, CompletionsThatDoNotFitTheCallersBufferStayInTheQueue) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    exchange(receive_slots(16));
    auto model = device();
    while (const auto chain = model.take())
        model.give(chain->head, 100);
    auto some = exchange({}, 512, false, 64);
    ASSERT_EQ(some.status, Error::None);
    EXPECT_GT(some.results.done().size(), 0u);
    EXPECT_LT(some.results.done().size(), 16u);
    EXPECT_TRUE(some.results.pending());
    const auto rest = exchange({});
    EXPECT_EQ(some.results.done().size() + rest.results.done().size(), 16u);
}

TEST_F(QueueTest, ArmingSaysWhatIsThereAlready) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    EXPECT_FALSE(exchange(receive_slots(2), 512, true).results.pending());
    auto model = device();
    EXPECT_TRUE(model.interrupts_wanted());
    model.give(model.take()->head, 1);
    EXPECT_TRUE(exchange({}, 0, true).results.pending());
    EXPECT_TRUE((call<BrokeredQueue, BrokeredQueue::ArmAndLookParams, BrokeredQueue::ArmAndLookResults>(
                     queue, BrokeredQueue::Method::arm_and_look, kNothing)
                     .results.pending()));
    exchange({});
    EXPECT_FALSE(model.interrupts_wanted());
}

TEST_F(QueueTest, LyingDeviceIsReportedCountedAndUsableAfterAReset) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    exchange(receive_slots(4));
    const std::uint64_t before = facts(FakeMachine::kModern).misbehaviours;
    device().give(999, 1);
    EXPECT_EQ(exchange({}).results.fault(), Fault::device_misbehaved);
    EXPECT_EQ(exchange({}).results.fault(), Fault::device_misbehaved);
    EXPECT_EQ(facts(FakeMachine::kModern).misbehaviours, before + 1);
    const abi::Handle old = queue;
    EXPECT_EQ(reset(function), Error::None);
    EXPECT_EQ(in_flight(), 0u);
    EXPECT_EQ(exchange({}).status, Error::Disconnected);
    begin();
    ASSERT_EQ(activate(), Error::None);
    EXPECT_EQ(exchange(receive_slots(4)).results.posted(), 4);
    driver.release(old);
}

TEST_F(QueueTest, IndexThatMovesWithNothingInFlightIsReportedWhateverTheDriverAsksFor) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    const std::uint64_t before = facts(FakeMachine::kModern).misbehaviours;
    device().jump(1);
    EXPECT_EQ(exchange({}, 0).results.fault(), Fault::device_misbehaved);
    EXPECT_EQ(exchange({}).results.fault(), Fault::device_misbehaved);
    EXPECT_EQ(facts(FakeMachine::kModern).misbehaviours, before + 1);
}

TEST_F(QueueTest, DriverThatTakesNothingBackLosesNothing) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    exchange(receive_slots(2));
    auto model = device();
    model.give(model.take()->head, 60);
    const auto none = exchange({}, 0);
    EXPECT_EQ(none.results.fault(), Fault::none);
    EXPECT_TRUE(none.results.pending());
    EXPECT_EQ(exchange({}).results.done().size(), 1u);
}

TEST_F(QueueTest, DeviceThatAsksForAResetIsReportedCountedAndUsableAfterIt) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    exchange(receive_slots(2));
    const abi::Handle registers = registers_of(function);
    EXPECT_EQ(read(registers, 0, 1).status, Error::None);
    EXPECT_EQ(exchange({}).results.fault(), Fault::none);
    const std::uint64_t before = facts(FakeMachine::kModern).misbehaviours;
    fake_machine().memory_at<std::uint8_t>(kBar + virtio::modern::kDeviceStatus) |= virtio::kStatusNeedsReset;
    EXPECT_EQ(read(registers, 0, 1).status, Error::Failed);               // a change of the configuration is looked at
    EXPECT_EQ(exchange({}).results.fault(), Fault::device_misbehaved);
    EXPECT_EQ(read(registers, 0, 1).status, Error::Failed);
    EXPECT_EQ(facts(FakeMachine::kModern).misbehaviours, before + 1);
    EXPECT_EQ(reset(function), Error::None);
    begin();
    ASSERT_EQ(activate(), Error::None);
    EXPECT_EQ(read(registers_of(function), 0, 1).status, Error::None);
    EXPECT_EQ(exchange(receive_slots(2)).results.posted(), 2);
}

TEST_F(QueueTest, ModernQueueLargerThanTheKernelsIsMadeSmaller) {
    auto& device_size = fake_machine().memory_at<std::uint16_t>(kBar + virtio::modern::kQueueSize);
    device_size = 32768;
    bring_up();
    EXPECT_EQ(size, virtio::kMaxQueueSize);
    EXPECT_EQ(device_size, virtio::kMaxQueueSize);                        // the device was told
    device_size = 256;
}

TEST_F(QueueTest, ActivationSaysWhetherTheConfigurationHasAnInterrupt) {
    bring_up();
    EXPECT_FALSE(activated_with_interrupt());
    EXPECT_EQ(reset(function), Error::None);
    interrupt_of(function, 0);
    begin();
    EXPECT_TRUE(activated_with_interrupt());
}

TEST_F(QueueTest, OrderOfTheStepsIsEnforced) {
    bring_up();
    EXPECT_EQ(negotiate().status, Error::Busy);
    EXPECT_EQ(create(0, 0xffff).status, Error::Busy);                     // there already
    EXPECT_EQ(create(2, 0xffff).results.outcome(), Broker::CreateResults::Outcome::no_such_queue);
    EXPECT_EQ(create(1, 0).results.outcome(), Broker::CreateResults::Outcome::vector_refused);
    EXPECT_EQ(create(1, 0xffff, 100).results.outcome(), Broker::CreateResults::Outcome::size_unsupported);
    EXPECT_EQ(activate(), Error::None);
    EXPECT_EQ(activate(), Error::Busy);
    EXPECT_EQ(create(1, 0xffff).status, Error::Busy);
}

TEST_F(QueueTest, FeaturesOfTheKernelAreMaskedAndVersionOneIsAccepted) {
    function = claim(FakeMachine::kModern);
    fake_machine().memory_at<std::uint32_t>(kBar + virtio::modern::kDeviceFeature) = 0xffffffff;
    const auto queues = call<Function, Function::QueuesParams, Function::QueuesResults>(
        function, Function::Method::queues, kNothing, {.accept = 1});
    broker = queues.handle(queues.results.broker());
    const auto answer = negotiate();
    fake_machine().memory_at<std::uint32_t>(kBar + virtio::modern::kDeviceFeature) = 1;
    constexpr std::uint64_t kNever = 1ull << 28 | 1ull << 29 | 1ull << 33 | 1ull << 34 | 1ull << 40;
    EXPECT_EQ(answer.results.accepted() & kNever, 0u);
    EXPECT_EQ(answer.results.offered() & kNever, 0u);
    EXPECT_NE(answer.results.accepted() & 1ull << 32, 0u);
    EXPECT_EQ(facts(FakeMachine::kModern).holder, "driver");
}

TEST_F(QueueTest, PoolOfAnotherClaimIsRefused) {
    const abi::Handle other = claim(FakeMachine::kLegacy);
    const auto dma = try_dma(other, driver.create_memory(4096), 2048);
    const abi::Handle foreign = dma.handle(dma.results.pool());
    bring_up();
    pool = foreign;
    EXPECT_EQ(create(1, 0xffff).status, Error::InvalidArgument);
}

TEST_F(QueueTest, UsedIndexIsSeenReadOnlyAndItsPagesOutliveTheClaim) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    const auto view = call<BrokeredQueue, BrokeredQueue::UsedViewParams, BrokeredQueue::UsedViewResults>(
        queue, BrokeredQueue::Method::used_view, kNothing, {.accept = 1});
    const abi::Handle object = view.handle(view.results.view());
    EXPECT_EQ(driver.map(driver.address_space, object, 0, 4096), 0u);     // not writable
    const kernel::UserAddr at = driver.map(driver.address_space, object, 0, 4096, 0,
                                           schema::AddressSpace::Protection::read);
    ASSERT_NE(at, 0u);
    const MappedPage page = mapped_page(driver.process().page_tables(), at);
    exchange(receive_slots(2));
    auto model = device();
    model.give(model.take()->head, 1);
    std::uint16_t index = 0;
    std::memcpy(&index, page.frame + view.results.index_offset(), sizeof index);
    EXPECT_EQ(index, 1);
    driver.release(function);
    driver.release(queue);
    driver.release(object);
    EXPECT_TRUE(frame_is_out(reinterpret_cast<std::uint64_t>(page.frame)));
}

TEST_F(QueueTest, DroppingTheQueuesHandleDoesNotTakeItsMemoryFromTheDevice) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    exchange(receive_slots(2));
    const auto area = fake_machine().memory_at<std::uint64_t>(kBar + virtio::modern::kQueueDescriptors);
    driver.release(queue);
    driver.release(pool);
    machine().settle();
    EXPECT_TRUE(frame_is_out(area));
    driver.release(function);
    machine().settle();
    EXPECT_FALSE(frame_is_out(area));
}

TEST_F(QueueTest, TooManyEntriesAndReservedFieldsAreRefused) {
    bring_up();
    ASSERT_EQ(activate(), Error::None);
    EXPECT_EQ(exchange({}, 513).status, Error::InvalidArgument);
    const auto wake = call<BrokeredQueue, BrokeredQueue::ExchangeParams, BrokeredQueue::ExchangeResults>(
        queue, BrokeredQueue::Method::exchange, [](auto& params) { params.set_wake(true); });
    EXPECT_EQ(wake.status, Error::InvalidArgument);
}

TEST_F(QueueTest, ExhaustedLedgerLeavesNothingHalfDone) {
    function = claim(FakeMachine::kModern);
    memory = driver.create_memory(32 * 4096);
    const auto dma = try_dma(function, memory, 2048);
    pool = dma.handle(dma.results.pool());
    const auto queues = call<Function, Function::QueuesParams, Function::QueuesResults>(
        function, Function::Method::queues, kNothing, {.accept = 1});
    broker = queues.handle(queues.results.broker());
    negotiate();
    for (std::uint64_t fail_at = 0; fail_at < 4; ++fail_at) {
        capos::test::memory().takes_until_failure = fail_at;
        capos::test::memory().fail_once = true;
        const auto answer = create(1, 0xffff);
        capos::test::memory().takes_until_failure = ~std::uint64_t{0};
        if (answer.status == Error::None) {
            EXPECT_GT(fail_at, 0u);
            return;
        }
        EXPECT_EQ(answer.status, Error::Overloaded);          // OutOfMemory is the kernel's own word
    }
    EXPECT_EQ(create(1, 0xffff).status, Error::None);
}

}  // namespace
}  // namespace capos::test
