/*
 * How it works: requests and answers are read in step, since a connection may carry several, sent
 * ahead of the answers. An answer's body ends by its length, its chunks, or the connection's end
 * (RFC 9112 6.3). What a phone asks for is small; bodies above the limit are cut.
 *
 * A range of a file (RFC 9110 14), and the beginning of one that was cut short, is handed out with
 * its place in the file: it may take several connections to get all of it.
 */
#include "carrier/http.h"

#include "base/mem.h"
#include "carrier/coding.h"

enum { MAX_LINE = 8192, MAX_HEADERS = 128, MAX_MESSAGES = 256 };

/* A line without its CR LF (or LF). False: it does not end. */
static bool line(struct lp_rd *bytes, struct lp_rd *out)
{
    struct lp_rd copy = *bytes;
    uint8_t byte = 0;
    size_t length = 0;
    bool carriage_return = false;

    while (length <= MAX_LINE && lp_rd_u8(&copy, &byte) && byte != '\n') {
        carriage_return = byte == '\r';
        length++;
    }
    if (byte != '\n' || length > MAX_LINE)
        return false;
    *out = lp_rd_head(bytes, length - (carriage_return ? 1 : 0));
    *bytes = copy;
    return true;
}

/* Takes `word` (in lower case) from the front, whatever its case. */
static bool take(struct lp_rd *text, const char *word)
{
    struct lp_rd copy = *text;
    uint8_t byte;

    for (; *word; word++)
        if (!lp_rd_u8(&copy, &byte) ||
            (byte >= 'A' && byte <= 'Z' ? byte + 32 : byte) != (unsigned char)*word)
            return false;
    *text = copy;
    return true;
}

static void skip_blanks(struct lp_rd *text)
{
    struct lp_rd copy = *text;
    uint8_t byte;

    while (lp_rd_u8(&copy, &byte) && (byte == ' ' || byte == '\t'))
        *text = copy;
}

/* Takes digits to the base; UINT64_MAX when there are none or too many. */
static uint64_t take_number(struct lp_rd *text, unsigned base)
{
    enum { DIGITS_MOST = 15 };
    struct lp_rd ahead = *text;
    uint64_t value = 0;
    unsigned digits = 0;
    uint8_t byte;

    while (lp_rd_u8(&ahead, &byte)) {
        unsigned digit = byte >= '0' && byte <= '9'                     ? byte - (unsigned)'0'
                         : (byte | 0x20) >= 'a' && (byte | 0x20) <= 'f' ? (byte | 0x20U) - 'a' + 10
                                                                        : 99;
        if (digit >= base)
            break;
        if (digits++ == DIGITS_MOST)
            return UINT64_MAX;
        value = value * base + digit;
        *text = ahead;
    }
    return digits ? value : UINT64_MAX;
}

static uint64_t number(struct lp_rd text, unsigned base)
{
    return take_number(&text, base);
}

/* The path of a request line, without a query. */
static bool request_path(struct lp_rd text, struct lp_rd *path)
{
    struct lp_rd copy;
    uint8_t byte;
    size_t length = 0;

    if (!take(&text, "get "))
        return false;
    copy = text;
    while (lp_rd_u8(&copy, &byte) && byte > ' ' && byte != '?')
        length++;
    *path = lp_rd_head(&text, length);
    return length > 0;
}

bool lp_http_wanted(struct lp_rd stream)
{
    struct lp_rd path;
    return request_path(lp_rd_head(&stream, MAX_LINE), &path) && lp_fetched_wanted(path);
}

bool lp_http_unfinished(struct lp_rd stream)
{
    struct lp_rd text = lp_rd_head(&stream, MAX_LINE), rest = text;
    uint8_t byte = 0;

    if (!take(&text, "get ") || text.left + 4 == MAX_LINE)
        return false;
    while (byte != '\n')
        if (!lp_rd_u8(&rest, &byte))
            return true;
    return false;
}

/* What the headers of one message say. */
struct head {
    unsigned status;
    uint64_t length; /* UINT64_MAX: not given */
    bool chunked;
    enum { PLAIN, PACKED, UNKNOWN_CODING } coding;
    struct lp_range range;
    uint64_t range_length; /* 0: there is no range, or one that says nothing */
    struct lp_rd date;
};

