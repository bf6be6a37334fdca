// rt::Task<T>: a coroutine that starts when it is awaited and hands its value to whoever awaited it.
//
// Frames come from the heap without exceptions. When there is no memory for a frame, awaiting the task of a Result
// answers Error::OutOfMemory; awaiting any other task ends the program, as there is nobody to tell.
#pragma once

#include <coroutine>
#include <cstddef>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "lib/base/result.hpp"

extern "C" [[noreturn]] void capos_abort(const char* message) noexcept;

namespace capos::rt {

template <class T = void>
class Task;

namespace detail {

template <class T>
inline constexpr bool kIsResult = false;
template <class T>
inline constexpr bool kIsResult<Result<T>> = true;

struct PromiseBase {
    static void* operator new(std::size_t bytes) noexcept { return ::operator new(bytes, std::nothrow); }
    static void operator delete(void* frame) noexcept { ::operator delete(frame); }

    std::suspend_always initial_suspend() noexcept { return {}; }
    void unhandled_exception() noexcept { capos_abort("exception in a coroutine"); }

    // At the end control goes straight to the awaiting coroutine; a detached frame destroys itself.
    struct FinalAwaiter {
        bool await_ready() noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) noexcept {
            PromiseBase& promise = frame.promise();
            if (promise.detached_) {
                frame.destroy();
                return std::noop_coroutine();
            }
            if (promise.continuation_) return promise.continuation_;
            return std::noop_coroutine();
        }
        void await_resume() noexcept {}
    };
    FinalAwaiter final_suspend() noexcept { return {}; }

    std::coroutine_handle<> continuation_;
    bool detached_ = false;
};

template <class T>
struct Promise : PromiseBase {
    Task<T> get_return_object() noexcept;
    static Task<T> get_return_object_on_allocation_failure() noexcept;
    template <class U = T>
    void return_value(U&& value) {
        value_.emplace(std::forward<U>(value));
    }
    T take() { return std::move(*value_); }

private:
    std::optional<T> value_;
};

template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object() noexcept;
    static Task<void> get_return_object_on_allocation_failure() noexcept;
    void return_void() noexcept {}
    void take() noexcept {}
};

}  // namespace detail

// Owns a coroutine. Destroying it destroys the frame; a call it waits for is cancelled, its buffer stays with the
// ring client until the kernel has given it back.
template <class T>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;
    using Frame = std::coroutine_handle<promise_type>;

    Task() = default;
    Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            if (frame_) frame_.destroy();
            frame_ = std::exchange(other.frame_, nullptr);
        }
        return *this;
    }
    ~Task() {
        if (frame_) frame_.destroy();
    }

    // False: there was no memory for the frame (or the task was moved from).
    bool valid() const { return static_cast<bool>(frame_); }
    bool done() const { return frame_ && frame_.done(); }
    // Runs the coroutine to its first wait without awaiting it. The Task keeps owning it.
    void start() {
        if (frame_ && !frame_.done()) frame_.resume();
    }
    // Runs the coroutine to its first wait and leaves it to itself: the frame goes away when it ends. The caller has
    // seen that valid() holds.
    void start_detached() && {
        Frame frame = std::exchange(frame_, nullptr);
        frame.promise().detached_ = true;
        frame.resume();
    }

    struct Awaiter {
        Frame frame;
        bool await_ready() const noexcept { return !frame || frame.done(); }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
            frame.promise().continuation_ = waiter;
            return frame;
        }
        T await_resume() {
            if (!frame) {
                if constexpr (detail::kIsResult<T>)
                    return T(Error::OutOfMemory);
                else
                    capos_abort("no memory for a coroutine frame");
            }
            return frame.promise().take();
        }
    };
    Awaiter operator co_await() const noexcept { return Awaiter{frame_}; }

private:
    friend promise_type;
    explicit Task(Frame frame) : frame_(frame) {}
    Frame frame_;
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() noexcept {
    return Task<T>(Task<T>::Frame::from_promise(*this));
}
template <class T>
Task<T> detail::Promise<T>::get_return_object_on_allocation_failure() noexcept {
    return Task<T>();
}
inline Task<void> detail::Promise<void>::get_return_object() noexcept {
    return Task<void>(Task<void>::Frame::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object_on_allocation_failure() noexcept { return Task<void>(); }

// A program's own entry point; its value is the exit status.
}  // namespace capos::rt

capos::rt::Task<int> capos_main();
