# given.mk - the variables that a user gives, on make's command line or in the environment. Included by Makefile.experiments.
#
# A value is text and never code: not of make, not of the shell. Make would expand $(...) in it, and a recipe that holds it
# would run what stands in `...`. So values are taken as they are written, and
#   - reach recipes through the environment ("$$SET"), or
#   - are checked to consist of harmless characters before they stand in a recipe ($(JOBS), $(DATASET)), or
#   - are quoted ($(DSGD), $(call quote,NAME)).
# Every other variable of the makefiles is written with `override`: one of its name that a user gives changes nothing
# (tests/makefiles.sh).

override GIVEN := BUILD DATASET DSGD_CACHE DSGD_CIFAR10_URLS DSGD_COMMAND DSGD_DATA DSGD_MNIST_URLS DSGD_MULTI30K_URLS FULL JOBS METHODS PRESET PYTHON QUICK RUN_OPTIONS SEED SET SWEEP
# DSGD=PROGRAM on the command line only: tests have a DSGD of their own in the environment.
ifeq ($(firstword $(origin DSGD)),command)
override DSGD_COMMAND := $(value DSGD)
endif
# Of the environment make expands what it uses; of its command line everything, for the environment of the recipes.
override GIVEN += $(foreach v,$(filter-out DSGD $(GIVEN),$(.VARIABLES)),$(if $(filter command,$(firstword $(origin $v))),$v))
$(foreach v,$(GIVEN),$(if $(filter undefined,$(origin $v)),,$(eval override $v := $$(value $v))$(eval export $v)))
# A make that is called here finds them in its environment; as definitions it would expand them.
override MAKEOVERRIDES :=
unexport DSGD

override digits := 0 1 2 3 4 5 6 7 8 9
override letters := a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K L M N O P Q R S T U V W X Y Z
override define newline


endef
# $(call rest,NAME,CHARACTERS): the variable's value without these characters.
override rest = $(eval override rest_ := $$(value $1))$(strip $(foreach c,$2,$(eval override rest_ := $$(subst $c,,$$(rest_)))))$(rest_)
# $(call check,NAME,CHARACTERS,WHAT): ends make with a sentence if other characters occur, or none.
override check = $(if $(value $1),$(if $(call rest,$1,$2),$(call refuse,$1,$3)),$(call refuse,$1,$3))
override refuse = $(error $1 = $(value $1): expected $2)
# $(call quote,NAME): the value as one word of the shell.
override quote = '$(subst ','\'',$(value $1))'
# $(call default,NAME,VALUE)
override default = $(if $(value $1),,$(eval override $1 := $2))
# $(call yes,NAME): 1 or nothing.
override yes = $(if $(filter-out 0 1 no yes,$(value $1))$(word 2,$(value $1)),$(call refuse,$1,1 or 0))$(if $(filter 1 yes,$(value $1)),1)

$(call default,PRESET,release)
$(call check,PRESET,$(letters) $(digits) -,the name of a preset such as release)
$(call default,BUILD,build/$(PRESET))
$(call default,DSGD_DATA,data)
export DSGD_DATA
$(call default,JOBS,$(shell nproc))
$(call check,JOBS,$(digits),a whole number of runs at a time)
$(if $(patsubst 0%,%,$(patsubst 00%,%,$(JOBS))),,$(call refuse,JOBS,at least 1 run at a time))
$(call default,SEED,1)
$(call check,SEED,$(digits),a whole number)
$(if $(value DATASET),$(call check,DATASET,$(letters) $(digits) _,the name of a dataset))
override QUICK := $(call yes,QUICK)
override FULL := $(call yes,FULL)

# The program, as one word of a recipe, which does not begin with a - of make.
ifeq ($(value DSGD_COMMAND),)
override DSGD_COMMAND := $(value BUILD)/dsgd
endif
$(if $(findstring $(newline),$(value DSGD_COMMAND)),$(call refuse,DSGD_COMMAND,a path without line breaks))
override DSGD := $(if $(filter -%,$(value DSGD_COMMAND))$(call rest,DSGD_COMMAND,$(letters) $(digits) / . _ -),$(call quote,DSGD_COMMAND),$(value DSGD_COMMAND))

# -jN of make, else JOBS: a number, and the option for a make that has none. MFLAGS has options only, no names and values.
override JOBS_NOW = $(or $(eval override jobs_ := $$(patsubst -j%,%,$$(filter -j%,$$(MFLAGS))))$(if $(jobs_),$(call check,jobs_,$(digits),one number after -j))$(jobs_),$(JOBS))
override JOBS_FLAG = $(if $(filter -j%,$(MFLAGS)),,-j$(JOBS))
override MAKE_WORD = '$(subst ','\'',$(MAKE))'
