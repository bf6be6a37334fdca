// Intrusive pairing heap: insertion in constant time, removal of any element in logarithmic amortised time, no
// allocation. Used for deadlines.
#pragma once

#include <cstdint>

namespace capos {

class DeadlineHook {
public:
    constexpr DeadlineHook() = default;
    DeadlineHook(const DeadlineHook&) = delete;
    DeadlineHook& operator=(const DeadlineHook&) = delete;
    bool queued() const { return queued_; }
    std::uint64_t deadline() const { return deadline_; }

private:
    friend class DeadlineQueue;
    std::uint64_t deadline_ = 0;
    DeadlineHook* child_ = nullptr;
    DeadlineHook* sibling_ = nullptr;
    DeadlineHook* before_ = nullptr;   // parent when first child, else previous sibling
    bool queued_ = false;
};

class DeadlineQueue {
public:
    bool empty() const { return root_ == nullptr; }
    // The element with the earliest deadline, nullptr when empty.
    DeadlineHook* first() const { return root_; }

    // `element` must not be queued.
    void insert(DeadlineHook& element, std::uint64_t deadline) {
        element.deadline_ = deadline;
        element.child_ = element.sibling_ = element.before_ = nullptr;
        element.queued_ = true;
        root_ = meld(root_, &element);
    }

    // Takes the element out; nothing when it is not queued.
    void remove(DeadlineHook& element) {
        if (!element.queued_) return;
        element.queued_ = false;
        if (&element == root_) {
            root_ = merge_pairs(element.child_);
        } else {
            if (element.before_->child_ == &element)
                element.before_->child_ = element.sibling_;
            else
                element.before_->sibling_ = element.sibling_;
            if (element.sibling_ != nullptr) element.sibling_->before_ = element.before_;
            root_ = meld(root_, merge_pairs(element.child_));
        }
        element.child_ = element.sibling_ = element.before_ = nullptr;
    }

private:
    static DeadlineHook* meld(DeadlineHook* a, DeadlineHook* b) {
        if (a == nullptr) return b;
        if (b == nullptr) return a;
        if (b->deadline_ < a->deadline_) {
            DeadlineHook* swap = a;
            a = b;
            b = swap;
        }
        b->before_ = a;
        b->sibling_ = a->child_;
        if (a->child_ != nullptr) a->child_->before_ = b;
        a->child_ = b;
        a->sibling_ = a->before_ = nullptr;
        return a;
    }

    // Two passes, without recursion: pair up left to right onto a stack, then meld the stack.
    static DeadlineHook* merge_pairs(DeadlineHook* first) {
        DeadlineHook* stack = nullptr;
        while (first != nullptr) {
            DeadlineHook* second = first->sibling_;
            DeadlineHook* rest = second != nullptr ? second->sibling_ : nullptr;
            first->sibling_ = first->before_ = nullptr;
            if (second != nullptr) second->sibling_ = second->before_ = nullptr;
            DeadlineHook* pair = meld(first, second);
            pair->sibling_ = stack;
            stack = pair;
            first = rest;
        }
        DeadlineHook* merged = nullptr;
        while (stack != nullptr) {
            DeadlineHook* next = stack->sibling_;
            stack->sibling_ = stack->before_ = nullptr;
            merged = meld(merged, stack);
            stack = next;
        }
        return merged;
    }

    DeadlineHook* root_ = nullptr;
};

}  // namespace capos
