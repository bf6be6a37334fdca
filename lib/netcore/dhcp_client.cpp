#include "lib/netcore/dhcp_client.hpp"

#include <algorithm>

#include "lib/base/text.hpp"

namespace capos::netcore {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint32_t kLongestRetry = 16;      // seconds between DISCOVERs, however long nobody answers
constexpr std::uint32_t kRequestAttempts = 4;    // then the offer is given up and discovery begins anew
constexpr std::uint32_t kSpokenRounds = 6;       // retries that are each said; after that every kSpokenEvery-th
constexpr std::uint32_t kSpokenEvery = 20;
constexpr std::uint32_t kSpokenLease = 60;       // seconds; of shorter leases only the first renewal is said

using Line = FixedText<160>;

static_assert(static_cast<unsigned>(DhcpFault::Count) <= 32, "a bit for each");

bool same_configuration(const DhcpReply& a, const DhcpReply& b) {
    return a.address == b.address && a.prefix == b.prefix && a.router == b.router && a.mtu == b.mtu &&
           a.has_static_routes == b.has_static_routes &&
           std::ranges::equal(std::span(a.routes.data(), a.route_count), std::span(b.routes.data(), b.route_count)) &&
           std::ranges::equal(std::span(a.dns.data(), a.dns_count), std::span(b.dns.data(), b.dns_count));
}

}  // namespace

void DhcpClient::start(const MacAddress& mac, std::uint64_t now_ns) {
    if (has_lease()) {
        if (mac == mac_)
            return;
        host_.lease_lost();
    }
    mac_ = mac;
    rounds_ = 0;
    refusals_ = 0;
    expiries_ = 0;
    unusable_ = 0;
    said_ = 0;
    discover(now_ns);
}

void DhcpClient::discover(std::uint64_t now_ns) {
    state_ = State::Discovering;
    transaction_ = static_cast<std::uint32_t>(random_.next());
    attempts_ = 0;
    began_ = now_ns;
    host_.say("dhcp: discovering");
    send_discover(now_ns);
}

void DhcpClient::send_discover(std::uint64_t now_ns) {
    DhcpRequest message{.type = DhcpType::Discover};
    message.broadcast_reply = true;
    send(message, 0, now_ns);
    ++attempts_;
    ++rounds_;
    deadline_ = now_ns + retry_delay(rounds_);
}

void DhcpClient::request(const DhcpReply& offer, std::uint64_t now_ns) {
    offer_ = offer;
    state_ = State::Requesting;
    attempts_ = 0;
    requested_at_ = now_ns;
    unusable_at_request_ = unusable_;
    Line line;
    write_address(line << "dhcp: requesting ", offer.address);
    write_address(line << " from ", offer.server);
    host_.say(line.view());
    send_request(now_ns);
}

void DhcpClient::send_request(std::uint64_t now_ns) {
    DhcpRequest message{.type = DhcpType::Request};
    message.broadcast_reply = true;
    message.requested = offer_.address;
    message.server = offer_.server;
    send(message, 0, now_ns);
    ++attempts_;
    deadline_ = now_ns + retry_delay(attempts_);
}

void DhcpClient::send_renewal(std::uint64_t now_ns) {
    DhcpRequest message{.type = DhcpType::Request};
    message.client = lease_.address;
    send(message, state_ == State::Renewing ? lease_.server : 0, now_ns);
    ++attempts_;
    // Half of what is left until the next state, but no more often than once a minute (RFC 2131, 4.4.5); a lease of
    // minutes gets a pace of seconds.
    const std::uint64_t until = state_ == State::Renewing ? rebind_at_ : expires_at_;
    const std::uint64_t left = until > now_ns ? until - now_ns : 0;
    const std::uint64_t least = lease_.lease_seconds >= 600 ? 60 * kSecond : 2 * kSecond;
    deadline_ = now_ns + std::min(std::max(left / 2, least), left);
}

void DhcpClient::send(DhcpRequest& message, Ipv4 server, std::uint64_t now_ns) {
    message.transaction = transaction_;
    message.mac = mac_;
    message.seconds = static_cast<std::uint16_t>(std::min<std::uint64_t>((now_ns - began_) / kSecond, 0xffff));
    std::array<std::byte, kDhcpRequestBytes> bytes;
    const std::size_t length = build_dhcp_request(message, bytes);
    ++sent_;
    host_.send_dhcp(std::span(bytes).first(length), server);
}

