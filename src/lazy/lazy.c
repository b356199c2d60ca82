#include "lazy/lazy.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATUS_TROUBLE = 2 };

void *lp_lazy_find(const char *soname, const char *function)
{
    void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL); /* counted, and kept to the end */
    void *address = library ? dlsym(library, function) : NULL;

    if (!address) {
        (void)fprintf(stderr, "leafprint: cannot load a library: %s\n", dlerror());
        _Exit(STATUS_TROUBLE);
    }
    return address;
}
