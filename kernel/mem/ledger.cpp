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

Result<Ledger*> Ledger::split(std::uint64_t pages, std::uint64_t object_bytes) {
    Account& own_pages = accounts_[static_cast<std::size_t>(Resource::Pages)];
    Account& own_bytes = accounts_[static_cast<std::size_t>(Resource::ObjectBytes)];
    if (pages > own_pages.limit - own_pages.used || object_bytes > own_bytes.limit - own_bytes.used) return refuse();
    auto child = create_root(pages, object_bytes);
    if (!child) return child.error();
    own_pages.used += pages;
    own_bytes.used += object_bytes;
    (*child)->parent_ = this;
    retain();
    return *child;
}

void Ledger::release() {
    // Up the chain of processes started by processes, without recursion.
    for (Ledger* ledger = this; ledger != nullptr && --ledger->references_ == 0;) {
        Ledger* parent = ledger->parent_;
        if (parent != nullptr) {
            parent->accounts_[static_cast<std::size_t>(Resource::Pages)].used -= ledger->limit(Resource::Pages);
            parent->accounts_[static_cast<std::size_t>(Resource::ObjectBytes)].used -=
                ledger->limit(Resource::ObjectBytes);
        }
        Slab<Ledger>::destroy(ledger);
        ledger = parent;
    }
}

Error Ledger::refuse() {
    ++refusals_;
    return Error::QuotaExceeded;
}

}  // namespace capos::kernel
