/* Certificates as files, in a directory of their own under $TMPDIR. */
#include "disk/partfile.h"
#include "disk/store.h"
#include "guard.h"
#include "x509/x509.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A file system without hard links, on demand. */
#if defined(__linux__)
#include <sys/syscall.h>
static int link_errno;

int linkat(int old_dir, const char *old, int new_dir, const char *new, int flags)
{
    if (link_errno) {
        errno = link_errno;
        return -1;
    }
    return (int)syscall(SYS_linkat, old_dir, old, new_dir, new, flags);
}
#endif

struct fixture {
    char dir[256]; /* exists, and is removed with all that is in it */
    char out[300]; /* dir/out, does not exist at first */
    struct lp_capture capture;
    struct lp_session sessions[2];
    struct lp_cert chain[3], client[2], second[1];
    struct lp_digester *digester;
};

/* Any bytes do: what is exported need not be a certificate that anybody can parse. */
static struct lp_cert cert(struct fixture *f, unsigned depth, const char *bytes)
{
    struct lp_cert made = {.depth = depth, .complete = true, .bytes = (uint32_t)strlen(bytes)};
    made.der = (const uint8_t *)bytes;
    assert_true(lp_digest_cert(f->digester, made.der, made.bytes, made.sha1, made.sha256));
    return made;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const char *tmp = getenv("TMPDIR");

    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "%s/leafprint-export-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->out, sizeof f->out, "%s/out", f->dir);
    f->digester = lp_digester_new();
    f->chain[0] = cert(f, 0, "the leaf");
    f->chain[1] = cert(f, 1, "its issuer");
    f->chain[2] = cert(f, 2, "the root");
    f->client[0] = cert(f, 0, "a phone");
    f->client[1] = cert(f, 1, "its maker");
    f->second[0] = cert(f, 0, "the leaf");
    f->sessions[0] = (struct lp_session){.chain = f->chain, .chain_count = 3};
    f->sessions[0].client_chain = f->client;
    f->sessions[0].client_chain_count = 2;
    f->sessions[1] = (struct lp_session){.chain = f->second, .chain_count = 1};
    for (size_t i = 0; i < 2; i++) {
        lp_ip_parse("192.0.2.1", 9, &f->sessions[i].server.ip);
        f->sessions[i].server.port = 443;
    }
    f->capture = (struct lp_capture){.path = "a/b/site 7.pcapng.gz"};
    f->capture.sessions = f->sessions;
    f->capture.session_count = 2;
    *state = f;
    return 0;
}

/* Removes a directory of files and, one level deep, directories. */
static void remove_all(const char *path, int depth)
{
    DIR *dir = opendir(path);
    char inner[1024];

    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) >= (int)sizeof inner)
            continue;
        if (unlink(inner) != 0 && depth > 0)
            remove_all(inner, depth - 1);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    remove_all(f->dir, 2);
    lp_digester_free(f->digester);
    free(f);
    return 0;
}

struct calls {
    unsigned count, written;
    char path[16][600];
};

static void note_call(void *ctx, const char *path, bool written)
{
    struct calls *calls = ctx;
    assert_true(calls->count < 16);
    snprintf(calls->path[calls->count++], sizeof calls->path[0], "%s", path);
    calls->written += written;
}

static enum lp_status export_to(struct fixture *f, const char *dir, bool all, struct calls *calls,
                                struct lp_error *error)
{
    struct lp_export what = {.dir = dir, .all = all};
    memset(calls, 0, sizeof *calls);
    return lp_export(&f->capture, &what, note_call, calls, error);
}

