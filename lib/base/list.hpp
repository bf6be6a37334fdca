// Intrusive doubly linked list: no allocation, O(1) removal of a known element.
#pragma once

#include <cstddef>

namespace capos {

// One membership. A type that is on two lists at once has two hooks with different tags.
template <class Tag = void>
class ListHook {
public:
    constexpr ListHook() = default;
    ListHook(const ListHook&) = delete;
    ListHook& operator=(const ListHook&) = delete;
    bool linked() const { return next_ != nullptr; }
    // Takes the element off its list; nothing when it is on none.
    void unlink() {
        if (next_ == nullptr) return;
        previous_->next_ = next_;
        next_->previous_ = previous_;
        next_ = previous_ = nullptr;
    }

private:
    template <class, class>
    friend class List;
    ListHook* next_ = nullptr;
    ListHook* previous_ = nullptr;
};

// T derives from ListHook<Tag>. The list does not own its elements.
template <class T, class Tag = void>
class List {
    using Hook = ListHook<Tag>;

public:
    constexpr List() { head_.next_ = head_.previous_ = &head_; }
    List(const List&) = delete;
    List& operator=(const List&) = delete;

    bool empty() const { return head_.next_ == &head_; }
    void push_back(T& element) { insert(element, *head_.previous_); }
    void push_front(T& element) { insert(element, head_); }
    void insert_after(T& element, T& existing) { insert(element, static_cast<Hook&>(existing)); }
    const T* front() const { return const_cast<List*>(this)->front(); }
    const T* next(const T& element) const { return const_cast<List*>(this)->next(const_cast<T&>(element)); }
    T* front() { return empty() ? nullptr : as_element(head_.next_); }
    T* pop_front() {
        T* element = front();
        if (element != nullptr) static_cast<Hook*>(element)->unlink();
        return element;
    }
    // The element after `element`, or nullptr at the end.
    T* next(T& element) {
        Hook* hook = static_cast<Hook&>(element).next_;
        return hook == &head_ ? nullptr : as_element(hook);
    }

private:
    static T* as_element(Hook* hook) { return static_cast<T*>(hook); }
    static void insert(T& element, Hook& after) {
        Hook& hook = element;
        hook.previous_ = &after;
        hook.next_ = after.next_;
        after.next_->previous_ = &hook;
        after.next_ = &hook;
    }
    Hook head_;
};

}  // namespace capos