// 1, 2, 4, 8, 16, 16, ... seconds, give or take an eighth so that many instances do not stay in step.
std::uint64_t DhcpClient::retry_delay(std::uint32_t attempt) {
    const std::uint32_t doubled = attempt > 5 ? kLongestRetry : 1u << (attempt - 1);
    const std::uint64_t delay = std::min(doubled, kLongestRetry) * kSecond;
    return delay - delay / 8 + random_.next() % (delay / 4);
}

void DhcpClient::receive(std::span<const std::byte> message, Ipv4 from, std::uint64_t now_ns) {
    DhcpRejection rejection;
    const auto parsed = parse_dhcp_reply(message, &rejection);
    const bool ours = parsed ? parsed->mac == mac_ && parsed->transaction == transaction_
                             : rejection.mac == mac_ && rejection.transaction == transaction_;
    if (!ours || state_ == State::Stopped || state_ == State::Bound) {
        ++ignored_;
        return;
    }
    if (!parsed)
        return ignore(rejection.fault, from);
    const DhcpReply& reply = *parsed;
    switch (reply.type) {
    case DhcpType::Offer:
        if (state_ != State::Discovering)
            break;   // a second server's, or a copy
        if (!may_be_host(reply.address))
            return ignore(DhcpFault::Address, from);
        if (reply.server == 0)
            return ignore(DhcpFault::NoServer, from);
        return request(reply, now_ns);
    case DhcpType::Ack:
        if (!awaits_verdict_of(reply))
            break;
        if (!may_be_host(reply.address))
            return ignore(DhcpFault::Address, from);
        if (reply.lease_seconds == 0)
            return ignore(DhcpFault::NoLease, from);
        if (reply.lease_seconds != kInfiniteLease && now_ns >= requested_at_ + reply.lease_seconds * kSecond)
            return ignore(DhcpFault::LeaseOver, from);
        return bind(reply, from, now_ns);
    case DhcpType::Nak:
        if (awaits_verdict_of(reply))
            return refused(now_ns);
        break;
    default:
        break;
    }
    ++ignored_;
}

// Whether this ACK or NAK may answer what was requested.
bool DhcpClient::awaits_verdict_of(const DhcpReply& reply) const {
    return (state_ == State::Requesting && (reply.server == offer_.server || reply.server == 0)) ||
           state_ == State::Renewing || state_ == State::Rebinding;
}

void DhcpClient::ignore(DhcpFault fault, Ipv4 from) {
    ++ignored_;
    ++unusable_;
    if (!first_time(fault))
        return;
    Line line;
    write_address(line << "dhcp: answer of ", from) << " ignored: " << describe(fault);
    host_.say(line.view());
}

// The rest of the answer is used.
void DhcpClient::leave_out(DhcpFault option, Ipv4 from) {
    ++ignored_;
    if (!first_time(option))
        return;
    Line line;
    write_address(line << "dhcp: option of ", from) << " not used: " << describe(option);
    host_.say(line.view());
}

bool DhcpClient::first_time(DhcpFault fault) {
    const std::uint32_t bit = 1u << static_cast<unsigned>(fault);
    const bool first = (said_ & bit) == 0;
    said_ |= bit;
    return first;
}

// A server that gives seconds at a time does not fill the log.
bool DhcpClient::renewal_is_said() const { return lease_.lease_seconds >= kSpokenLease || renewals_ == 0; }

void DhcpClient::bind(const DhcpReply& ack, Ipv4 from, std::uint64_t now_ns) {
    const bool renewed = has_lease();
    const bool changed = !renewed || !same_configuration(ack, lease_);
    const Ipv4 server_before = renewed ? lease_.server : offer_.server;
    lease_ = ack;
    if (lease_.server == 0)
        lease_.server = server_before;
    state_ = State::Bound;
    bound_at_ = now_ns;
    rounds_ = 0;
    refusals_ = 0;
    if (renewed)
        expiries_ = 0;
    unusable_ = 0;
    if (lease_.lease_seconds == kInfiniteLease) {
        renew_at_ = rebind_at_ = expires_at_ = deadline_ = kNever;
    } else {
        // Times count from the request, so that we never hold an address longer than the server thinks.
        const std::uint64_t lease = lease_.lease_seconds * kSecond;
        std::uint64_t rebind = lease_.rebind_seconds * kSecond;
        std::uint64_t renew = lease_.renew_seconds * kSecond;
        if (rebind == 0 || rebind >= lease)
            rebind = lease / 8 * 7;
        if (renew == 0 || renew >= rebind)
            renew = lease / 2 < rebind ? lease / 2 : rebind / 2;
        renew_at_ = requested_at_ + renew;
        rebind_at_ = requested_at_ + rebind;
        expires_at_ = requested_at_ + lease;
        deadline_ = renew_at_;
    }
    if (changed)
        said_ = renewals_ = 0;
    if (lease_.mtu_refused)
        leave_out(DhcpFault::SmallMtu, from);
    if (lease_.static_routes_refused)
        leave_out(DhcpFault::StaticRoutes, from);
    if (changed)
        return say_bound(host_.lease_gained(lease_));
    const bool said = renewal_is_said();
    ++renewals_;
    if (!said)
        return;
    Line line;
    line << "dhcp: renewed for " << lease_.lease_seconds << " s by ";
    host_.say(write_address(line, lease_.server).view());
}

