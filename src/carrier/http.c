/*
 * How it works: requests and answers are read in step, since a connection may carry several, sent
 * ahead of the answers. An answer's body ends by its length, its chunks, or the connection's end
 * (RFC 9112 6.3). What a phone asks for is small; bodies above the limit are cut.
 *
 * Ranges of one file (RFC 9110 14) that follow one on the other from its beginning are put
 * together. What is still open when something else is asked for is handed out as incomplete.
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
    uint64_t from, total; /* of a range; `total` is UINT64_MAX when it is not told */
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
    if (!take(&text, "bytes "))
        return;
    head->from = take_number(&text, 10);
    if (take(&text, "-") && take_number(&text, 10) != UINT64_MAX && take(&text, "/"))
        head->total = take_number(&text, 10);
}

static bool read_headers(struct lp_rd *bytes, struct head *head)
{
    struct lp_rd text;

    head->length = head->from = head->total = UINT64_MAX;
    for (unsigned i = 0; i < MAX_HEADERS; i++) {
        if (!line(bytes, &text))
            return false;
        if (lp_rd_end(&text))
            return true;
        if (take(&text, "content-length:")) {
            skip_blanks(&text);
            head->length = number(text, 10);
            if (head->length == UINT64_MAX) /* given, and more than there can be */
                head->length--;
        } else if (take(&text, "transfer-encoding:")) {
            skip_blanks(&text);
            head->chunked = take(&text, "chunked");
        } else if (take(&text, "content-encoding:")) {
            skip_blanks(&text);
            read_coding(text, head);
        } else if (take(&text, "content-range:")) {
            skip_blanks(&text);
            read_range(text, head);
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

/* A file whose ranges are being put together. */
struct parts {
    struct lp_fetched file;
    struct lp_buf bytes; /* empty: there is none */
    uint64_t total;
};

struct reading {
    const struct lp_http *http;
    lp_fetched_fn fn;
    void *ctx;
    struct parts parts;
};

static void hand_out(const struct reading *reading, struct lp_fetched *file,
                     const struct lp_buf *bytes)
{
    file->bytes = lp_rd_init(bytes->bytes, bytes->len);
    if (bytes->len)
        reading->fn(reading->ctx, file);
}

static void end_parts(struct reading *reading)
{
    struct parts *parts = &reading->parts;

    hand_out(reading, &parts->file, &parts->bytes);
    parts->bytes.len = 0;
}

static bool same_path(struct lp_rd a, struct lp_rd b)
{
    return a.left == b.left && memcmp(a.ptr, b.ptr, a.left) == 0;
}

/* A range, of a file without a coding. */
static void add_part(struct reading *reading, const struct lp_fetched *file,
                     const struct head *head, const struct lp_buf *body)
{
    struct parts *parts = &reading->parts;
    bool next = parts->bytes.len && head->from == parts->bytes.len && head->total == parts->total &&
                same_path(parts->file.name, file->name);

    if (!next)
        end_parts(reading);
    if (head->coding != PLAIN || (!next && head->from != 0) ||
        parts->bytes.len + body->len > LP_FETCHED_MOST ||
        lp_buf_append(&parts->bytes, body->bytes, body->len) != LP_GROW_OK)
        return;
    parts->total = head->total;
    parts->file = *file;
    parts->file.complete = file->complete && parts->bytes.len == parts->total;
    if (parts->file.complete)
        end_parts(reading);
}

/* A whole file, decoded if it is packed. */
static void add_file(struct reading *reading, struct lp_fetched *file, const struct head *head,
                     struct lp_buf *body)
{
    struct lp_buf plain = {.budget = body->budget};
    bool whole = true;

    end_parts(reading);
    if (head->coding == PLAIN) {
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
    struct reading reading = {http, fn, ctx, {.bytes = {.budget = budget}}};
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
    end_parts(&reading);
    lp_buf_free(&reading.parts.bytes);
}
