// The status as it was at one moment, shared by everyone who is sending it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace capos::web {

// A reference to an immutable text that goes away with the last of them. One thread only.
class Snapshot {
public:
    Snapshot() = default;
    // A copy of the text; an empty reference when there is no memory.
    static Snapshot of(std::string_view text) {
        Snapshot snapshot;
        void* memory = ::operator new(sizeof(Shared) + text.size(), std::nothrow);
        if (memory != nullptr) {
            snapshot.shared_ = new (memory) Shared{1, text.size()};
            std::memcpy(snapshot.shared_ + 1, text.data(), text.size());
        }
        return snapshot;
    }
    Snapshot(const Snapshot& other) : shared_(other.shared_) {
        if (shared_ != nullptr)
            ++shared_->references;
    }
    Snapshot(Snapshot&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
    Snapshot& operator=(Snapshot other) noexcept {
        std::swap(shared_, other.shared_);
        return *this;
    }
    ~Snapshot() {
        if (shared_ != nullptr && --shared_->references == 0)
            ::operator delete(shared_);
    }

    explicit operator bool() const { return shared_ != nullptr; }
    std::string_view text() const {
        if (shared_ == nullptr)
            return {};
        return {reinterpret_cast<const char*>(shared_ + 1), shared_->size};
    }

private:
    struct Shared {
        std::uint32_t references;
        std::size_t size;
    };
    Shared* shared_ = nullptr;
};

}  // namespace capos::web
