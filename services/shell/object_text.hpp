// What stands behind a capability, in an operator's words.
#pragma once

#include <string_view>

#include "lib/base/text.hpp"

namespace capos::shell {

// From the interface that the capability was granted as and the kernel's description of its object. A reference to
// another service's export is SERVICE.EXPORT and the number that was minted into it; for a TcpListenAuthority, whose
// number says what may be listened on (schema/manifest.capnp), the ports and connections. Everything else as it is.
void describe_object(TextWriter& out, std::string_view interface, std::string_view label);

}  // namespace capos::shell
