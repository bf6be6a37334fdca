"""The rows of the table: what each figure is called, our goal for it, and what others need on the same virtual machine
(medians; bench/README.md says what they are and how they were taken)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    figure: str
    title: str
    goal: float | None = None
    linux: str = ""
    unikraft: str = ""
    scale: float = 1            # the table shows figure / scale
    goal_text: str = ""


M = 1e6
ROWS = (
    Row("micro.null_call", "null call on a kernel object, alone", 320, "getpid 322; io_uring no-op 876"),
    Row("micro.null_call_in_32", "null call, batches of 32, each", 200, "io_uring no-op in eights 344"),
    Row("micro.nop", "NOP entry, alone"),
    Row("micro.nop_in_32", "NOP entry, batches of 32, each"),
    Row("micro.null_call_co_await", "null call with co_await, alone"),
    Row("micro.null_call_co_await_in_32", "null call with co_await, a coroutine each, 32 at once, each"),
    Row("micro.call_return_two_processes", "call + return between two processes", 1500,
        "pipe 13,004; futex 12,656; Unix socket 18,868"),
    Row("micro.call_return_64_bytes", "call with 64 bytes + return", None, "Unix socket 18,868"),
    Row("micro.notification_one_way", "notification to a waiting process, one way", 800, "eventfd round trip 10,776"),
    Row("micro.map_touch_unmap", "map, touch, unmap a page", None, "27,300"),
    Row("frame_in.driver_and_kernel", "frame in, visible to the stack (driver and kernel), batch of 32", 400),
    Row("frame_in.instructions", "frame in, copied by the stack, dropped there, batch of 32"),
    Row("get_keep_alive.instructions", "GET of 4 KiB, keep-alive", 30000, "62,300", "73,300"),
    Row("get_new_connection.instructions", "GET of 4 KiB, new connection each", 60000, "167,000", "112,000"),
    Row("echo.instructions", "1-byte TCP echo", 10000, "29,800", "14,600"),
    Row("mib_in.instructions", "bulk TCP into the guest, per MiB (M)", 3 * M, "5.25", "8.63", M),
    Row("mib_out.instructions", "bulk TCP out of the guest, per MiB (M)", 4 * M, "11.2", "15.9", M),
    Row("reset_to_page.instructions", "reset -> first 200, direct boot, DHCP (M; 7.0 of it firmware)", 10 * M, "1661",
        "12.2", M),
    Row("idle_second.instructions", "idle, per second, 2 s after the first page (M)", 0.2 * M, "3.65", "0.55", M),
    Row("quiet_second.instructions", "idle, per second, when all connections are long gone (M)", 0.2 * M, scale=M),
    Row("memory.least_mib", "smallest memory with which the manifest dev serves (MiB)", 8, "75", "4"),
)

OPERATIONS = (("get_keep_alive", "GET, keep-alive", "1.07", "2.64"), ("get_new_connection", "GET, new connection", "", ""),
              ("echo", "echo", "", ""), ("mib_in", "MiB in", "", ""), ("mib_out", "MiB out", "", ""),
              ("reset_to_page", "reset to the first 200 (interrupts: delivered)", "", ""),
              ("idle_second", "idle, a second (interrupts: delivered)", "", ""))
EVENT_COLUMNS = (("system_calls", "system calls"), ("address_space_switches", "space switches"),
                 ("interrupt_returns", "interrupts taken"), ("doorbells", "doorbells"),
                 ("interrupts", "interrupts raised"))
