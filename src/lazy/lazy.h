/*
 * Libraries that the program loads when it first calls them.
 *
 * Most runs need libcrypto and nothing else, while the others, with what they bring (ICU, the C++
 * library, D-Bus), would take two thirds of the time in which one small capture is read. So the
 * program defines their functions itself: each looks up the real one at its first call and passes
 * the arguments on. A file per library lists the functions that leafprint uses; the compiler holds
 * each against the library's own header, the linker tells which are missing. The library leafprint
 * knows nothing of this: another program links with what it needs, as usual.
 */
#ifndef LP_LAZY_LAZY_H
#define LP_LAZY_LAZY_H

#include <stdatomic.h>
#include <string.h>

/* The address of a function of the library `soname`. A library that is not there, though the
 * program was built with it, ends the program as it would have at its start: one line on standard
 * error, status 2. */
void *lp_lazy_find(const char *soname, const char *function);

/* In `real`, a pointer to function, the function's own address, looked up once. Two threads may
 * both look it up, to the same end. ISO C knows no way from an object's address to a function's;
 * POSIX has them of one size (dlsym). */
#define LP_LAZY_REAL(soname, function, real)                                                       \
    do {                                                                                           \
        static _Atomic(void *) found;                                                              \
        void *address = atomic_load_explicit(&found, memory_order_acquire);                        \
                                                                                                   \
        if (!address) {                                                                            \
            address = lp_lazy_find(soname, function);                                              \
            atomic_store_explicit(&found, address, memory_order_release);                          \
        }                                                                                          \
        memcpy(&(real), &address, sizeof(real));                                                   \
    } while (0)

/* One function of the library that a file's SONAME names: result, name, (parameters), arguments. */
#define LP_LAZY(result, name, parameters, ...)                                                     \
    result name parameters                                                                         \
    {                                                                                              \
        result(*real) parameters;                                                                  \
                                                                                                   \
        LP_LAZY_REAL(SONAME, #name, real);                                                         \
        return real(__VA_ARGS__);                                                                  \
    }

#define LP_LAZY_VOID(name, parameters, ...)                                                        \
    void name parameters                                                                           \
    {                                                                                              \
        void(*real) parameters;                                                                    \
                                                                                                   \
        LP_LAZY_REAL(SONAME, #name, real);                                                         \
        real(__VA_ARGS__);                                                                         \
    }

#endif
