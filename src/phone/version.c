#include "phone/phone.h"

#include <libxml/parser.h>
#include <libxml/xmlversion.h>

void lp_phone_library_version(const char **compiled, const char **running)
{
    *compiled = LIBXML_DOTTED_VERSION;
    *running = xmlParserVersion; /* one number: 20914 is 2.9.14 */
}