static unsigned files_in(const char *path)
{
    DIR *dir = opendir(path);
    unsigned count = 0;

    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

static void expect_file(const char *path, const char *content)
{
    size_t n;
    uint8_t *bytes = read_file(path, &n);
    assert_int_equal(n, strlen(content));
    assert_memory_equal(bytes, content, n);
    free(bytes);
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static const char *name_in(const struct calls *calls, unsigned i)
{
    return strrchr(calls->path[i], '/') + 1;
}

static void export_of_leaves_writes_each_once(void **state)
{
    struct fixture *f = *state;
    struct calls calls;
    struct lp_error error;
    char expected[700];

    assert_int_equal(LP_OK, export_to(f, f->out, false, &calls, &error));
    assert_int_equal(calls.count, 1); /* two handshakes, one certificate */
    assert_int_equal(calls.written, 1);
    snprintf(expected, sizeof expected, "%s/site_7_192.0.2.1_443_leaf_3abc97a1787d5f3e.cer",
             f->out);
    assert_string_equal(calls.path[0], expected);
    expect_file(expected, "the leaf");
    assert_int_equal(files_in(f->out), 1); /* no temporary file stays */
}

static void export_done_again_writes_nothing(void **state)
{
    struct fixture *f = *state;
    struct calls first, second;
    struct lp_error error;
    struct stat before, after;

    assert_int_equal(LP_OK, export_to(f, f->out, true, &first, &error));
    assert_int_equal(0, stat(first.path[0], &before));
    assert_int_equal(LP_OK, export_to(f, f->out, true, &second, &error));
    assert_int_equal(0, stat(first.path[0], &after));
    assert_int_equal(second.count, first.count);
    assert_int_equal(second.written, 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_string_equal(first.path[4], second.path[4]);
}

static void export_of_all_names_the_roles(void **state)
{
    struct fixture *f = *state;
    static const char *const roles[] = {"_leaf_", "_ca1_", "_ca2_", "_client_", "_client-ca1_"};
    static const char *const contents[] = {"the leaf", "its issuer", "the root", "a phone",
                                           "its maker"};
    struct calls calls;
    struct lp_error error;

    assert_int_equal(LP_OK, export_to(f, f->out, true, &calls, &error));
    assert_int_equal(calls.count, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_non_null(strstr(name_in(&calls, i), roles[i]));
        expect_file(calls.path[i], contents[i]);
    }
}

static void export_of_an_incomplete_leaf_promotes_no_issuer(void **state)
{
    struct fixture *f = *state;
    struct calls calls;
    struct lp_error error;

    f->capture.session_count = 1;
    f->chain[0].complete = false;
    assert_int_equal(LP_OK, export_to(f, f->out, false, &calls, &error));
    assert_int_equal(calls.count, 0);
    assert_int_not_equal(0, access(f->out, F_OK)); /* nothing to write: no directory */
    assert_int_equal(LP_OK, export_to(f, f->out, true, &calls, &error));
    assert_int_equal(calls.count, 4);
    assert_non_null(strstr(name_in(&calls, 0), "_ca1_"));
}

static void export_of_hostile_names_stays_in_the_directory(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *path, *stem;
    } cases[] = {
        {"../../etc/passwd", "passwd_"},
        {"..", "_._"},
        {"/", "capture_"},
        {"", "capture_"},
        {"-", "stdin_"},
        {"--help.pcap", "_-help_"},
        {".pcap", "capture_"},
        {".hidden.CAP.ZST", "_hidden_"},
        {"a\\b\n;$(x) \xc3\xa9", "a_b___"},
        {"x.pcap.gz.pcap", "x.pcap.gz_"},
        {"noextension", "noextension_"},
        {NULL, "capture_"},
    };
    struct calls calls;
    struct lp_error error;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f->capture.path = cases[i].path;
        assert_int_equal(LP_OK, export_to(f, f->out, false, &calls, &error));
        assert_int_equal(calls.count, 1);
        assert_memory_equal(name_in(&calls, 0), cases[i].stem, strlen(cases[i].stem));
        for (const char *c = name_in(&calls, 0); *c; c++)
            assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789._-",
                                   *c));
        assert_int_equal(strlen(calls.path[0]), strlen(f->out) + 1 + strlen(name_in(&calls, 0)));
    }
}

static void export_of_a_long_name_keeps_its_tail(void **state)
{
    struct fixture *f = *state;
    struct calls calls;
    struct lp_error error;
    char path[1000];

    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    f->capture.path = path;
    assert_int_equal(LP_OK, export_to(f, f->out, false, &calls, &error));
    assert_int_equal(strlen(name_in(&calls, 0)), 255);
    assert_non_null(strstr(name_in(&calls, 0), "x_192.0.2.1_443_leaf_3abc97a1787d5f3e.cer"));
}

static void export_of_other_servers_tells_them_apart(void **state)
{
    struct fixture *f = *state;
    struct calls calls;
    struct lp_error error;

    lp_ip_parse("2001:db8::1", 11, &f->sessions[0].server.ip);
    f->sessions[1].server.ip.family = 0;
    assert_int_equal(LP_OK, export_to(f, f->out, false, &calls, &error));
    assert_int_equal(calls.count, 2);
    assert_non_null(strstr(calls.path[0], "_2001-db8--1_443_leaf_"));
    assert_non_null(strstr(calls.path[1], "_unknown_443_leaf_"));
}

