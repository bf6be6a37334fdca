// Ledgers: what a process may cause to be used, charged before it is taken.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/cap/object.hpp"
#include "lib/base/result.hpp"

namespace capos::kernel {

enum class Resource : std::uint8_t {
    Pages,         // 4 KiB frames: memory objects, page tables, rings, tables, queue memory
    ObjectBytes,   // kernel objects in slabs
};
inline constexpr std::size_t kResourceCount = 2;

// Shared by a process and everything charged to it: it lives until the last of these has been given back. Once it is
// closed it keeps no more of its share than what is still charged, so that one reference to something small that others
// hold does not keep a dead process's whole share from the next one.
class Ledger final {
public:
    // A ledger of its own for the whole machine's share (init). Error: OutOfMemory.
    static Result<Ledger*> create_root(std::uint64_t pages, std::uint64_t object_bytes);
    // Object bytes that a share costs beside what is in it.
    static std::uint64_t object_cost();
    // Splits a share off this ledger, which pays for the child's own memory beside it; both come back when the child is
    // gone. QuotaExceeded, OutOfMemory.
    Result<Ledger*> split(std::uint64_t pages, std::uint64_t object_bytes);

    // QuotaExceeded when it would pass the limit; nothing is charged then.
    Result<void> charge(Resource resource, std::uint64_t amount) {
        Account& account = accounts_[static_cast<std::size_t>(resource)];
        if (amount > account.limit - account.used) return refuse();
        account.used += amount;
        if (resource == Resource::Pages) charged_pages_ += amount;
        return {};
    }
    void credit(Resource resource, std::uint64_t amount) {
        accounts_[static_cast<std::size_t>(resource)].used -= amount;
        if (resource == Resource::Pages) charged_pages_ -= amount;
        if (closed_) [[unlikely]] give_back(resource, amount);
    }
    // Its process has ended: what is not charged goes back to the parent at once, and all else as it is credited.
    void close();
    // Pages charged by all ledgers together, shares split off not counted twice.
    static std::uint64_t charged_pages() { return charged_pages_; }

    std::uint64_t used(Resource resource) const { return accounts_[static_cast<std::size_t>(resource)].used; }
    std::uint64_t limit(Resource resource) const { return accounts_[static_cast<std::size_t>(resource)].limit; }
    std::uint64_t refusals() const { return refusals_; }

    void retain() { ++references_; }
    void release();

private:
    template <class T> friend class Slab;
    Ledger() = default;
    Error refuse();
    void give_back(Resource resource, std::uint64_t amount);

    struct Account {
        std::uint64_t limit = 0;
        std::uint64_t used = 0;     // includes shares split off to children
    };
    Account accounts_[kResourceCount];
    static inline std::uint64_t charged_pages_ = 0;
    Ledger* parent_ = nullptr;
    std::uint64_t refusals_ = 0;
    std::uint32_t references_ = 0;
    bool closed_ = false;
};

}  // namespace capos::kernel
