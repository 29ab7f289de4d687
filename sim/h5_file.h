/* h5_file.h - an HDF5 file driver for writing whole new files: failed writes are remembered, not reported to HDF5.
 *
 * HDF5 1.10 cannot close a file whose writes failed (disk full): the handle leaks, and its exit handler tries again and may
 * crash. This driver keeps the first errno for the caller, lets HDF5 finish and close, and the caller throws the file away.
 * A file that was written well ends in a seal (sim/seal.h).
 */
#ifndef DSGD_SIM_H5_FILE_H
#define DSGD_SIM_H5_FILE_H

#include <hdf5.h>

/** Creates (truncates) `path` for writing. *error becomes the first errno of a failed write, 0 so far; it must outlive the
 *  file. Negative if the file cannot be created (*error says why). Close with H5Fclose, then look at *error. */
hid_t dsgd_h5_file_create(const char *path, int *error);

#endif
