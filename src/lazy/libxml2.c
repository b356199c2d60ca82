#include "lazy/lazy.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

static const char SONAME[] = LP_XML_SONAME;

LP_LAZY(xmlDocPtr, xmlCtxtReadMemory,
        (xmlParserCtxtPtr parser, const char *text, int size, const char *url, const char *encoding,
         int options),
        parser, text, size, url, encoding, options)
LP_LAZY(xmlNodePtr, xmlDocGetRootElement, (const xmlDoc *document), document)
LP_LAZY_VOID(xmlFreeDoc, (xmlDocPtr document), document)
LP_LAZY_VOID(xmlFreeParserCtxt, (xmlParserCtxtPtr parser), parser)
LP_LAZY(long, xmlGetLineNo, (const xmlNode *node), node)
LP_LAZY_VOID(xmlInitParser, (void), )
LP_LAZY(xmlParserCtxtPtr, xmlNewParserCtxt, (void), )
LP_LAZY_VOID(xmlSAX2EndElementNs,
             (void *parser, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri), parser,
             name, prefix, uri)
LP_LAZY_VOID(xmlSAX2StartElementNs,
             (void *parser, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
              int namespaces_count, const xmlChar **namespaces, int attributes_count,
              int defaulted_count, const xmlChar **attributes),
             parser, name, prefix, uri, namespaces_count, namespaces, attributes_count,
             defaulted_count, attributes)
LP_LAZY_VOID(xmlStopParser, (xmlParserCtxtPtr parser), parser)
LP_LAZY(int, xmlStrcasecmp, (const xmlChar *one, const xmlChar *other), one, other)
/* What xmlParserVersion stands for. */
LP_LAZY(const char **, __xmlParserVersion, (void), )
