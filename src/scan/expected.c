/*
 * The expected sides: configurations, certificates and hashes, gathered before the captures are
 * read. Everything lives in one arena; the two lists are arrays beside it.
 */
#include "scan/expected.h"

#include "base/text.h"
#include "phone/phone.h"
#include "x509/x509.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MOST = 16 * 1024 * 1024 };

struct lp_expected {
    struct lp_arena *arena;    /* owned */
    struct lp_config *configs; /* owned */
    size_t count, cap;
    struct lp_known_cert *known; /* owned */
    size_t known_count, known_cap;
};

struct lp_expected *lp_expected_new(void)
{
    struct lp_expected *expected = lp_alloc(sizeof *expected);

    if (!expected)
        return NULL;
    expected->arena = lp_arena_new();
    if (!expected->arena) {
        lp_free(expected);
        return NULL;
    }
    return expected;
}

void lp_expected_free(struct lp_expected *expected)
{
    if (!expected)
        return;
    lp_free(expected->configs);
    lp_free(expected->known);
    lp_arena_free(expected->arena);
    lp_free(expected);
}

size_t lp_expected_count(const struct lp_expected *expected)
{
    return expected->count;
}

const struct lp_config *lp_expected_get(const struct lp_expected *expected, size_t index)
{
    return index < expected->count ? &expected->configs[index] : NULL;
}

const struct lp_known_cert *lp_expected_known(const struct lp_expected *expected, size_t index)
{
    return index < expected->known_count ? &expected->known[index] : NULL;
}

bool lp_expected_needs_more_digests(const struct lp_expected *expected)
{
    for (size_t i = 0; i < expected->count; i++)
        for (size_t h = 0; h < expected->configs[i].hash_count; h++) {
            enum lp_hash_algorithm algorithm = expected->configs[i].hashes[h].algorithm;
            if (algorithm == LP_HASH_MD5 || algorithm == LP_HASH_SHA512)
                return true;
        }
    return false;
}

/* ---- copies ---- */

/* Moves one text into the arena; NULL stays NULL. */
static bool keep_text(struct lp_arena *arena, const char **text)
{
    if (!*text)
        return true;
    *text = lp_arena_text(arena, *text);
    return *text != NULL;
}

static bool keep_findings(struct lp_arena *arena, struct lp_config *config)
{
    size_t size;

    if (config->finding_count == 0)
        return true;
    if (__builtin_mul_overflow(config->finding_count, sizeof *config->findings, &size))
        return false;
    struct lp_finding *copy = lp_arena_copy(arena, config->findings, size);
    if (!copy)
        return false;
    config->findings = copy;
    for (size_t i = 0; i < config->finding_count; i++)
        if (!keep_text(arena, &copy[i].code) || !keep_text(arena, &copy[i].message) ||
            !keep_text(arena, &copy[i].remedy))
            return false;
    return true;
}

bool lp_config_copy(struct lp_arena *arena, const struct lp_config *from, struct lp_config *to)
{
    *to = *from;
    /* What lp_verify says starts anew. */
    to->paired_by = to->summary = NULL;
    to->verdict = LP_UNDECIDED;
    to->verdict_reason = LP_REASON_NONE;
    to->sessions = NULL;
    to->session_count = 0;
    if (!keep_text(arena, &to->source) || !keep_text(arena, &to->origin) ||
        !keep_text(arena, &to->phone) || !keep_text(arena, &to->hash_algorithm))
        return false;
    for (size_t i = 0; i < LP_MAX_URLS; i++)
        if (!keep_text(arena, &to->urls[i].text) || !keep_text(arena, &to->urls[i].host))
            return false;
    for (size_t i = 0; i < LP_MAX_CERT_HASHES; i++)
        if (!keep_text(arena, &to->hashes[i].text))
            return false;
    return keep_findings(arena, to);
}

/* Takes over a configuration whose texts are in the arena already. */
static bool append(struct lp_expected *expected, const struct lp_config *config)
{
    if (!lp_grow_array(&expected->configs, &expected->cap, expected->count + 1,
                       sizeof *expected->configs))
        return false;
    expected->configs[expected->count++] = *config;
    return true;
}

