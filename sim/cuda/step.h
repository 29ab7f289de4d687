/* step.h - the work of a step sets out as one graph. For memory.cu; the others meet it as cuda_set_out (launch.h). C++. */
#ifndef DSGD_SIM_CUDA_STEP_H
#define DSGD_SIM_CUDA_STEP_H

/** What is put on the device's stream from here on is recorded, unless steps have lately not been worth it. */
void cuda_step_begin(int device);
/** Sends it, if it has not set out already. */
void cuda_step_end(int device);

#endif
