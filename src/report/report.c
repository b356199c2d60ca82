#include "report/report.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

const struct lp_writer *lp_writer_find(const char *name)
{
    static const struct lp_writer *const writers[] = {&lp_writer_text, &lp_writer_jsonl,
                                                      &lp_writer_csv};

    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        if (strcmp(writers[i]->name, name) == 0)
            return writers[i];
    return NULL;
}

bool lp_file_list_add(struct lp_file_list *list, const char *path, bool written)
{
    if (!list->arena && !(list->arena = lp_arena_new()))
        return false;
    char *clean = lp_text_clean(list->arena, path, strlen(path));
    if (!clean || !lp_grow_array(&list->items, &list->cap, list->count + 1, sizeof *list->items))
        return false;
    list->items[list->count++] = (struct lp_file){clean, written};
    return true;
}

void lp_file_list_free(struct lp_file_list *list)
{
    lp_arena_free(list->arena);
    lp_free(list->items);
    *list = (struct lp_file_list){0};
}

static const char *code_text(const char *name, uint16_t code, char hex[LP_CODE_SIZE])
{
    if (!name)
        snprintf(hex, LP_CODE_SIZE, "0x%04x", code);
    return name ? name : hex;
}

const char *lp_version_text(uint16_t version, char hex[LP_CODE_SIZE])
{
    return code_text(lp_version_name(version), version, hex);
}

const char *lp_cipher_text(uint16_t cipher, char hex[LP_CODE_SIZE])
{
    return code_text(lp_cipher_name(cipher), cipher, hex);
}

void lp_mac_text(const uint8_t mac[6], char out[LP_MAC_SIZE])
{
    char digits[2 * 6 + 1];

    lp_hex_text(mac, 6, digits);
    for (size_t i = 0; i < 6; i++) {
        out[3 * i] = digits[2 * i];
        out[3 * i + 1] = digits[2 * i + 1];
        out[3 * i + 2] = i < 5 ? ':' : '\0';
    }
}

const char *lp_cert_hash_line(unsigned n, const struct lp_cert_hash *hash,
                              char out[LP_CERT_HASH_LINE_SIZE])
{
    char base64[4 * ((sizeof hash->digest + 2) / 3) + 1];

    if (n < 1 || n > LP_MAX_CERT_HASHES || hash->algorithm != LP_HASH_SHA1 || hash->fault)
        return NULL;
    lp_base64_text(hash->digest, hash->digest_len, base64);
    snprintf(out, LP_CERT_HASH_LINE_SIZE, "<certHash%u>%.28s</certHash%u>", n, base64, n);
    return out;
}

unsigned lp_audit_free_place(const struct lp_audit_config *config, unsigned n)
{
    while (n < LP_MAX_CERT_HASHES && config->values[n])
        n++;
    return n < LP_MAX_CERT_HASHES ? n + 1 : 0;
}

const char *lp_pairing_words(const char *rule)
{
    static const char *const words[][2] = {
        {"manifest", "named for this capture"},
        {"mac", "paired by the phone's MAC address"},
        {"name", "paired by the capture's name"},
        {"client", "paired by the address that fetched it"},
        {"only", "the only one"},
        {"url", "paired by its url"},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], rule) == 0)
            return words[i][1];
    return rule;
}
