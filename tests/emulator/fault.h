/* fault.h - included before everything in a library that has all faults of mutations.sh in it: each is off until EMU_FAULT is its number. C++.
 *
 * An atomic becomes a plain read-modify-write, or a store that forgets what was there.
 */
#ifndef DSGD_TESTS_EMULATOR_FAULT_H
#define DSGD_TESTS_EMULATOR_FAULT_H

#include <stdio.h>
#include <stdlib.h>

#include "sim/cuda/gpu.h"

/* Of the environment; once it is reached EMU_FAULT_REACHED, if set, is a file. */
struct emu_fault_chosen {
    unsigned number = 0;
    bool reached = false;
    emu_fault_chosen()
    {
        const char *text = getenv("EMU_FAULT");
        if (text) { number = (unsigned)strtoul(text, nullptr, 10); }
    }
};
inline struct emu_fault_chosen emu_fault_chosen;

__attribute__((noinline, no_sanitize("thread"))) inline bool emu_fault(unsigned number)
{
    if (number != emu_fault_chosen.number) { return false; }
    const char *name = emu_fault_chosen.reached ? nullptr : getenv("EMU_FAULT_REACHED");
    emu_fault_chosen.reached = true;
    FILE *const file = name ? fopen(name, "w") : nullptr;
    if (file) { fclose(file); }
    return true;
}

enum emu_atomic_fault { EMU_RIGHT, EMU_PLAIN, EMU_STORE };
/** Numbers of both faults of an atomic. */
static inline enum emu_atomic_fault emu_atomic_faults(unsigned plain, unsigned store)
{
    return emu_fault(plain) ? EMU_PLAIN : emu_fault(store) ? EMU_STORE : EMU_RIGHT;
}

#define EMU_FAULTY(name, changed)                                                                                         \
    template <class T> T emu_faulty_##name(emu_atomic_fault fault, T *at, typename std::common_type<T>::type v)             \
    {                                                                                                                     \
        if (fault == EMU_RIGHT) { return name(at, v); }                                                                    \
        const T old = fault == EMU_PLAIN ? *at : T();                                                                      \
        *at = fault == EMU_PLAIN ? (T)(changed) : (T)v;                                                                    \
        return old;                                                                                                       \
    }
EMU_FAULTY(atomicAdd, old + v)
EMU_FAULTY(atomicSub, old - v)
EMU_FAULTY(atomicMax, old > v ? old : v)
EMU_FAULTY(atomicMin, old < v ? old : v)
EMU_FAULTY(atomicOr, old | v)
EMU_FAULTY(atomicAnd, old & v)
EMU_FAULTY(atomicXor, old ^ v)
EMU_FAULTY(atomicExch, v)

template <class T> T emu_faulty_atomicCAS(emu_atomic_fault fault, T *at, typename std::common_type<T>::type expected, typename std::common_type<T>::type v)
{
    if (fault == EMU_RIGHT) { return atomicCAS(at, expected, v); }
    const T old = *at;
    if (fault == EMU_STORE || old == expected) { *at = v; }
    return old;
}

#endif
