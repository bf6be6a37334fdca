#include "kernel/mem/ledger.hpp"

#include "kernel/mem/slab.hpp"

namespace capos::kernel {

Result<Ledger*> Ledger::create_root(std::uint64_t pages, std::uint64_t object_bytes) {
    Ledger* ledger = TRY(Slab<Ledger>::create(nullptr));
    ledger->accounts_[0].limit = pages;
    ledger->accounts_[1].limit = object_bytes;
    ledger->references_ = 1;
    return ledger;
}

std::uint64_t Ledger::object_cost() { return Slab<Ledger>::cell_bytes(); }

Result<Ledger*> Ledger::split(std::uint64_t pages, std::uint64_t object_bytes) {
    Account& own_pages = accounts_[static_cast<std::size_t>(Resource::Pages)];
    Account& own_bytes = accounts_[static_cast<std::size_t>(Resource::ObjectBytes)];
    if (pages > own_pages.limit - own_pages.used || object_bytes > own_bytes.limit - own_bytes.used) return refuse();
    Ledger* child = TRY(Slab<Ledger>::create(this));
    if (object_bytes > own_bytes.limit - own_bytes.used) {       // beside the ledger itself
        Slab<Ledger>::destroy(child);
        return refuse();
    }
    child->accounts_[0].limit = pages;
    child->accounts_[1].limit = object_bytes;
    child->references_ = 1;
    own_pages.used += pages;
    own_bytes.used += object_bytes;
    child->parent_ = this;
    retain();
    return child;
}

void Ledger::close() {
    if (closed_ || parent_ == nullptr) return;
    closed_ = true;
    for (const Resource resource : {Resource::Pages, Resource::ObjectBytes})
        give_back(resource, limit(resource) - used(resource));
}

// `amount` that nothing uses any more goes up, past parents that are closed themselves.
void Ledger::give_back(Resource resource, std::uint64_t amount) {
    const auto index = static_cast<std::size_t>(resource);
    for (Ledger* ledger = this; ledger->closed_; ledger = ledger->parent_) {
        ledger->accounts_[index].limit -= amount;
        ledger->parent_->accounts_[index].used -= amount;
    }
}

void Ledger::release() {
    // Up the chain of processes started by processes, without recursion: a child holds its parent once more than its own
    // memory does.
    for (Ledger* ledger = this; ledger != nullptr && --ledger->references_ == 0;) {
        Ledger* parent = ledger->parent_;
        ledger->close();
        Slab<Ledger>::destroy(ledger);
        ledger = parent;
    }
}

Error Ledger::refuse() {
    ++refusals_;
    return Error::QuotaExceeded;
}

}  // namespace capos::kernel
