# The front door. Every target calls a program in tools/; each sets up what it needs by itself.
#   MANIFEST=dev  PORT=8080  ACCEL=auto  MEMORY=128  CPUS=1  FIRMWARE=bios  MACHINE=q35  NIC=transitional
MANIFEST ?= dev
PORT ?= 8080
ACCEL ?= auto
MEMORY ?= 128
CPUS ?= 1
FIRMWARE ?= bios
MACHINE ?= q35
NIC ?= transitional
SIZE ?= 64

.DEFAULT_GOAL := help
.PHONY: help run image check test matrix reproducible fuzz mutants bench evidence notices clean

help: ## This list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

run: ## Build, boot in QEMU, serial shell on this terminal, page on 127.0.0.1, port 8080 (PORT)
	@tools/run $(MANIFEST) --port="$(PORT)" --accelerator="$(ACCEL)" --memory="$(MEMORY)" --cpus="$(CPUS)" \
	    --firmware="$(FIRMWARE)" --machine="$(MACHINE)" --nic="$(NIC)"

image: ## Make out/dev/{disk.raw,kernel.elf,bundle} (MANIFEST, SIZE in MiB)
	@tools/build image $(MANIFEST) --size="$(SIZE)"

check: ## Tests on the host and one boot: what a commit runs
	@tools/test --check

test: ## Everything; ends with "N passed, N failed"
	@tools/test

matrix: ## The page on every shape of machine: 72 boots
	@tools/matrix

reproducible: ## The image built again in a clone elsewhere: the same bytes
	@tools/reproducible $(MANIFEST)

fuzz: ## Each fuzz target for a minute (SECONDS=60), with its coverage
	@tools/fuzz --seconds="$(or $(SECONDS),60)"

mutants: ## Each small fault of tests/mutants must turn the test it names red
	@tools/build host
	@tools/build image dev bench
	@tests/mutants/run

bench: ## What capOS costs: a table and JSON in build/bench/
	@tools/setup --tests
	@bench/run

evidence: ## Which records of docs/evidence/ still hold, and which are stale
	@tools/evidence

notices: ## Make THIRD_PARTY.md anew from third_party/*/recipe.toml
	@tools/third-party-notices

clean: ## Remove build/ and out/ (downloaded archives stay)
	@rm -rf build out
