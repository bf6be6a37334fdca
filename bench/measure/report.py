"""The table and the JSON."""

import statistics

from measure.goals import EVENT_COLUMNS, OPERATIONS, ROWS


def show(value, scale=1):
    value /= scale
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def spread(values, scale=1):
    """min / median / max, or one number where they are the same."""
    three = [show(value, scale) for value in (min(values), statistics.median(values), max(values))]
    return three[0] if len(set(three)) == 1 else " / ".join(three)


def standing(values, goal):
    if goal is None:
        return ""
    ratio = statistics.median(values) / goal
    return "met" if ratio <= 1 else f"{ratio:.1f} x goal"


def table(result):
    figures = result["figures"]
    lines = [f"capOS {result['commit']}, {result['date']}, {result['rounds']} rounds, QEMU {result['qemu']} (TCG)",
             f"mitigations active: {', '.join(result.get('mitigations', [])) or 'not asked'}", "",
             "| guest instructions unless said; min / median / max | capOS | goal | | Linux | Unikraft |",
             "|---|---|---|---|---|---|"]
    for row in ROWS:
        values = figures.get(row.figure)
        if not values:
            continue
        goal = show(row.goal, row.scale) if row.goal is not None else "-"
        lines.append(f"| {row.title} | {spread(values, row.scale)} | {goal} | {standing(values, row.goal)} | "
                     f"{row.linux or '-'} | {row.unikraft or '-'} |")
    if any(f"{name}.system_calls" in figures for name, *_ in OPERATIONS):
        lines += ["", "| each, median | " + " | ".join(title for _, title in EVENT_COLUMNS) + " |",
                  "|---|" + "---|" * len(EVENT_COLUMNS)]
        for name, title, *_ in OPERATIONS:
            cells = [figures.get(f"{name}.{column}") for column, _ in EVENT_COLUMNS]
            lines.append(f"| {title} | " + " | ".join(f"{statistics.median(cell):.2f}" if cell else "-"
                                                     for cell in cells) + " |")
        lines += ["", "Linux on the same machine: 1.07 doorbells and 2.64 interrupts per keep-alive GET; Unikraft 1.77 and 1.72."]
    if result.get("start"):
        lines += ["", "| start, seconds since QEMU was started (host's clock) | min / median / max |", "|---|---|"]
        lines += [f"| {name.replace('_', ' ')} | {' / '.join(f'{at:.3f}' for at in three(values))} |"
                  for name, values in result["start"].items()]
        lines += ["", "| step of the start, ms since kernel entry (guest's clock) | min / median / max |", "|---|---|"]
        lines += [f"| {name} | {' / '.join(f'{at * 1000:.1f}' for at in three(values))} |"
                  for name, values in result["steps"].items()]
    if result.get("sizes"):
        sizes = result["sizes"]
        lines += ["", "| size | KiB |", "|---|---|"]
        for name, title in (("kernel_bytes", "kernel.elf"), ("bundle_bytes", "bundle (dev)"),
                            ("disk_bytes", "disk image"), ("disk_used_bytes", "disk image, pages that are not zero"),
                            ("memory_used_bytes", "memory in use while serving (of 256 MiB)")):
            lines.append(f"| {title} | {sizes[name] / 1024:,.0f} |")
        lines += ["", "| process | program (KiB) | pages on its ledger | kernel objects (bytes) |", "|---|---|---|---|"]
        for name, process in sizes["processes"].items():
            program = process["program_bytes"]
            lines.append(f"| {name} | {program / 1024:,.0f} | " if program else f"| {name} | - | ")
            lines[-1] += f"{process['pages']:,} | {process['object_bytes']:,} |"
    return "\n".join(lines) + "\n"


def three(values):
    return min(values), statistics.median(values), max(values)
