/* Signed files and trust lists, made with a key that lives as long as the test. */
#ifndef LP_TESTS_SIGNED_FILES_H
#define LP_TESTS_SIGNED_FILES_H

#include "guard.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { SIGNER_SERIAL = 0x5c17a90b, FILE_TIME = 1700000000 };

struct file_bytes {
    uint8_t at[16384];
    size_t n;
};

/* A signer: a key, and its certificate in DER. */
struct signer {
    EVP_PKEY *key;
    uint8_t *der;
    size_t der_len;
};

static inline void put(struct file_bytes *file, const void *bytes, size_t n)
{
    assert_true(n <= sizeof file->at - file->n);
    if (n)
        memcpy(file->at + file->n, bytes, n);
    file->n += n;
}

static inline void put_number(struct file_bytes *file, uint32_t value, int bytes)
{
    while (bytes-- > 0) {
        uint8_t byte = (uint8_t)(value >> 8 * bytes);
        put(file, &byte, 1);
    }
}

/* Tag, length, value. */
static inline void put_element(struct file_bytes *file, uint8_t tag, const void *value, size_t n)
{
    put_number(file, tag, 1);
    put_number(file, (uint32_t)n, 2);
    put(file, value, n);
}

static inline void put_text_element(struct file_bytes *file, uint8_t tag, const char *text)
{
    put_element(file, tag, text, strlen(text) + 1);
}

static inline struct signer new_signer(const char *type, long serial)
{
    struct signer signer = {.key = strcmp(type, "RSA") == 0
                                       ? EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)1024)
                                       : EVP_PKEY_Q_keygen(NULL, NULL, type, "P-256")};
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);

    assert_non_null(signer.key);
    assert_int_equal(1, ASN1_INTEGER_set_int64(X509_get_serialNumber(x509), serial));
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x509), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x509), 86400));
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)"cucm-lab", -1, -1, 0);
    assert_int_equal(1, X509_set_issuer_name(x509, name));
    assert_int_equal(1, X509_set_pubkey(x509, signer.key));
    assert_true(X509_sign(x509, signer.key, EVP_sha256()) > 0);
    int n = i2d_X509(x509, &signer.der);
    assert_true(n > 0);
    signer.der_len = (size_t)n;
    X509_free(x509);
    return signer;
}

static inline void free_signer(struct signer *signer)
{
    EVP_PKEY_free(signer->key);
    OPENSSL_free(signer->der);
}

/* Behind the header, whose length is filled in here, comes the payload. `hash` is the number that
 * the header has for it: 1 SHA-1, 2 SHA-256, 3 SHA-512. */
static inline struct file_bytes *signed_file(const struct signer *signer, uint8_t hash,
                                             const char *name, const void *payload, size_t n)
{
    const EVP_MD *md = hash == 1 ? EVP_sha1() : hash == 2 ? EVP_sha256() : EVP_sha512();
    struct file_bytes *file = calloc(1, sizeof *file), *covered = calloc(1, sizeof *covered);
    uint8_t signature[128], serial[5] = {0, 0x5c, 0x17, 0xa9, 0x0b};
    size_t length = sizeof signature, at;

    assert_true(file && covered);
    put(file, "\x01\x00\x02\x01\x00\x02\x00\x02\x00\x00", 10);
    put_element(file, 3, "", 0); /* containers: their contents follow */
    put_text_element(file, 4, "CN=cucm-lab;O=Lab");
    put_element(file, 5, serial, sizeof serial);
    put_text_element(file, 6, "CN=cucm-lab;O=Lab");
    put_element(file, 7, "", 0);
    put_element(file, 8, &hash, 1);
    put_element(file, 9, "", 0);
    put_element(file, 10, "\0", 1);
    put_element(file, 11, "\2", 1);
    at = file->n;
    put_element(file, 12, signature, sizeof signature);
    put_text_element(file, 14, name);
    put_number(file, 15, 1);
    put_number(file, 4, 2);
    put_number(file, FILE_TIME, 4);
    while (file->n % 4)
        put_number(file, 13, 1);
    file->at[8] = (uint8_t)(file->n >> 8);
    file->at[9] = (uint8_t)file->n;
    put(file, payload, n);

    put(covered, file->at, at);
    put(covered, file->at + at + 3 + sizeof signature, file->n - at - 3 - sizeof signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(1, EVP_DigestSignInit(ctx, NULL, md, NULL, signer->key));
    assert_int_equal(1, EVP_DigestSign(ctx, signature, &length, covered->at, covered->n));
    assert_int_equal(sizeof signature, length);
    EVP_MD_CTX_free(ctx);
    memcpy(file->at + at + 3, signature, sizeof signature);
    free(covered);
    return file;
}

/* One record of a trust list. */
static inline void put_record(struct file_bytes *records, uint16_t role, const uint8_t *der,
                              size_t n)
{
    const uint8_t number[2] = {(uint8_t)(role >> 8), (uint8_t)role};
    struct file_bytes *body = calloc(1, sizeof *body);

    assert_non_null(body);
    put_text_element(body, 2, "cucm-lab.example.net");
    put_text_element(body, 3, "CN=cucm-lab;O=Lab");
    put_element(body, 4, number, sizeof number);
    put_text_element(body, 5, "CN=Lab CA");
    put_element(body, 6, "\x5c\x17\xa9\x0b", 4);
    put_element(body, 7, "key", 3);
    put_element(body, 8, "signature", 9);
    put_element(body, 9, der, n);
    put_element(body, 10, "\xc0\x00\x02\x0a", 4);
    put_number(records, 1, 1);
    put_number(records, 2, 2);
    put_number(records, (uint32_t)body->n + 5, 2);
    put(records, body->at, body->n);
    free(body);
}

#endif
