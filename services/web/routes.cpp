// What is at which path.
#include "services/web/page/page.hpp"
#include "services/web/server.hpp"

namespace capos::web {

rt::Task<Result<Server::Answer>> Server::answer(std::string_view path) {
    Answer answer;
    if (path == "/") {
        answer.head.content_type = "text/html; charset=utf-8";
        answer.head.cache_control = "no-cache";
        answer.head.security_policy = page::kSecurityPolicy;
        answer.body = page::kDocument;
        co_return answer;
    }
    if (path == "/api/status") {
        answer.held = CO_TRY(co_await status_.current());
        answer.head.content_type = "application/json";
        answer.body = answer.held.text();
        co_return answer;
    }
    if (path == "/favicon.ico") {
        answer.head.content_type = "image/svg+xml";
        answer.head.cache_control = "max-age=86400";
        answer.body = page::kIcon;
        co_return answer;
    }
    if (path == "/licenses" && !licenses_.empty()) {
        answer.head.content_type = "text/plain; charset=utf-8";
        answer.head.cache_control = "no-cache";
        answer.body = licenses_;
        co_return answer;
    }
    co_return Error::NotFound;
}

}  // namespace capos::web
