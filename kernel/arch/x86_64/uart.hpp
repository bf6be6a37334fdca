// COM1 beyond what arch.hpp offers.
#pragma once

namespace capos::kernel::arch {

// Finds out whether there is a port at all. kernel_entry has set its speed already.
void start_uart();
// Routes its interrupt. Needs the interrupt controllers.
void start_uart_interrupt();
// Writes one byte by polling; gives up on a port that never becomes ready.
void uart_poll_put(char byte);

}  // namespace capos::kernel::arch