bool lp_expected_add_config(struct lp_expected *expected, const struct lp_config *config)
{
    struct lp_config copy;

    return lp_config_copy(expected->arena, config, &copy) && append(expected, &copy);
}

/* ---- hashes ---- */

static enum lp_status no_memory(struct lp_error *error)
{
    lp_error_set(error, "out of memory");
    return LP_ERR_MEMORY;
}

/* "path: what is wrong", the path made printable. */
static enum lp_status refuse(struct lp_expected *expected, const char *path, const char *what,
                             struct lp_error *error)
{
    const char *shown = lp_text_clean(expected->arena, path, strlen(path));

    if (!shown)
        return no_memory(error);
    lp_error_set(error, "%.300s: %s", shown, what);
    return LP_ERR_IO;
}

static const char *fault_text(enum lp_hash_fault fault)
{
    switch (fault) {
    case LP_HASH_EMPTY:
        return "empty";
    case LP_HASH_OF_HEX_TEXT:
        return "Base64 of the hex digits instead of the hash itself";
    case LP_HASH_BAD_LENGTH:
        return "as long as no digest (20 bytes for SHA-1)";
    case LP_HASH_NOT_BASE64:
    case LP_HASH_IS_HEX:
    case LP_HASH_FINE:
        break;
    }
    return "neither Base64 nor hex";
}

enum lp_status lp_expected_add_hash(struct lp_expected *expected, const char *text,
                                    struct lp_error *error)
{
    struct lp_config config = {.origin = "hash", .hash_count = 1};
    struct lp_cert_hash *hash = &config.hashes[0];

    config.source = lp_text_clean(expected->arena, text, strlen(text));
    if (!config.source)
        return no_memory(error);
    bool digest = lp_cert_hash_typed(expected->arena, text, hash);
    if (!digest && hash->fault == LP_HASH_FINE)
        return no_memory(error); /* nothing is wrong with the text */
    if (!digest) {
        lp_error_set(error, "%.200s: no hash: the value is %s", config.source,
                     fault_text(hash->fault));
        return LP_ERR_USAGE;
    }
    hash->n = 1;
    return append(expected, &config) ? LP_OK : no_memory(error);
}

/* ---- files ---- */

static enum lp_status read_stream(struct lp_expected *expected, const char *path, FILE *file,
                                  struct lp_buf *buf, struct lp_error *error)
{
    enum { CHUNK = 64 * 1024 };

    while (buf->len <= FILE_MOST) {
        if (lp_buf_reserve(buf, CHUNK) != LP_GROW_OK)
            return no_memory(error);
        size_t n = fread(buf->bytes + buf->len, 1, CHUNK, file);
        buf->len += n;
        if (ferror(file))
            return refuse(expected, path, strerror(errno), error);
        if (n == 0)
            return LP_OK;
    }
    return refuse(expected, path, "larger than 16 MiB: no configuration and no certificate", error);
}

static enum lp_status read_all(struct lp_expected *expected, const char *path, struct lp_buf *buf,
                               struct lp_error *error)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "rb");

    if (!file)
        return refuse(expected, path, strerror(errno), error);
    enum lp_status status = read_stream(expected, path, file, buf, error);
    if (!standard)
        fclose(file);
    return status;
}

/* `picky`: leave out what is no phone's, like the lists of tones and keys beside it. */
static enum lp_status add_config(struct lp_expected *expected, const char *path, bool picky,
                                 const struct lp_buf *buf, struct lp_error *error)
{
    struct lp_config config = {0};

    if (!lp_phone_config(expected->arena, path, buf->bytes, buf->len, &config))
        return no_memory(error);
    if (picky && config.reason == LP_REASON_NO_VPN_GROUP && !config.phone)
        return LP_OK;
    return append(expected, &config) ? LP_OK : no_memory(error);
}

struct certificate_file {
    struct lp_expected *expected;
    struct lp_digester *digester;
    struct lp_config config;
    size_t found;
    bool failed; /* memory */
};

