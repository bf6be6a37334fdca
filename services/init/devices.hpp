// Device grants: the first PCI function that a manifest's match names, claimed for a driver.
#pragma once

#include <optional>

#include "runtime/task.hpp"
#include "schema/device.client.hpp"
#include "schema/manifest.capnp.hpp"
#include "services/init/roots.hpp"

namespace capos::init {

struct ClaimedDevice {
    client::PciFunction function;
    std::uint16_t bdf;
};

// Claims the first unclaimed function that matches; the one at `preferred`, when given and matching, before others.
// While all that match are claimed (the claim of a driver that has died is being torn down) it tries again for a
// second. One that cannot be claimed is logged and left for the next. NotFound: nothing matches. Busy: still claimed.
// Failed: none of those that match can be claimed.
rt::Task<Result<ClaimedDevice>> claim_device(const Roots& roots, const schema::DeviceMatch::Reader& match,
                                             std::optional<std::uint16_t> preferred);

}  // namespace capos::init
