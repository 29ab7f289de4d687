/* memory.h - devices, memory, copies and steps: the CUDA library's launchers beside those of the families (library.h). */
#ifndef DSGD_SIM_CUDA_MEMORY_H
#define DSGD_SIM_CUDA_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cuda_device_info {
    char name[256];
    size_t memory, free; /* bytes */
    int major, minor;    /* compute capability */
    int processors;
};

/** Functions that return const char * return NULL, or a sentence of the runtime, static memory. */
struct cuda_memory {
    int (*devices)(const char **wrong);            /* how many there are; 0 with the reason in *wrong */
    void (*versions)(int *driver, int *runtime);   /* 13000: 13.0; driver 0: none */
    const char *(*info)(int device, struct cuda_device_info *info);
    void *(*alloc)(int device, size_t bytes);      /* zeroed; NULL: out of memory */
    void (*release)(void *memory);                 /* waits for the device's work */
    const char *(*read)(int device, void *host, const void *from, size_t bytes);   /* after all work before it; has ended on return. Reports what went wrong since the last read */
    const char *(*write)(int device, void *to, const void *host, size_t bytes);    /* in order; `host` is free again on return */
    const char *(*move)(int to_device, void *to, int from_device, const void *from, size_t bytes); /* in the order of both streams */
    void (*begin)(int device);                     /* work from here to `end` may set out together (step.cu); whatever waits sends it */
    const char *(*end)(int device);
};

#ifdef __cplusplus
}
#endif

#endif