/* The first ten become expected values; each one becomes known by its subject. */
static bool keep_certificate(struct certificate_file *file, const uint8_t *der, size_t n)
{
    struct lp_expected *expected = file->expected;
    struct lp_known_cert known = {.source = file->config.source, .cert = {.complete = true}};

    known.cert.bytes = (uint32_t)n; /* at most FILE_MOST */
    known.cert.facts = lp_x509_facts(expected->arena, der, n);
    if (!known.cert.facts ||
        !lp_digest_cert(file->digester, der, n, known.cert.sha1, known.cert.sha256) ||
        !lp_grow_array(&expected->known, &expected->known_cap, expected->known_count + 1,
                       sizeof *expected->known))
        return false;
    expected->known[expected->known_count++] = known;
    file->found++;
    if (file->config.hash_count == LP_MAX_CERT_HASHES)
        return true;

    struct lp_cert_hash *hash = &file->config.hashes[file->config.hash_count++];
    char base64[29];
    lp_base64_text(known.cert.sha1, sizeof known.cert.sha1, base64);
    hash->n = (unsigned)file->config.hash_count;
    hash->algorithm = LP_HASH_SHA1;
    hash->digest_len = sizeof known.cert.sha1;
    memcpy(hash->digest, known.cert.sha1, sizeof known.cert.sha1);
    hash->text = lp_arena_text(expected->arena, base64);
    return hash->text != NULL;
}

static bool on_certificate(void *ctx, const uint8_t *der, size_t n)
{
    struct certificate_file *file = ctx;

    file->failed = !keep_certificate(file, der, n);
    return !file->failed;
}

/* Says that a bundle held more than can be expected at once. */
static bool note_rest(struct certificate_file *file)
{
    struct lp_arena *arena = file->expected->arena;
    struct lp_finding *finding;

    if (file->found <= LP_MAX_CERT_HASHES)
        return true;
    finding = lp_arena_alloc(arena, sizeof *finding);
    if (!finding)
        return false;
    finding->severity = LP_WARNING;
    finding->code = "certificates-left-out";
    finding->session = -1;
    finding->message =
        lp_arena_printf(arena, "%s: the file holds %zu certificates; the first %d are expected",
                        file->config.source, file->found, (int)LP_MAX_CERT_HASHES);
    finding->remedy = "give the certificates that may be presented in a file of their own";
    file->config.findings = finding;
    file->config.finding_count = 1;
    return finding->message != NULL;
}

static enum lp_status add_certificates(struct lp_expected *expected, const char *path,
                                       const struct lp_buf *buf, struct lp_error *error)
{
    struct certificate_file file = {expected, NULL, {.origin = "certificate"}, 0, false};
    size_t known_before = expected->known_count;
    enum lp_status status = LP_ERR_MEMORY;

    file.config.source = lp_text_clean(expected->arena, path, strlen(path));
    file.digester = lp_digester_new();
    if (!file.config.source || !file.digester)
        goto out;
    bool whole = lp_x509_each(buf->bytes, buf->len, on_certificate, &file);
    if (file.failed || (!whole && file.found))
        goto out; /* memory; when nothing was found, that is the likelier reason */
    if (file.found == 0) {
        status = refuse(expected, path,
                        "neither a phone's configuration (XML, plain or signed) nor a certificate "
                        "(PEM or DER)",
                        error);
        goto out;
    }
    if (!note_rest(&file) || !append(expected, &file.config))
        goto out;
    status = LP_OK;
out:
    lp_digester_free(file.digester);
    if (status != LP_OK)
        expected->known_count = known_before;
    return status == LP_ERR_MEMORY ? no_memory(error) : status;
}

static enum lp_status add_one(struct lp_expected *expected, const char *path, bool picky,
                              struct lp_error *error)
{
    struct lp_buf buf = {0};
    enum lp_status status = read_all(expected, path, &buf, error);

