#include "x509/x509.h"

#include <openssl/crypto.h>
#include <openssl/opensslv.h>

void lp_x509_library_version(const char **compiled, const char **running)
{
    *compiled = OPENSSL_VERSION_STR;
    *running = OpenSSL_version(OPENSSL_VERSION_STRING);
}
