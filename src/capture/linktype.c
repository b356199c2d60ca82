#define _DEFAULT_SOURCE /* pcap.h needs u_int */
#include "capture/reader.h"

#include <pcap/pcap.h>
#include <stdio.h>

uint32_t lp_packet_most(uint32_t snap_length)
{
    if (snap_length < LP_PACKET_USUAL)
        return LP_PACKET_USUAL;
    return snap_length < LP_PACKET_MOST ? snap_length : LP_PACKET_MOST;
}

/* Files have numbers of their own for the few link types whose DLT_ number differs between
 * systems. */
int lp_link_type_from_file(uint32_t number)
{
    static const struct {
        uint32_t file;
        int dlt;
    } differ[] = {
        {100, DLT_ATM_RFC1483}, {101, DLT_RAW},    {102, DLT_SLIP_BSDOS}, {103, DLT_PPP_BSDOS},
        {106, DLT_ATM_CLIP},    {246, DLT_PFSYNC}, {258, DLT_PKTAP},
    };

    for (size_t i = 0; i < sizeof differ / sizeof differ[0]; i++)
        if (differ[i].file == number)
            return differ[i].dlt;
    return (int)number;
}

/* By libpcap, but for the usual ones: the program loads libpcap when it first calls it, and a name
 * is all that most captures would want of it. */
void lp_link_type_name(int link_type, char out[static LP_LINK_NAME])
{
    static const struct {
        int dlt;
        const char *name;
    } usual[] = {
        {DLT_EN10MB, "EN10MB"},
        {DLT_LINUX_SLL, "LINUX_SLL"},
        {DLT_LINUX_SLL2, "LINUX_SLL2"},
        {DLT_RAW, "RAW"},
        {DLT_IEEE802_11_RADIO, "IEEE802_11_RADIO"},
    };
    const char *name = NULL;

    for (size_t i = 0; i < sizeof usual / sizeof usual[0] && !name; i++)
        if (usual[i].dlt == link_type)
            name = usual[i].name;
    if (!name)
        name = pcap_datalink_val_to_name(link_type);
    if (name)
        snprintf(out, LP_LINK_NAME, "%s", name);
    else
        snprintf(out, LP_LINK_NAME, "DLT %d", link_type);
}
