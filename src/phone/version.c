#include "phone/phone.h"

#include <libxml/parser.h>
#include <libxml/xmlversion.h>
#include <string.h>

void lp_phone_library_version(const char **compiled, const char **running)
{
    *compiled = LIBXML_DOTTED_VERSION;
    /* The running library tells its version as one number (20914 is 2.9.14), perhaps with a suffix.
     */
    *running = strncmp(xmlParserVersion, LIBXML_VERSION_STRING, strlen(LIBXML_VERSION_STRING)) == 0
                   ? LIBXML_DOTTED_VERSION
                   : xmlParserVersion;
}
