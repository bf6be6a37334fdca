#include "runtime/grants.hpp"

#include <cstring>

#include "runtime/log.hpp"

namespace capos::rt {

static_assert(abi::kMaxGrants <= 64, "Grants::taken_ has a bit per grant");

namespace {
constinit Grants the_grants;
constinit const abi::StartInfo* start_info = nullptr;

template <std::size_t N>
std::string_view bounded(const char (&text)[N]) {
    return {text, strnlen(text, N)};
}
}  // namespace

Grants& grants() { return the_grants; }

void detail::set_start_info(const abi::StartInfo& info) { start_info = &info; }

const abi::StartGrant* Grants::find(std::string_view name) const {
    for (std::size_t i = 0; i < grants_.size(); ++i)
        if ((taken_ >> i & 1) == 0 && bounded(grants_[i].name) == name) return &grants_[i];
    return nullptr;
}

Result<Handle> Grants::take_handle(std::string_view name, std::uint64_t interface_id, std::string_view interface_name) {
    const abi::StartGrant* grant = find(name);
    if (grant == nullptr) {
        log_error("grant \"{}\" ({}): not granted", name, interface_name);
        return Error::NotFound;
    }
    if (grant->interface_id != interface_id) {
        log_error("grant \"{}\": granted as interface 0x{:x}, not as {}", name, grant->interface_id, interface_name);
        return Error::WrongInterface;
    }
    taken_ |= std::uint64_t{1} << (grant - grants_.data());
    return Handle(grant->handle);
}

std::optional<std::string_view> detail::find_option(std::string_view options, std::string_view key) {
    while (!options.empty()) {
        const std::size_t end = options.find(' ');
        const std::string_view item = options.substr(0, end);
        options.remove_prefix(end == std::string_view::npos ? options.size() : end + 1);
        const std::size_t equals = item.find('=');
        if (item.substr(0, equals) != key || item.empty()) continue;
        return equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
    }
    return std::nullopt;
}

std::string_view option(std::string_view key) {
    if (start_info == nullptr) return {};
    return detail::find_option(bounded(start_info->options), key).value_or(std::string_view());
}

bool has_option(std::string_view key) {
    return start_info != nullptr && detail::find_option(bounded(start_info->options), key).has_value();
}

std::uint64_t option_number(std::string_view key, std::uint64_t fallback) {
    const std::string_view text = option(key);
    if (text.empty()) return fallback;
    std::uint64_t value = 0;
    for (const char digit : text)
        if (digit < '0' || digit > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, static_cast<std::uint64_t>(digit - '0'), &value))
            return fallback;
    return value;
}

std::string_view process_name() { return start_info == nullptr ? std::string_view() : bounded(start_info->process_name); }

}  // namespace capos::rt