static void read_coding(struct lp_rd text, struct head *head)
{
    static const char *const known[] = {"gzip", "x-gzip", "deflate"}; /* RFC 9110 8.4.1 */

    head->coding = UNKNOWN_CODING;
    if (take(&text, "identity"))
        head->coding = PLAIN;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (take(&text, known[i]) && lp_rd_end(&text))
            head->coding = PACKED;
}

/* "bytes 0-499/1234" (RFC 9110 14.4) */
static void read_range(struct lp_rd text, struct head *head)
{
    struct lp_range *range = &head->range;
    uint64_t to;

    if (!take(&text, "bytes "))
        return;
    range->from = take_number(&text, 10);
    if (!take(&text, "-") || (to = take_number(&text, 10)) == UINT64_MAX || !take(&text, "/"))
        return;
    range->total = take_number(&text, 10);
    if (range->from <= to && to < range->total)
        head->range_length = to - range->from + 1;
}

static void read_length(struct lp_rd text, struct head *head)
{
    head->length = number(text, 10);
    if (head->length == UINT64_MAX) /* given, and more than there can be */
        head->length--;
}

static void read_encoding(struct lp_rd text, struct head *head)
{
    head->chunked = take(&text, "chunked");
}

/* A weak one does not say that every byte is the same (RFC 9110 8.8.1). */
static void read_tag(struct lp_rd text, struct head *head)
{
    struct lp_rd ahead = text;

    if (!take(&ahead, "w/"))
        head->range.tag = text;
}

static void read_modified(struct lp_rd text, struct head *head)
{
    head->range.modified = text;
}

static void read_date(struct lp_rd text, struct head *head)
{
    head->date = text;
}

static const struct header {
    const char *name;
    void (*read)(struct lp_rd text, struct head *head);
} headers[] = {
    {"content-length:", read_length},
    {"transfer-encoding:", read_encoding},
    {"content-encoding:", read_coding},
    {"content-range:", read_range},
    {"etag:", read_tag},
    {"last-modified:", read_modified},
    {"date:", read_date},
};

static bool same_text(struct lp_rd a, struct lp_rd b)
{
    return a.left == b.left && (a.left == 0 || memcmp(a.ptr, b.ptr, a.left) == 0);
}

/* A file that was changed within the second may change again within it (RFC 9110 8.8.2.2). */
static void judge_modified(struct head *head)
{
    if (!head->date.left || same_text(head->date, head->range.modified))
        head->range.modified = lp_rd_init(NULL, 0);
}

static bool read_headers(struct lp_rd *bytes, struct head *head)
{
    struct lp_rd text;

    head->length = head->range.from = head->range.total = UINT64_MAX;
    head->date = head->range.tag = head->range.modified = lp_rd_init(NULL, 0);
    for (unsigned i = 0; i < MAX_HEADERS; i++) {
        if (!line(bytes, &text))
            return false;
        if (lp_rd_end(&text)) {
            judge_modified(head);
            return true;
        }
        for (size_t k = 0; k < sizeof headers / sizeof *headers; k++)
            if (take(&text, headers[k].name)) {
                skip_blanks(&text);
                headers[k].read(text, head);
                break;
            }
    }
    return false;
}

static bool next_request(struct lp_rd *requests, struct lp_rd *path)
{
    struct lp_rd text;
    struct head head = {0};

    do
        if (!line(requests, &text))
            return false;
    while (lp_rd_end(&text)); /* empty lines may stand between (RFC 9112 2.2) */
    *path = lp_rd_head(&text, 0);
    (void)request_path(text, path);
    if (!read_headers(requests, &head))
        return true; /* the request's end is lost: it was made all the same */
    if (head.length != UINT64_MAX && !lp_rd_skip(requests, (size_t)head.length))
        (void)lp_rd_rest(requests);
    return true;
}

static bool next_answer(struct lp_rd *answers, struct head *head)
{
    struct lp_rd text;

    do {
        *head = (struct head){0};
        if (!line(answers, &text) || !take(&text, "http/1.") || !lp_rd_skip(&text, 1))
            return false;
        skip_blanks(&text);
        head->status = (unsigned)number(text, 10);
        if (!read_headers(answers, head))
            return false;
    } while (head->status >= 100 && head->status < 200); /* interim answers (RFC 9110 15.2) */
    return true;
}

