/* general.h - options of every command. */
#ifndef DSGD_COMMAND_GENERAL_H
#define DSGD_COMMAND_GENERAL_H

#include <argp.h>

/** --plugin FILE.so, which loads it at once, and -h: a child for the options of every command; no input. */
extern const struct argp general_argp;

#endif