static void export_as_pem_is_a_certificate_block(void **state)
{
    struct fixture *f = *state;
    struct calls calls = {0};
    struct lp_error error;
    char dir[310];

    snprintf(dir, sizeof dir, "%s/", f->out);
    struct lp_export what = {.dir = dir, .pem = true};
    assert_int_equal(LP_OK, lp_export(&f->capture, &what, note_call, &calls, &error));
    assert_null(strstr(calls.path[0], "//"));
    assert_string_equal(calls.path[0] + strlen(calls.path[0]) - 4, ".pem");
    expect_file(calls.path[0],
                "-----BEGIN CERTIFICATE-----\ndGhlIGxlYWY=\n-----END CERTIFICATE-----\n");
    assert_int_equal(LP_OK, lp_export(&f->capture, &what, NULL, NULL, &error));
}

static void export_over_other_bytes_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const others[] = {"", "the lea", "the leaF", "the leaf and more"};
    struct calls calls;
    struct lp_error error;
    char path[600];

    assert_int_equal(LP_OK, export_to(f, f->out, false, &calls, &error));
    snprintf(path, sizeof path, "%s", calls.path[0]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        write_file(path, others[i]);
        assert_int_equal(LP_ERR_IO, export_to(f, f->out, false, &calls, &error));
        assert_non_null(strstr(error.text, path));
        assert_int_equal(calls.count, 0);
        expect_file(path, others[i]);
    }
    assert_int_equal(files_in(f->out), 1);
}

static void export_through_a_link_or_fifo_is_refused(void **state)
{
    struct fixture *f = *state;
    struct calls calls;
    struct lp_error error;
    char path[600], target[300];

    assert_int_equal(LP_OK, export_to(f, f->out, false, &calls, &error));
    snprintf(path, sizeof path, "%s", calls.path[0]);
    snprintf(target, sizeof target, "%s/target", f->dir);
    assert_int_equal(0, unlink(path));
    assert_int_equal(0, symlink(target, path));
    assert_int_equal(LP_ERR_IO, export_to(f, f->out, false, &calls, &error)); /* dangling */
    assert_non_null(strstr(error.text, path));
    assert_int_not_equal(0, access(target, F_OK));
    write_file(target, "the leaf");
    assert_int_equal(LP_ERR_IO, export_to(f, f->out, false, &calls, &error));
    assert_int_equal(0, unlink(path));
    assert_int_equal(0, mkfifo(path, 0600));
    assert_int_equal(LP_ERR_IO, export_to(f, f->out, false, &calls, &error));
    assert_int_equal(0, unlink(path));
    assert_int_equal(0, mkdir(path, 0700));
    assert_int_equal(LP_ERR_IO, export_to(f, f->out, false, &calls, &error));
}

static void export_on_a_full_disk_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct rlimit old, tiny;
    struct calls calls;
    struct lp_error error;

    assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &old));
    tiny = (struct rlimit){.rlim_cur = 4, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &tiny));
    enum lp_status status = export_to(f, f->out, false, &calls, &error);
    assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &old));
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(LP_ERR_IO, status);
    assert_non_null(strstr(error.text, "_leaf_"));
    assert_int_equal(calls.count, 0);
    assert_int_equal(files_in(f->out), 0);
}

static void export_to_no_directory_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct calls calls;
    struct lp_error error;
    char path[400];

    assert_int_equal(LP_ERR_USAGE, export_to(f, "", false, &calls, &error));
    assert_int_equal(LP_ERR_USAGE, export_to(f, NULL, false, &calls, &error));
    snprintf(path, sizeof path, "%s/missing/out", f->dir);
    assert_int_equal(LP_ERR_IO, export_to(f, path, false, &calls, &error));
    assert_non_null(strstr(error.text, path));
    write_file(f->out, "a file");
    assert_int_equal(LP_ERR_IO, export_to(f, f->out, false, &calls, &error));
    expect_file(f->out, "a file");
}

static void export_without_the_bytes_is_a_usage_error(void **state)
{
    struct fixture *f = *state;
    struct calls calls;
    struct lp_error error;

    f->chain[0].der = NULL;
    assert_int_equal(LP_ERR_USAGE, export_to(f, f->out, false, &calls, &error));
    assert_non_null(strstr(error.text, "keep_der"));
    assert_int_not_equal(0, access(f->out, F_OK));
}