/* RFC 9112 7.1. *complete: the last chunk was there. False: memory. */
static bool join_chunks(struct lp_rd *answers, struct lp_buf *out, bool *complete)
{
    struct lp_rd text;

    while (line(answers, &text)) {
        uint64_t length = number(text, 16);
        if (length == UINT64_MAX)
            return true;
        struct lp_rd chunk = lp_rd_head(answers, length > SIZE_MAX ? SIZE_MAX : (size_t)length);
        if (out->len + chunk.left <= LP_FETCHED_MOST &&
            lp_buf_append(out, chunk.ptr, chunk.left) != LP_GROW_OK)
            return false;
        if (!lp_rd_skip(answers, (size_t)length))
            return true;
        if (!line(answers, &text))
            return true;
        if (length == 0) {
            while (!lp_rd_end(&text) && line(answers, &text)) /* trailers */
                ;
            *complete = true;
            return true;
        }
    }
    return true;
}

/* The body of one answer. False: memory is short, or there is no telling where the next answer
 * begins. */
static bool take_body(const struct lp_http *http, struct lp_rd *answers, const struct head *head,
                      struct lp_buf *out, bool *complete)
{
    if (head->status == 204 || head->status == 304)
        return *complete = true;
    if (head->chunked)
        return join_chunks(answers, out, complete);
    struct lp_rd body =
        lp_rd_head(answers, head->length > SIZE_MAX ? SIZE_MAX : (size_t)head->length);
    *complete = head->length == UINT64_MAX ? http->answers_end : body.left == head->length;
    struct lp_rd kept = lp_rd_head(&body, LP_FETCHED_MOST);
    *complete = *complete && kept.left == body.left;
    if (!lp_rd_skip(answers, body.left))
        return false;
    return lp_buf_append(out, kept.ptr, kept.left) == LP_GROW_OK;
}

/* ---- files ---- */

struct reading {
    const struct lp_http *http;
    lp_fetched_fn fn;
    void *ctx;
};

static void hand_out(const struct reading *reading, struct lp_fetched *file,
                     const struct lp_buf *bytes)
{
    file->bytes = lp_rd_init(bytes->bytes, bytes->len);
    if (bytes->len)
        reading->fn(reading->ctx, file);
}

/* Of a file without a coding: the coded one has ranges of its own, which nobody could unpack. */
static void add_part(const struct reading *reading, struct lp_fetched *file,
                     const struct head *head, const struct lp_buf *body)
{
    if (head->coding != PLAIN || body->len > head->range_length)
        return;
    file->range = &head->range;
    file->complete = false;
    hand_out(reading, file, body);
}

/* A whole file, decoded if it is packed. */
static void add_file(const struct reading *reading, struct lp_fetched *file, struct head *head,
                     struct lp_buf *body)
{
    struct lp_buf plain = {.budget = body->budget};
    bool whole = true;

    if (head->coding == PLAIN && !file->complete && !head->chunked && head->length != UINT64_MAX) {
        head->range.from = 0;
        head->range.total = head->range_length = head->length;
        add_part(reading, file, head, body);
    } else if (head->coding == PLAIN) {
        hand_out(reading, file, body);
    } else if (head->coding == PACKED &&
               lp_coding_unpack(lp_rd_init(body->bytes, body->len), &plain, &whole)) {
        file->complete = file->complete && whole;
        hand_out(reading, file, &plain);
    }
    lp_buf_free(&plain);
}

void lp_http_files(const struct lp_http *http, struct lp_budget *budget, lp_fetched_fn fn,
                   void *ctx)
{
    const struct reading reading = {http, fn, ctx};
    struct lp_rd requests = http->requests, answers = http->answers, path;
    struct head head;
    bool going = true;

    for (unsigned i = 0; i < MAX_MESSAGES && going && next_request(&requests, &path) &&
                         next_answer(&answers, &head);
         i++) {
        struct lp_buf body = {.budget = budget};
        struct lp_fetched file = {
            .carrier = "http", .name = path, .client = http->client, .server = http->server};
        going = take_body(http, &answers, &head, &body, &file.complete);
        if (going && lp_fetched_wanted(path)) {
            http->packet(http->ctx, http->answers.left - answers.left, &file.frame, &file.time);
            if (head.status == 200)
                add_file(&reading, &file, &head, &body);
            else if (head.status == 206)
                add_part(&reading, &file, &head, &body);
        }
        lp_buf_free(&body);
    }
}
