/*
 * Classic pcap: a header of 24 bytes, then for each packet a record header and its bytes.
 *
 * Everybody who needed one field more made a format of his own: some with another magic number,
 * some without. Those without are told by their first records: a layout is taken when the records
 * make sense in it and make none in the usual one.
 */
#include "capture/reader.h"

enum {
    FILE_HEADER = 24,
    RECORD_HEADER = 16, /* seconds, fraction, captured length, original length */
    COOKED_FIELDS = 8,  /* Kuznetsov's patches: interface index, protocol, packet type, padding */
    COOKED_DEBUG = 4,   /* the one of 1999-09-15, built for several processors, has more */
    NOKIA_FIELDS = 4,
    LINK_TYPE_MASK = 0xffff, /* above: length of the frame check sequence, and reserved bits */
    VERSION_DG_UX = 543,
};

struct lp_pcap_kind {
    uint32_t magic;
    uint8_t more_header; /* bytes behind the file header */
    uint8_t more_record; /* bytes behind the record header */
    bool nanoseconds;
    bool has_variants; /* other layouts carry the same magic number */
};

static const struct lp_pcap_kind kinds[] = {
    {0xa1b2c3d4, 0, 0, false, true},             /* tcpdump's */
    {0xa1b23c4d, 0, 0, true, false},             /* the same with nanoseconds */
    {0xa1b2cd34, 0, COOKED_FIELDS, false, true}, /* Kuznetsov's */
    {0xa1e2cb12, 0, COOKED_FIELDS, true, false}, /* netsniff-ng's */
    {0x1c0001ac, 4, 0, true, false},             /* Ixia, recorded by hardware */
    {0x1c0001ab, 4, 0, false, false},            /* Ixia, recorded by software */
};

static const struct lp_pcap_kind *kind_of(struct lp_rd head, bool *little)
{
    uint32_t magic;

    if (!lp_rd_u32(&head, &magic))
        return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        *little = __builtin_bswap32(magic) == kinds[i].magic;
        if (*little || magic == kinds[i].magic)
            return &kinds[i];
    }
    return NULL;
}

bool lp_pcap_recognise(struct lp_rd head)
{
    bool little;
    return kind_of(head, &little) != NULL;
}

/* Before 2.3 the original length came first, and in DG/UX's 543.0; some files say 2.3 and still
 * have it so. */
static bool take_version(struct lp_pcap *pcap, uint16_t major, uint16_t minor)
{
    pcap->lengths_exchanged = (major == 2 && minor < 3) || (major == VERSION_DG_UX && minor == 0);
    pcap->lengths_doubtful = major == 2 && minor == 3;
    return (major == 2 && minor <= 4) || (major == VERSION_DG_UX && minor == 0);
}

/* AIX writes version 2.2, nanoseconds, and interface types of RFC 1573 for link types. No other
 * program that wrote 2.2 is known to have had link types of these numbers. */
static void adapt_to_aix(struct lp_pcap *pcap, uint32_t link_type)
{
    enum { ETHERNET = 6, TOKEN_RING = 9, FDDI = 15, LOOPBACK = 24 };

    if (link_type != ETHERNET && link_type != TOKEN_RING && link_type != FDDI &&
        link_type != LOOPBACK)
        return;
    pcap->nanoseconds = true;
    pcap->link_type = link_type == ETHERNET     ? 1
                      : link_type == TOKEN_RING ? 6
                      : link_type == FDDI       ? 10
                                                : 0;
}

bool lp_pcap_open(struct lp_pcap *pcap, struct lp_stream *stream, struct lp_fault *fault)
{
    uint16_t major, minor;
    uint32_t snap_length, link_type;

    pcap->kind = kind_of(stream->ready, &pcap->little);
    if (!pcap->kind || !lp_stream_have(stream, FILE_HEADER + pcap->kind->more_header)) {
        lp_fault_short(fault, stream, "the file ends inside its header");
        return false;
    }
    struct lp_rd head = lp_rd_head(&stream->ready, FILE_HEADER);
    if (!lp_rd_skip(&head, 4) || !lp_order_u16(&head, pcap->little, &major) ||
        !lp_order_u16(&head, pcap->little, &minor) || !lp_rd_skip(&head, 8) ||
        !lp_order_u32(&head, pcap->little, &snap_length) ||
        !lp_order_u32(&head, pcap->little, &link_type) ||
        !lp_rd_skip(&stream->ready, FILE_HEADER + pcap->kind->more_header))
        return false;
    if (!take_version(pcap, major, minor)) {
        lp_fault_broken(fault, 4, "pcap version %u.%u is not known", major, minor);
        return false;
    }
    pcap->nanoseconds = pcap->kind->nanoseconds;
    pcap->layout_known = !pcap->kind->has_variants || major != 2 || minor != 4;
    pcap->record_bytes = RECORD_HEADER + pcap->kind->more_record;
    pcap->most = lp_packet_most(snap_length);
    pcap->link_type = lp_link_type_from_file(link_type & LINK_TYPE_MASK);
    if (major == 2 && minor == 2 && pcap->kind == &kinds[0])
        adapt_to_aix(pcap, link_type);
    return true;
}

struct record {
    uint32_t sec, fraction, captured, original;
};