static void export_with_failing_allocations_writes_whole_files_or_none(void **state)
{
    struct fixture *f = *state;
    struct calls calls;
    struct lp_error error;
    enum lp_status status = LP_ERR_MEMORY;

    for (uint64_t n = 1; status != LP_OK; n++) {
        memset(&error, 0, sizeof error);
        lp_alloc_fail_after(n);
        status = export_to(f, f->out, true, &calls, &error);
        lp_alloc_fail_after(0);
        assert_true(status == LP_OK || (status == LP_ERR_MEMORY && error.text[0]));
        for (unsigned i = 0; i < calls.count; i++)
            assert_int_equal(0, access(calls.path[i], R_OK));
        assert_true(n < 100);
    }
    assert_int_equal(calls.count, 5);
    assert_int_equal(files_in(f->out), 5);
}

static struct lp_boot_file phone_file(const char *name, const char *content)
{
    return (struct lp_boot_file){.carrier = "tftp",
                                 .name = name,
                                 .bytes = (const uint8_t *)content,
                                 .size = strlen(content),
                                 .complete = true};
}

static enum lp_status export_phone_files(struct fixture *f, struct calls *calls,
                                         struct lp_error *error)
{
    memset(calls, 0, sizeof *calls);
    return lp_export_phone_files(&f->capture, f->out, note_call, calls, error);
}

/* Two versions of a file are two files; the same one again is not; a part is none. */
static void export_phone_files_writes_whole_ones_once(void **state)
{
    struct fixture *f = *state;
    struct lp_boot_file files[] = {phone_file("SEP001F6C81110E.cnf.xml", "old"),
                                   phone_file("/a/SEP001F6C81110E.cnf.xml", "old"),
                                   phone_file("SEP001F6C81110E.cnf.xml", "new"),
                                   phone_file("ITLFile.tlv", "list"),
                                   phone_file("CTLFile.tlv", "cut off")};
    struct calls calls;
    struct lp_error error;
    char second[600];

    files[4].complete = false;
    f->capture.files = files;
    f->capture.file_count = 5;
    assert_int_equal(LP_OK, export_phone_files(f, &calls, &error));
    assert_int_equal(3, calls.count);
    assert_int_equal(3, calls.written);
    assert_int_equal(3, files_in(f->out));
    /* sha256sum says so */
    assert_string_equal("SEP001F6C81110E_cba06b5736faf67e.cnf.xml", name_in(&calls, 0));
    expect_file(calls.path[0], "old");
    expect_file(calls.path[1], "new");
    assert_int_equal(0, strncmp("ITLFile_", name_in(&calls, 2), 8));
    assert_int_equal(LP_OK, export_phone_files(f, &calls, &error));
    assert_int_equal(3, calls.count);
    assert_int_equal(0, calls.written);
    snprintf(second, sizeof second, "%s", calls.path[1]);
    write_file(second, "something else");
    assert_int_equal(LP_ERR_IO, export_phone_files(f, &calls, &error));
    expect_file(second, "something else");
}

static void export_phone_files_of_hostile_names_stays_in_the_directory(void **state)
{
    struct fixture *f = *state;
    char longest[400];
    memset(longest, 'x', sizeof longest - 1);
    memcpy(longest, "SEP", 3);
    memcpy(longest + 200, ".cnf.xml", 8);
    longest[sizeof longest - 1] = '\0';
    struct lp_boot_file files[] = {phone_file("..\\..\\SEP001F6C81110E.cnf.xml", "a"),
                                   phone_file("../../../.cnf.xml", "b"),
                                   phone_file("-rf SEP\n$(x).cnf.xml/", "c"),
                                   phone_file(longest, "d"), phone_file("SEP..", "e")};
    struct calls calls;
    struct lp_error error;

    f->capture.files = files;
    f->capture.file_count = 5;
    assert_int_equal(LP_OK, export_phone_files(f, &calls, &error));
    assert_int_equal(5, files_in(f->out));
    for (unsigned i = 0; i < calls.count; i++) {
        const char *name = name_in(&calls, i);
        assert_int_equal(strlen(f->out), name - 1 - calls.path[i]);
        assert_int_equal(strlen(name), strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
                                                    "abcdefghijklmnopqrstuvwxyz"));
        assert_true(name[0] != '.' && name[0] != '-' && strlen(name) < 200);
    }
}

