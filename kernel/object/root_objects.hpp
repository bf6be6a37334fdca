// The objects that exist from the start; what init is granted.
#pragma once

#include "kernel/object/entropy.hpp"
#include "kernel/object/factories.hpp"
#include "kernel/object/log.hpp"
#include "kernel/object/power.hpp"
#include "kernel/object/system_info.hpp"
#include "kernel/object/terminal.hpp"
#include "kernel/object/timer.hpp"

namespace capos::kernel {

struct RootObjects {
    LogObject log;
    TerminalObject terminal;
    TimerObject timer;
    EntropyObject entropy;
    PowerObject power;
    SystemInfoObject system_info;
    MemoryFactoryObject memory_factory;
    ProcessFactoryObject process_factory;
    EndpointFactoryObject endpoint_factory;
    NotificationFactoryObject notification_factory;
};

RootObjects& root_objects();

}  // namespace capos::kernel
