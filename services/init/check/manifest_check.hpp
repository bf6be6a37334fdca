// Whether a manifest can be carried out, as a whole.
//
// Names are valid and unique; programs exist, are undamaged and loadable; every grant's source exists and has the
// interface that is asked for; exports resolve; no services wait for each other in a circle; limits are in range, and
// all together fit what there is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "lib/base/result.hpp"
#include "lib/base/text.hpp"
#include "schema/manifest.capnp.hpp"

namespace capos::init {

inline constexpr std::uint32_t kManifestVersion = 1;
inline constexpr std::uint32_t kMaxServices = 32;
inline constexpr std::size_t kMaxNameBytes = 31;             // of services, grants and exports
inline constexpr std::size_t kMaxOptionBytes = 255;
// What manifests call init. It exports `services` (ServiceList) and `control` (ServiceControl).
inline constexpr std::string_view kInitName = "init";
inline constexpr std::string_view kServicesExport = "services";
inline constexpr std::string_view kControlExport = "control";
inline constexpr std::string_view kEndpointSuffix = "-endpoint";

// What the bundle holds under a name.
enum class Presence : std::uint8_t { Missing, Damaged, Present };

class BundleContents {
public:
    // A program and its bytes (when Present).
    virtual Presence program(std::string_view name, std::span<const std::byte>& contents) = 0;
    // A program or file.
    virtual Presence entry(std::string_view name) = 0;

protected:
    ~BundleContents() = default;
};

// What services may be given in all.
struct Budget {
    std::uint64_t pages;
    std::uint64_t object_bytes;
};

// One line: what is wrong, naming service and field.
using FaultText = FixedText<220>;

// The first fault: its kind (NotFound, AlreadyExists, WrongInterface, ChecksumMismatch, Malformed, InvalidArgument,
// QuotaExceeded, Unsupported) as the error, its sentence in `fault`.
Result<void> check_manifest(const schema::Manifest::Reader& manifest, BundleContents& bundle, const Budget& budget,
                            FaultText& fault);

// The interface that the kernel serves to manifests under a source name ("Log" -> Log's id), 0 when there is none.
std::uint64_t kernel_source_interface(std::string_view source);

// Where the exporting service finds its receiving side: "<export>-endpoint".
using GrantName = FixedText<kMaxNameBytes>;
void endpoint_grant_name(std::string_view export_name, GrantName& out);

// Pages that starting a service takes from init for it: heap, stack, writable segments, start page.
std::uint64_t pages_paid_by_init(const schema::Service::Reader& service, std::uint64_t writable_pages);

}  // namespace capos::init
