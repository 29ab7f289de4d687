# docs.mk - documents made from the sources. Included by Makefile.experiments.

.PHONY: docs man docs-tables setup-docs

setup-docs:
	@scripts/setup.sh docs

docs: setup-docs man docs-tables ## man pages, key tables, and the headers as HTML (build/doxygen; a warning is a failure)
	@mkdir -p build
	@doxygen docs/Doxyfile

man: setup-docs build ## man pages in build/release/man; cmake --install installs them
	@scripts/man.sh $(DSGD) $(call quote,BUILD)/man

docs-tables: build ## writes the tables of docs/*.md again, from what the command says about itself
	@scripts/docs-tables.sh $(DSGD)
