#include "abi/error.hpp"

namespace capos {

const char* error_name(Error error) {
    switch (error) {
#define CAPOS_NAME(name) \
    case Error::name: return #name;
        CAPOS_NAME(None) CAPOS_NAME(BadOperation) CAPOS_NAME(BadHandle) CAPOS_NAME(StaleHandle)
        CAPOS_NAME(WrongInterface) CAPOS_NAME(BadRange) CAPOS_NAME(BadQueueIndex) CAPOS_NAME(NoRoom)
        CAPOS_NAME(NoSlots) CAPOS_NAME(QuotaExceeded) CAPOS_NAME(InTransit) CAPOS_NAME(Cancelled)
        CAPOS_NAME(TimedOut) CAPOS_NAME(CallerGone) CAPOS_NAME(NoSuchCall)
        CAPOS_NAME(MalformedMessage) CAPOS_NAME(Busy) CAPOS_NAME(Failed) CAPOS_NAME(Overloaded)
        CAPOS_NAME(Disconnected) CAPOS_NAME(Unimplemented) CAPOS_NAME(InvalidArgument) CAPOS_NAME(Denied)
        CAPOS_NAME(OutOfMemory) CAPOS_NAME(Exhausted) CAPOS_NAME(OutOfBounds) CAPOS_NAME(Malformed)
        CAPOS_NAME(TooDeep) CAPOS_NAME(Overflow) CAPOS_NAME(NotFound) CAPOS_NAME(AlreadyExists)
        CAPOS_NAME(Unsupported) CAPOS_NAME(DeviceMisbehaved) CAPOS_NAME(ChecksumMismatch) CAPOS_NAME(Closed)
        CAPOS_NAME(WouldBlock)
#undef CAPOS_NAME
    }
    return "Unknown";
}

}  // namespace capos
