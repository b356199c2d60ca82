/*
 * How it works: requests and answers are read in step, since a connection may carry several, sent
 * ahead of the answers. An answer's body ends by its length, its chunks, or the connection's end
 * (RFC 9112 6.3). What a phone asks for is small; bodies above the limit are cut.
 */
#include "carrier/http.h"

#include "base/mem.h"

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

/* Digits to the base; UINT64_MAX when there are none or too many. */
static uint64_t number(struct lp_rd text, unsigned base)
{
    uint64_t value = 0;
    unsigned digits = 0;
    uint8_t byte;

    for (; digits < 16 && lp_rd_u8(&text, &byte); digits++) {
        unsigned digit = byte >= '0' && byte <= '9'                     ? byte - (unsigned)'0'
                         : (byte | 0x20) >= 'a' && (byte | 0x20) <= 'f' ? (byte | 0x20U) - 'a' + 10
                                                                        : 99;
        if (digit >= base)
            break;
        value = value * base + digit;
    }
    return digits ? value : UINT64_MAX;
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

/* What the headers of one message say. */
struct head {
    unsigned status;
    uint64_t length; /* UINT64_MAX: not given */
    bool chunked, compressed, from_start;
};

static bool read_headers(struct lp_rd *bytes, struct head *head)
{
    struct lp_rd text;

    head->length = UINT64_MAX;
    head->from_start = head->status == 200;
    for (unsigned i = 0; i < MAX_HEADERS; i++) {
        if (!line(bytes, &text))
            return false;
        if (lp_rd_end(&text))
            return true;
        if (take(&text, "content-length:")) {
            skip_blanks(&text);
            head->length = number(text, 10);
        } else if (take(&text, "transfer-encoding:")) {
            skip_blanks(&text);
            head->chunked = take(&text, "chunked");
        } else if (take(&text, "content-encoding:")) {
            skip_blanks(&text);
            head->compressed = !take(&text, "identity");
        } else if (take(&text, "content-range:")) {
            skip_blanks(&text);
            head->from_start = take(&text, "bytes 0-");
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

void lp_http_files(const struct lp_http *http, struct lp_budget *budget, lp_fetched_fn fn,
                   void *ctx)
{
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
        if (going && (head.status == 200 || head.status == 206) && head.from_start &&
            !head.compressed && lp_fetched_wanted(path)) {
            http->packet(http->ctx, http->answers.left - answers.left, &file.frame, &file.time);
            file.bytes = lp_rd_init(body.bytes, body.len);
            file.complete = file.complete && head.status == 200;
            if (body.len)
                fn(ctx, &file);
        }
        lp_buf_free(&body);
    }
}
