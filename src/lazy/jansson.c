#include "lazy/lazy.h"

#include <jansson.h>

static const char SONAME[] = LP_JANSSON_SONAME;

LP_LAZY(json_t *, json_array_get, (const json_t *array, size_t index), array, index)
LP_LAZY(size_t, json_array_size, (const json_t *array), array)
LP_LAZY_VOID(json_delete, (json_t * json), json)
LP_LAZY(json_int_t, json_integer_value, (const json_t *integer), integer)
LP_LAZY(json_t *, json_loadb, (const char *text, size_t n, size_t flags, json_error_t *error), text,
        n, flags, error)
LP_LAZY(json_t *, json_object_get, (const json_t *object, const char *key), object, key)
LP_LAZY_VOID(json_set_alloc_funcs, (json_malloc_t allocate, json_free_t release), allocate, release)
LP_LAZY(const char *, json_string_value, (const json_t *string), string)