LP_MUST_USE static bool read_record(const struct lp_pcap *pcap, struct lp_rd *rd,
                                    struct record *record)
{
    if (!lp_order_u32(rd, pcap->little, &record->sec) ||
        !lp_order_u32(rd, pcap->little, &record->fraction) ||
        !lp_order_u32(rd, pcap->little, &record->captured) ||
        !lp_order_u32(rd, pcap->little, &record->original))
        return false;
    if (pcap->lengths_exchanged ||
        (pcap->lengths_doubtful && record->captured > record->original)) {
        uint32_t first = record->captured;
        record->captured = record->original;
        record->original = first;
    }
    return true;
}

/* ---- layouts that share a magic number ---- */

/* Whether the fields behind the record header can be what the layout says. */
static bool fields_make_sense(const struct lp_pcap *pcap, struct lp_rd fields)
{
    enum { MOST_INTERFACES = 10000, FIRST_ETHERTYPE = 0x600, LAST_PACKET_TYPE = 4 };
    uint32_t word;
    uint16_t protocol;
    uint8_t packet_type;

    if (fields.left == NOKIA_FIELDS) /* seen so far: 9 or b, fbf, b or d, 6 or 9, 0, 1 or 2 */
        return lp_order_u32(&fields, pcap->little, &word) && (word & 0x0fff00f0) == 0x0fbf0000;
    if (fields.left == 0)
        return true;
    return lp_order_u32(&fields, pcap->little, &word) && word <= MOST_INTERFACES &&
           lp_order_u16(&fields, pcap->little, &protocol) &&
           (protocol >= FIRST_ETHERTYPE || protocol <= 0x17 || protocol == 0x60 ||
            protocol == 0x200 || protocol == 0x400) &&
           lp_rd_u8(&fields, &packet_type) && packet_type <= LAST_PACKET_TYPE;
}

/* How many of the first records make sense with so many bytes behind the record header; the one
 * that does not ends the count at once, as 0. */
static unsigned records_that_make_sense(const struct lp_pcap *pcap, struct lp_rd bytes,
                                        size_t fields_bytes)
{
    enum { LOOKED_AT = 3 };
    unsigned n = 0;
    struct record record;
    struct lp_rd fields;

    while (n < LOOKED_AT && read_record(pcap, &bytes, &record) &&
           lp_rd_sub(&bytes, fields_bytes, &fields)) {
        if (record.fraction >= 1000000 || record.captured > pcap->most ||
            record.captured > record.original || !fields_make_sense(pcap, fields))
            return 0;
        n++;
        if (!lp_rd_skip(&bytes, record.captured))
            break;
    }
    return n;
}

/* Looks at what is in the buffer already: on a pipe that may be too little, and then the usual
 * layout counts. */
static void choose_layout(struct lp_pcap *pcap, struct lp_rd bytes)
{
    static const uint8_t others[] = {COOKED_FIELDS, COOKED_FIELDS + COOKED_DEBUG, NOKIA_FIELDS};

    pcap->layout_known = true;
    if (records_that_make_sense(pcap, bytes, pcap->kind->more_record))
        return;
    for (size_t i = 0; i < sizeof others; i++) {
        if (records_that_make_sense(pcap, bytes, others[i]) > 1) {
            pcap->record_bytes = RECORD_HEADER + others[i];
            return;
        }
    }
}

/* ---- packets ---- */

static void set_time(const struct lp_pcap *pcap, const struct record *record, struct lp_time *time)
{
    const uint32_t units = pcap->nanoseconds ? 1000000000 : 1000000;
    uint32_t fraction = record->fraction;

    time->sec = record->sec;
    if (fraction >= units) { /* damaged, or a recorder that does not carry */
        time->sec += fraction / units;
        fraction %= units;
    }
    time->nsec = pcap->nanoseconds ? fraction : fraction * 1000;
}

enum lp_read lp_pcap_next(struct lp_pcap *pcap, struct lp_stream *stream, struct lp_packet *packet,
                          struct lp_fault *fault)
{
    struct record record;
    uint64_t at = lp_stream_at(stream);

    if (!lp_stream_have(stream, pcap->record_bytes))
        return lp_fault_between(fault, stream, "its record header");
    if (!pcap->layout_known)
        choose_layout(pcap, stream->ready);
    if (!lp_stream_have(stream, pcap->record_bytes))
        return lp_fault_between(fault, stream, "its record header");

    struct lp_rd head = lp_rd_head(&stream->ready, RECORD_HEADER);
    if (!read_record(pcap, &head, &record) || !lp_rd_skip(&stream->ready, pcap->record_bytes))
        return lp_fault_between(fault, stream, "its record header");
    if (record.captured > pcap->most)
        return lp_fault_broken(fault, at,
                               "captured length %u exceeds %u, the most that the file allows",
                               record.captured, pcap->most);
    set_time(pcap, &record, &packet->time);
    packet->captured = record.captured;
    packet->cut = !lp_stream_have(stream, record.captured);
    if (packet->cut) {
        packet->captured = (uint32_t)stream->ready.left;
        lp_fault_short(fault, stream, "only %u of %u captured bytes are there", packet->captured,
                       record.captured);
        if (packet->captured == 0)
            return fault->what;
    }
    struct lp_rd bytes = lp_rd_head(&stream->ready, packet->captured);
    if (!lp_rd_skip(&stream->ready, packet->captured))
        return lp_fault_between(fault, stream, "its bytes");
    packet->bytes = bytes.ptr;
    packet->original = record.original > record.captured ? record.original : record.captured;
    packet->link_type = pcap->link_type;
    packet->interface = 0;
    return LP_READ_PACKET;
}