void DhcpClient::say_bound(std::uint16_t mtu) {
    Line line;
    write_address(line << "dhcp: bound ", lease_.address) << '/' << static_cast<unsigned>(lease_.prefix);
    const Ipv4 gateway = routes_of(lease_).default_gateway();
    if (gateway != 0)
        write_address(line << " gateway ", gateway);
    else
        line << " no gateway";
    for (std::size_t i = 0; i < lease_.dns_count; ++i)
        write_address(line << (i == 0 ? " dns " : ","), lease_.dns[i]);
    line << " mtu " << mtu;
    if (lease_.lease_seconds == kInfiniteLease)
        line << " lease without end";
    else
        line << " lease " << lease_.lease_seconds << " s";
    write_address(line << " from ", lease_.server);
    host_.say(line.view());
}

void DhcpClient::refused(std::uint64_t now_ns) {
    Line line;
    write_address(line << "dhcp: the server refused ", has_lease() ? lease_.address : offer_.address);
    line << ", starting again";
    host_.say(line.view());
    if (has_lease())
        host_.lease_lost();
    begin_anew(++refusals_, now_ns);
}

// A server that always refuses, or lets every lease expire, is asked ever less often; the first time at once.
void DhcpClient::begin_anew(std::uint32_t failures, std::uint64_t now_ns) {
    state_ = State::Discovering;
    transaction_ = static_cast<std::uint32_t>(random_.next());
    attempts_ = 0;
    began_ = now_ns;
    if (failures == 1)
        send_discover(now_ns);
    else
        deadline_ = now_ns + retry_delay(failures - 1);
}

void DhcpClient::expire(std::uint64_t now_ns) {
    host_.say("dhcp: the lease has expired, starting again");
    host_.lease_lost();
    begin_anew(++expiries_, now_ns);
}

void DhcpClient::tick(std::uint64_t now_ns) {
    if (now_ns < deadline_)
        return;
    if (has_lease() && now_ns >= expires_at_)
        return expire(now_ns);
    switch (state_) {
    case State::Stopped:
        deadline_ = kNever;
        return;
    case State::Discovering: {
        const bool answered_before = attempts_ == 0;   // waiting after a refusal
        send_discover(now_ns);
        if (!answered_before && (rounds_ <= kSpokenRounds || rounds_ % kSpokenEvery == 0)) {
            Line line;
            line << (unusable_ == 0 ? "dhcp: no answer from a DHCP server yet, trying again in "
                                    : "dhcp: no answer yet that can be used, trying again in ")
                 << (deadline_ - now_ns + kSecond / 2) / kSecond << " s";
            host_.say(line.view());
        }
        return;
    }
    case State::Requesting:
        if (attempts_ < kRequestAttempts)
            return send_request(now_ns);
        host_.say(unusable_ == unusable_at_request_ ? "dhcp: the server offered and then did not answer"
                                                    : "dhcp: the server offered and then did not answer as it should");
        return discover(now_ns);
    case State::Bound:
        state_ = State::Renewing;
        transaction_ = static_cast<std::uint32_t>(random_.next());
        attempts_ = 0;
        began_ = requested_at_ = now_ns;
        if (renewal_is_said())
            host_.say("dhcp: renewing");
        return send_renewal(now_ns);
    case State::Renewing:
        if (now_ns < rebind_at_) {
            requested_at_ = now_ns;
            return send_renewal(now_ns);
        }
        state_ = State::Rebinding;
        attempts_ = 0;
        requested_at_ = now_ns;
        host_.say(unusable_ == 0 ? "dhcp: the server does not answer, asking any"
                                 : "dhcp: the server does not answer as it should, asking any");
        return send_renewal(now_ns);
    case State::Rebinding:
        requested_at_ = now_ns;
        return send_renewal(now_ns);
    }
}

}  // namespace capos::netcore