static void export_phone_files_with_failing_allocations_writes_whole_ones_or_none(void **state)
{
    struct fixture *f = *state;
    struct lp_boot_file files[] = {phone_file("SEP001F6C81110E.cnf.xml", "old"),
                                   phone_file("ITLFile.tlv", "list")};
    enum lp_status status = LP_ERR_MEMORY;
    struct calls calls;
    struct lp_error error;

    f->capture.files = files;
    f->capture.file_count = 2;
    for (uint64_t n = 1; status != LP_OK; n++) {
        memset(&error, 0, sizeof error);
        lp_alloc_fail_after(n);
        status = export_phone_files(f, &calls, &error);
        lp_alloc_fail_after(0);
        assert_true(status == LP_OK || (status == LP_ERR_MEMORY && error.text[0]));
        assert_true(n < 100);
    }
    assert_int_equal(2, files_in(f->out));
    expect_file(calls.path[0], "old");
    f->capture.file_count = 0;
    f->out[strlen(f->out) - 1] = 'x';
    assert_int_equal(LP_OK, export_phone_files(f, &calls, &error));
    assert_int_not_equal(0, access(f->out, F_OK)); /* nothing to write: no directory either */
}

static void export_after_a_killed_run_removes_what_it_left(void **state)
{
    struct fixture *f = *state;
    struct calls calls;
    struct lp_error error;
    char stale[600], far[600];

    assert_int_equal(0, mkdir(f->out, 0700));
    snprintf(stale, sizeof stale, "%s/.leafprint.part.0", f->out);
    snprintf(far, sizeof far, "%s/.leafprint.part.7", f->out);
    write_file(stale, "the le");
    write_file(far, "the l");
    assert_int_equal(LP_OK, export_to(f, f->out, false, &calls, &error));
    assert_int_equal(calls.written, 1);
    assert_int_equal(files_in(f->out), 2); /* that and `far`, which was in nobody's way */
    lp_store_sweep(f->out);
    assert_int_equal(files_in(f->out), 1);
    lp_store_sweep("/no/such/directory");

    /* One that a living writer holds. */
    struct lp_partfile file;
    int dir = open(f->out, O_RDONLY | O_DIRECTORY);
    assert_true(lp_partfile_open_in(&file, dir, ".leafprint"));
    lp_store_sweep(f->out);
    assert_int_equal(0, access(stale, F_OK));
    lp_partfile_abandon(&file);
    close(dir);
    assert_int_equal(files_in(f->out), 1);
}

#if defined(__linux__)
static void export_without_hard_links_renames(void **state)
{
    struct fixture *f = *state;
    struct calls calls;
    struct lp_error error;

    link_errno = EPERM;
    enum lp_status status = export_to(f, f->out, true, &calls, &error);
    link_errno = 0;
    assert_int_equal(LP_OK, status);
    assert_int_equal(calls.written, 5);
    assert_int_equal(files_in(f->out), 5);
    expect_file(calls.path[0], "the leaf");
}

static void put_when_somebody_is_faster_looks_again(void **state)
{
    struct fixture *f = *state;
    struct lp_store store;
    struct lp_error error;
    bool written;

    /* The name is free when looked at and taken when it is to be given. */
    assert_int_equal(LP_OK, lp_store_open(&store, f->out, &error));
    link_errno = EEXIST;
    enum lp_status status = lp_store_put(&store, "x", lp_rd_init("x", 1), &written, &error);
    link_errno = 0;
    lp_store_close(&store);
    assert_int_equal(LP_ERR_IO, status);
    assert_false(written);
    assert_int_equal(files_in(f->out), 0);
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(export_of_leaves_writes_each_once),
        TEST(export_done_again_writes_nothing),
        TEST(export_of_all_names_the_roles),
        TEST(export_of_an_incomplete_leaf_promotes_no_issuer),
        TEST(export_of_hostile_names_stays_in_the_directory),
        TEST(export_of_a_long_name_keeps_its_tail),
        TEST(export_of_other_servers_tells_them_apart),
        TEST(export_as_pem_is_a_certificate_block),
        TEST(export_over_other_bytes_is_refused),
        TEST(export_through_a_link_or_fifo_is_refused),
        TEST(export_on_a_full_disk_leaves_nothing),
        TEST(export_to_no_directory_is_an_error),
        TEST(export_without_the_bytes_is_a_usage_error),
        TEST(export_with_failing_allocations_writes_whole_files_or_none),
        TEST(export_phone_files_writes_whole_ones_once),
        TEST(export_phone_files_of_hostile_names_stays_in_the_directory),
        TEST(export_phone_files_with_failing_allocations_writes_whole_ones_or_none),
        TEST(export_after_a_killed_run_removes_what_it_left),
#if defined(__linux__)
        TEST(export_without_hard_links_renames),
        TEST(put_when_somebody_is_faster_looks_again),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
