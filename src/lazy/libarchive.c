#include "lazy/lazy.h"

#include <archive.h>
#include <stdarg.h>
#include <stdio.h>

static const char SONAME[] = LP_ARCHIVE_SONAME;

LP_LAZY(const char *, archive_error_string, (struct archive * archive), archive)
LP_LAZY(int, archive_read_append_filter, (struct archive * archive, int filter), archive, filter)
LP_LAZY(int, archive_read_data_block,
        (struct archive * archive, const void **block, size_t *size, la_int64_t *offset), archive,
        block, size, offset)
LP_LAZY(int, archive_read_free, (struct archive * archive), archive)
LP_LAZY(struct archive *, archive_read_new, (void), )
LP_LAZY(int, archive_read_next_header, (struct archive * archive, struct archive_entry **entry),
        archive, entry)
LP_LAZY(int, archive_read_open,
        (struct archive * archive, void *ctx, archive_open_callback *opened,
         archive_read_callback *feed, archive_close_callback *closed),
        archive, ctx, opened, feed, closed)
LP_LAZY(int, archive_read_support_format_raw, (struct archive * archive), archive)
LP_LAZY(const char *, archive_version_string, (void), )

void archive_set_error(struct archive *archive, int code, const char *format, ...)
{
    void (*real)(struct archive *, int, const char *, ...);
    char text[256];
    va_list arguments;

    LP_LAZY_REAL(SONAME, "archive_set_error", real);
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    real(archive, code, "%s", text);
}
