// Result<T>: a value or an Error, never ignored.
#pragma once

#include <expected>
#include <type_traits>
#include <utility>

#include "abi/error.hpp"

namespace capos {

template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
    using Base = std::expected<T, Error>;

public:
    using Base::Base;
    constexpr Result(Error error) : Base(std::unexpect, error) {}
};

template <>
class [[nodiscard]] Result<void> : public std::expected<void, Error> {
    using Base = std::expected<void, Error>;

public:
    using Base::Base;
    constexpr Result() = default;
    constexpr Result(Error error) : Base(std::unexpect, error) {}
};

namespace detail {
// The value moved out of a result that was just checked; nothing for Result<void>.
template <class R>
constexpr auto unwrap(R& result) {
    if constexpr (std::is_void_v<typename R::value_type>)
        return;
    else
        return std::move(*result);
}
}  // namespace detail

}  // namespace capos

// TRY(expression): the value of a Result, or return its error from the enclosing function.
// CO_TRY(expression): the same inside a coroutine; the expression may contain co_await.
#define CAPOS_TRY_IMPL(return_keyword, ...)                               \
    ({                                                                    \
        auto&& try_result_ = (__VA_ARGS__);                               \
        if (!try_result_.has_value()) [[unlikely]]                        \
            return_keyword try_result_.error();                           \
        ::capos::detail::unwrap(try_result_);                             \
    })
#define TRY(...) CAPOS_TRY_IMPL(return, __VA_ARGS__)
#define CO_TRY(...) CAPOS_TRY_IMPL(co_return, __VA_ARGS__)
