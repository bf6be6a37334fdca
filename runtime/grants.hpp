// What this program was given at its start: named capabilities and options.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "abi/start.hpp"
#include "lib/base/result.hpp"
#include "runtime/client.hpp"

namespace capos::rt {

class Grants {
public:
    // The capability granted as `name`; the program owns it from now on. NotFound: no such grant, or taken already.
    // WrongInterface: it was granted as another one. Either is also a line in the log that names the grant.
    template <class Interface>
    Result<typename ClientFor<Interface>::type> take(std::string_view name) {
        return typename ClientFor<Interface>::type(TRY(take_handle(name, Interface::kInterfaceId, Interface::kName)));
    }
    // Whether it was granted as this interface and not taken yet; nothing is logged.
    template <class Interface>
    bool has(std::string_view name) const {
        const abi::StartGrant* grant = find(name);
        return grant != nullptr && grant->interface_id == Interface::kInterfaceId;
    }

    std::uint32_t count() const { return static_cast<std::uint32_t>(grants_.size()); }
    const abi::StartGrant& operator[](std::uint32_t index) const { return grants_[index]; }

    // For start.cpp.
    void create(std::span<const abi::StartGrant> grants) { grants_ = grants; }

private:
    const abi::StartGrant* find(std::string_view name) const;
    Result<Handle> take_handle(std::string_view name, std::uint64_t interface_id, std::string_view interface_name);

    std::span<const abi::StartGrant> grants_;
    std::uint64_t taken_ = 0;     // bit per grant; kMaxGrants is 64
};

Grants& grants();

// The value of `key` in the service's options ("key=value key=value"), "" when it is not there; a key without "=" has
// the value "".
std::string_view option(std::string_view key);
bool has_option(std::string_view key);
// A decimal option; `fallback` when it is not there or not a number.
std::uint64_t option_number(std::string_view key, std::uint64_t fallback);
// This process's own name.
std::string_view process_name();

namespace detail {
void set_start_info(const abi::StartInfo& info);
// Finds `key` in `options`.
std::optional<std::string_view> find_option(std::string_view options, std::string_view key);
}  // namespace detail

}  // namespace capos::rt
