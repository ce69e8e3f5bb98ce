# A thin door over the CMake presets. `make help` says what there is.
.DEFAULT_GOAL := help
.PHONY: help demo test check asan sim system faults faults-full faults-selfcheck golden fuzz coverage bench eval eval-neardup eval-overlays eval-variants fmt tidy dev release clean generated sbom model teach

JOBS ?= $(shell nproc)

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 20

demo: ## installs what is missing, builds, runs the whole pipeline on the sample corpus and shows the outcome
	@tools/dev/setup
	@tools/dev/build release cx
	@deploy/local/demo

test: ## installs what is missing, builds, runs every tier of tests
	@tools/dev/setup test
	@tools/dev/test

check: ## unit, stage and house tests: no broker, no long simulation
	@tools/dev/build dev
	@ctest --preset dev -LE 'system|sim' -j $(JOBS)

asan: ## the same under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/dev/build asan
	@ctest --preset asan -LE 'system|house|python|cli|deploy' -j $(JOBS)

sim: ## simulated clusters with everything going wrong: SEEDS=n runs so many; SEED=s shows one
	@tools/dev/build dev sim
	@build/dev/tests/sim $(if $(SEED),$(SEED) -v,--seeds $(or $(SEEDS),100000))

system: ## tests on a real broker; CASE=kill SEED=n chooses one
	@tools/dev/build dev cx
	@tests/system/run $(CASE)

faults: ## faults on real brokers; FAULT=F1 CYCLES=n SEED=n chooses
	@tests/faults/run $(FAULT) $(if $(CYCLES),--cycles $(CYCLES)) $(if $(SEED),--seed $(SEED))

faults-full: ## all faults at full counts, or FAULT=F1; writes the table of docs/guarantees.md
	@tests/faults/run --full $(FAULT) $(if $(SEED),--seed $(SEED))

faults-selfcheck: ## mistakes on purpose, each of which a named check must notice
	@tests/faults/run --selfcheck $(if $(SEED),--seed $(SEED))

fuzz: ## fuzzes: FUZZ=name chooses one target, SECONDS=n how long each
	@tools/dev/fuzz $(or $(FUZZ),all) $(or $(SECONDS),60)

coverage: ## which lines and branches the tests reach, written to docs/coverage.md
	@tools/dev/setup coverage
	@tools/dev/coverage

generated: ## writes deploy/cx.yaml and the table of checks in docs/guarantees.md
	@tools/dev/build dev cx
	@tools/dev/generated.py --cx build/dev/bin/cx

sbom: ## a bill of materials of the release build: build/sbom.json, CycloneDX
	@tools/dev/build release cx
	@tools/dev/sbom.py build/release/bin/cx > build/sbom.json && echo build/sbom.json

golden: ## rewrites the expectations of golden cases and shows the difference
	@tools/dev/build dev cx
	@tools/dev/golden.py --cx build/dev/bin/cx --rewrite
	@git --no-pager diff --stat -- tests/stages

bench: ## measures: results with machine and command go to bench/results; CASE=restore or commit for one of its questions
	@tools/dev/build release
	@bench/run $(CASE)


eval-neardup: ## how well copies are told, on labelled texts of ../shared/data (DATA=folder)
	@tools/dev/build release neardup_eval
	@build/release/bench/neardup_eval $(or $(DATA),../shared/data)

DATA ?= ../shared/data
model: ## learns models/cx.cxm anew from the sets of models/recipe.tsv; DATA=folder of them, PROFILE=open only open ones
	@tools/dev/build release train
	@build/release/bin/train --data $(DATA) --profile $(or $(PROFILE),all) --out models/cx.cxm >models/card.json

teach: ## lets pretrained networks say what they take the texts of recipes for, into models/taught: an hour and more; HEAD=one head
	@tools/dev/setup teach
	@tools/teach/teach --data $(DATA) $(if $(HEAD),--only $(HEAD))
	@tools/teach/teach --data $(DATA) --recipe models/own_labels.tsv $(if $(HEAD),--only $(HEAD))

eval: ## what the model reaches on dev beside published figures, to models/EVAL.md; DATA=folder of the sets
	@tools/dev/build release measure
	@build/release/bin/measure --data $(DATA) --own models/own_labels.tsv >models/EVAL.md.new && mv models/EVAL.md.new models/EVAL.md

eval-variants: ## what the model loses on texts typed otherwise, written to models/variants.md; DATA=folder of the sets
	@tools/dev/build release cx
	@tools/dev/variants.py --cx build/release/bin/cx --data $(DATA) >build/variants.md && mv build/variants.md models/variants.md && cat models/variants.md

eval-overlays: ## what overlays of tenants' own labels gain and cost, written to models/overlays.md; DATA=folder of the sets
	@tools/dev/build release cx
	@tools/dev/overlays.py --cx build/release/bin/cx --data $(DATA) >build/overlays.md && mv build/overlays.md models/overlays.md && cat models/overlays.md

fmt: ## formats the sources
	@git ls-files '*.c' '*.h' | xargs clang-format -i

tidy: ## clang-tidy over all C sources; what passed and has not changed since is not looked at again
	@tools/dev/setup test
	@tools/dev/build dev
	@tools/dev/tidy

dev: ## builds with checks on
	@tools/dev/build dev

release: ## builds for use: build/release/bin/cx
	@tools/dev/build release
	@tools/dev/check_hardening.py --release build/release/bin/cx

clean: ## removes the build folder
	@rm -rf build
