/* visible_stderr.h - nothing that is written to stderr drives the terminal. */
#ifndef DSGD_COMMAND_VISIBLE_STDERR_H
#define DSGD_COMMAND_VISIBLE_STDERR_H

/** From here on what is printed to stderr has its control characters shown as text_out.h says, except tabs and line ends. For
 *  the sentences of argp and getopt too, which quote arguments. Without memory stderr stays as it was. */
void visible_stderr(void);

#endif
