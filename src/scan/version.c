#include "capture/source.h"
#include "phone/phone.h"
#include "x509/x509.h"

const char *lp_version(void)
{
    return LP_VERSION;
}

bool lp_library_version(size_t index, const char **name, const char **compiled,
                        const char **running)
{
    switch (index) {
    case 0:
        *name = "libpcap";
        lp_capture_library_version(compiled, running);
        return true;
    case 1:
        *name = "OpenSSL";
        lp_x509_library_version(compiled, running);
        return true;
    case 2:
        *name = "libxml2";
        lp_phone_library_version(compiled, running);
        return true;
    default:
        return false;
    }
}
