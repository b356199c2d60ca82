#include "base/file.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum lp_status read_stream(FILE *file, const char *path, struct lp_buf *out,
                                  struct lp_error *error)
{
    enum { CHUNK = 64 * 1024 };

    while (out->len <= LP_FILE_MOST) {
        if (lp_buf_reserve(out, CHUNK) != LP_GROW_OK) {
            lp_error_set(error, "%s: out of memory", path);
            return LP_ERR_MEMORY;
        }
        size_t n = fread(out->bytes + out->len, 1, CHUNK, file);
        out->len += n;
        if (ferror(file)) {
            lp_error_set(error, "%s: %s", path, strerror(errno));
            return LP_ERR_IO;
        }
        if (n == 0)
            return LP_OK;
    }
    lp_error_set(error, "%s: larger than 16 MiB", path);
    return LP_ERR_IO;
}

enum lp_status lp_file_read(const char *path, struct lp_buf *out, struct lp_error *error)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "rb");

    if (!file) {
        lp_error_set(error, "%s: %s", path, strerror(errno));
        return LP_ERR_IO;
    }
    enum lp_status status = read_stream(file, path, out, error);
    if (!standard)
        fclose(file);
    return status;
}
