#include "capture/source.h"
#include "phone/phone.h"
#include "tls/tls.h"
#include "x509/x509.h"

static const struct {
    const char *name;
    void (*versions)(const char **compiled, const char **running);
} libraries[] = {
    {"libpcap", lp_capture_library_version},
    {"libarchive", lp_archive_library_version},
    {"OpenSSL", lp_x509_library_version},
    {"libxml2", lp_phone_library_version},
    {"zlib", lp_zlib_version},
    {"brotli", lp_brotli_version},
    {"zstd", lp_zstd_version},
};

const char *lp_version(void)
{
    return LP_VERSION;
}

bool lp_library_version(size_t index, const char **name, const char **compiled,
                        const char **running)
{
    if (index >= sizeof libraries / sizeof libraries[0])
        return false;
    *name = libraries[index].name;
    libraries[index].versions(compiled, running);
    return true;
}