    if (status != LP_OK)
        goto out;
    if (buf.len == 0 && !picky)
        status = refuse(expected, path, "the file is empty", error);
    else if (lp_phone_looks_like_xml(buf.bytes, buf.len))
        status = add_config(expected, path, picky, &buf, error);
    else if (!picky)
        status = add_certificates(expected, path, &buf, error);
out:
    lp_buf_free(&buf);
    return status;
}

/* ---- folders ---- */

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), e = strlen(end);
    return n > e && strcmp(name + n - e, end) == 0;
}

static bool is_configuration_name(const char *name)
{
    return ends_with(name, ".xml") || ends_with(name, ".sgn");
}

struct listing {
    char **paths; /* owned array; the texts are the arena's */
    size_t count, cap;
};

/* Folders still to be looked into, and the files found so far. */
struct walk {
    struct lp_expected *expected;
    struct listing folders, files;
};

static bool list_path(struct listing *list, char *path)
{
    if (!lp_grow_array(&list->paths, &list->cap, list->count + 1, sizeof *list->paths))
        return false;
    list->paths[list->count++] = path;
    return true;
}

/* Files are taken by their names; folders are walked, but not through links, so that the walk ends.
 */
static enum lp_status take_entry(struct walk *walk, const char *folder, const char *name,
                                 struct lp_error *error)
{
    size_t n = strlen(folder);
    const char *between = n && folder[n - 1] == '/' ? "" : "/";
    char *path = lp_arena_printf(walk->expected->arena, "%s%s%s", folder, between, name);
    struct stat self, target;
    struct listing *list = NULL;

    if (!path)
        return no_memory(error);
    if (lstat(path, &self) != 0)
        return refuse(walk->expected, path, strerror(errno), error);
    if (S_ISDIR(self.st_mode))
        list = &walk->folders;
    else if (is_configuration_name(path) && stat(path, &target) == 0 && S_ISREG(target.st_mode))
        list = &walk->files;
    return !list || list_path(list, path) ? LP_OK : no_memory(error);
}

static enum lp_status take_folder(struct walk *walk, const char *folder, struct lp_error *error)
{
    DIR *dir = opendir(folder);
    enum lp_status status = LP_OK;
    const struct dirent *entry;

    if (!dir)
        return refuse(walk->expected, folder, strerror(errno), error);
    errno = 0;
    while (status == LP_OK && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = take_entry(walk, folder, entry->d_name, error);
        errno = 0;
    }
    if (status == LP_OK && errno)
        status = refuse(walk->expected, folder, strerror(errno), error);
    closedir(dir);
    return status;
}

static int by_bytes(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

static enum lp_status add_folder(struct lp_expected *expected, const char *path,
                                 struct lp_error *error)
{
    struct walk walk = {expected, {NULL, 0, 0}, {NULL, 0, 0}};
    enum lp_status status = take_folder(&walk, path, error);

    while (status == LP_OK && walk.folders.count)
        status = take_folder(&walk, walk.folders.paths[--walk.folders.count], error);
    if (walk.files.count > 1)
        qsort(walk.files.paths, walk.files.count, sizeof *walk.files.paths, by_bytes);
    for (size_t i = 0; i < walk.files.count && status == LP_OK; i++)
        status = add_one(expected, walk.files.paths[i], true, error);
    lp_free(walk.folders.paths);
    lp_free(walk.files.paths);
    return status;
}

enum lp_status lp_expected_add_file(struct lp_expected *expected, const char *path,
                                    struct lp_error *error)
{
    size_t before = expected->count, known_before = expected->known_count;
    enum lp_status status;
    struct stat target;

    if (strcmp(path, "-") == 0 || stat(path, &target) != 0 || !S_ISDIR(target.st_mode)) {
        status = add_one(expected, path, false, error);
    } else {
        status = add_folder(expected, path, error);
        if (status == LP_OK && expected->count == before)
            status = refuse(expected, path,
                            "no phone's configuration (*.xml, *.sgn) in this folder", error);
    }
    if (status != LP_OK) { /* all of it or nothing */
        expected->count = before;
        expected->known_count = known_before;
    }
    return status;
}
