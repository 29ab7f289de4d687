/* peak.h - the most memory this process has held. */
#ifndef DSGD_COMMAND_PEAK_H
#define DSGD_COMMAND_PEAK_H

/** Bytes resident at the most since the program started (dataset, libraries and solvers included); 0 where the system does
 *  not tell. */
double peak_bytes(void);

#endif
