"""What the programs in tools/ have in common. This file must be readable for old versions of Python: it turns them away."""

import sys

if sys.version_info < (3, 11):
    sys.exit("capOS's tools need Python 3.11 or later (Debian 12 has it); this is %d.%d: %s"
             % (sys.version_info[0], sys.version_info[1], sys.executable))
