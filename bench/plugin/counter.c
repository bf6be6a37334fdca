/* A plugin for QEMU's TCG that counts what a guest executes, into files that the bench reads while the guest runs:
 *
 *   -plugin libcounter.so,out=FILE[,profile=FILE]
 *
 * `out` holds 64-bit counters, one page: [0] instructions, [1] writes of CR3 (address-space switches), [2] SYSCALLs,
 * [3] HLTs, [4] port writes (OUT), [5] IRETs, [6] WRMSRs.
 * `profile` holds one record for each translated block, for bench/profile: see struct record.
 * A block that is left half way counts whole; repeated string steps count once each; a halted CPU counts nothing.
 * One counter for all CPUs: use it with one. The prototypes are those of QEMU's public plugin interface, version 1. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op, void *, uint64_t);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, enum qemu_plugin_op, void *, uint64_t);
__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum counter { INSTRUCTIONS, SPACE_SWITCHES, SYSTEM_CALLS, HALTS, PORT_WRITES, INTERRUPT_RETURNS, MSR_WRITES, COUNTERS };
enum { MAX_RECORDS = 1 << 20, CODE_BYTES = 24 };

/* One translated block; 64 bytes. `page` tells programs apart that are linked at the same addresses: it is the host's
 * address of the first instruction. */
struct record {
	uint64_t instructions;
	uint64_t executions;
	uint64_t address;
	uint64_t page;
	uint32_t length;
	uint32_t bytes;
	unsigned char code[CODE_BYTES];
};
_Static_assert(sizeof(struct record) == 64, "bench/profile reads these records");

static uint64_t *counters;
static struct record *records;
static uint32_t used;

static void *map_file(const char *path, size_t bytes)
{
	int file = open(path, O_RDWR | O_CREAT, 0600);
	void *memory;

	if (file < 0 || ftruncate(file, bytes))
		return NULL;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	return memory == MAP_FAILED ? NULL : memory;
}

/* The counter of an instruction of which there is one, else 0. */
static int counter_of(const unsigned char *code, size_t size)
{
	size_t at = 0;

	while (at + 1 < size && (code[at] == 0x66 || code[at] == 0xf2 || code[at] == 0xf3 || (code[at] & 0xf0) == 0x40))
		at++;
	switch (code[at]) {
	case 0xf4: return HALTS;
	case 0xcf: return INTERRUPT_RETURNS;
	case 0xe6: case 0xe7: case 0xee: case 0xef: return PORT_WRITES;
	case 0x0f: break;
	default: return 0;
	}
	if (at + 1 >= size)
		return 0;
	if (code[at + 1] == 0x05)
		return SYSTEM_CALLS;
	if (code[at + 1] == 0x30)
		return MSR_WRITES;
	if (code[at + 1] == 0x22 && at + 2 < size && (code[at + 2] & 0x38) == 0x18)
		return SPACE_SWITCHES;
	return 0;
}

static void record_block(struct qemu_plugin_tb *block, size_t length)
{
	struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(block, 0);
	struct record *record;
	size_t i;

	if (used == MAX_RECORDS)
		return;
	record = &records[used++];
	record->address = qemu_plugin_insn_vaddr(first);
	record->page = (uint64_t)(uintptr_t)qemu_plugin_insn_haddr(first);
	record->length = length;
	for (i = 0; i < length; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
		size_t size = qemu_plugin_insn_size(insn);
		if (record->bytes + size > CODE_BYTES)
			break;
		memcpy(record->code + record->bytes, qemu_plugin_insn_data(insn), size);
		record->bytes += size;
	}
	qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64, &record->instructions, length);
	qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64, &record->executions, 1);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	size_t length = qemu_plugin_tb_n_insns(block), i;

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64, &counters[INSTRUCTIONS], length);
	for (i = 0; i < length; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
		int counter = counter_of(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn));
		if (counter)
			qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &counters[counter], 1);
	}
	if (records)
		record_block(block, length);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
							       char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			counters = map_file(argv[i] + 4, 4096);
		if (!strncmp(argv[i], "profile=", 8) &&
		    !(records = map_file(argv[i] + 8, sizeof(struct record) * MAX_RECORDS)))
			return -1;
	}
	if (!counters)
		return -1;
	memset(counters, 0, 4096);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
