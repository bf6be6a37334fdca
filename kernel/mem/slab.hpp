// Typed slabs: the only way kernel objects are allocated. Each object is charged at its size to the ledger given, and
// remembers that ledger until it goes.
#pragma once

#include <new>
#include <utility>

#include "kernel/mem/ledger.hpp"

namespace capos::kernel {

// Untyped part: pages cut into equal cells; an emptied page goes back to the frame allocator.
class CellPool {
public:
    constexpr explicit CellPool(std::size_t cell_bytes) : cell_bytes_((cell_bytes + 63) & ~std::size_t{63}) {}
    void* take();                 // zeroed; nullptr when no frame is left
    void give(void* cell);
    std::size_t cell_bytes() const { return cell_bytes_; }
    static std::uint64_t pages_in_use();   // of all pools together

private:
    struct Page;
    Page* partial_ = nullptr;     // pages with a free cell
    std::size_t cell_bytes_;
};

// T lives in the cell behind its ledger.
template <class T>
class Slab {
    struct Cell {
        Ledger* ledger;
        alignas(T) std::byte object[sizeof(T)];
    };
    static_assert(sizeof(Cell) <= 3072, "larger things are frames, not slab objects");

public:
    // QuotaExceeded: the ledger's; OutOfMemory: no frame left. A null ledger charges nobody (the kernel's own).
    template <class... Arguments>
    static Result<T*> create(Ledger* ledger, Arguments&&... arguments) {
        if (ledger != nullptr) TRY(ledger->charge(Resource::ObjectBytes, pool_.cell_bytes()));
        void* memory = pool_.take();
        if (memory == nullptr) {
            if (ledger != nullptr) ledger->credit(Resource::ObjectBytes, pool_.cell_bytes());
            return Error::OutOfMemory;
        }
        Cell* cell = static_cast<Cell*>(memory);
        cell->ledger = ledger;
        if (ledger != nullptr) ledger->retain();
        return new (cell->object) T(std::forward<Arguments>(arguments)...);
    }

    // What one costs its ledger.
    static std::size_t cell_bytes() { return pool_.cell_bytes(); }

    static void destroy(T* object) {
        Cell* cell = reinterpret_cast<Cell*>(reinterpret_cast<std::byte*>(object) - offsetof(Cell, object));
        Ledger* ledger = cell->ledger;
        object->~T();
        pool_.give(cell);
        if (ledger != nullptr) {
            ledger->credit(Resource::ObjectBytes, pool_.cell_bytes());
            ledger->release();
        }
    }

private:
    static constinit inline CellPool pool_{sizeof(Cell)};
};

}  // namespace capos::kernel
