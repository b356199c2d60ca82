#include "scan/chosen.h"

#include "phone/pairing.h"

#include <stdlib.h>

static bool add(struct lp_chosen *chosen, size_t index)
{
    if (!lp_grow_array(&chosen->indices, &chosen->cap, chosen->count + 1, sizeof index))
        return false;
    chosen->indices[chosen->count++] = index;
    return true;
}

/* The configurations of the phone with this MAC. */
static bool add_phone(struct lp_chosen *chosen, const struct lp_expected *expected, uint64_t mac)
{
    size_t count = 0;
    const struct lp_phone_place *places = mac ? lp_expected_phone(expected, mac, &count) : NULL;

    for (size_t i = 0; i < count; i++)
        if (!add(chosen, places[i].index))
            return false;
    return true;
}

static uint64_t mac_of(const struct lp_endpoint *end)
{
    return end->has_mac ? lp_mac_number(end->mac) : 0;
}

/* The MAC in a file's name, or in a capture's path. */
static uint64_t named_mac(const char *path)
{
    char name[16];
    uint8_t mac[6];

    return lp_pairing_path_names(path, name, mac) ? lp_mac_number(mac) : 0;
}

static bool is_given(const struct lp_expected *expected, uint64_t mac)
{
    size_t count = 0;
    return mac && lp_expected_phone(expected, mac, &count);
}

/* Whether what the capture shows leaves nothing to a phone that it does not name. */
static bool others_are_out(const struct lp_capture *capture, const struct lp_expected *expected)
{
    uint64_t named = named_mac(capture->path);
    bool recognised = false, named_seen = false, all_known = true;

    for (size_t i = 0; i < capture->session_count; i++) {
        const struct lp_endpoint *client = &capture->sessions[i].client;
        bool given = is_given(expected, mac_of(client));
        recognised |= given;
        named_seen |= given && mac_of(client) == named;
        all_known = all_known && client->has_mac;
    }
    return (recognised && all_known) || (is_given(expected, named) && !named_seen);
}

/* Everybody who did anything here. */
static bool add_seen(struct lp_chosen *chosen, const struct lp_capture *capture,
                     const struct lp_expected *expected)
{
    bool fine = add_phone(chosen, expected, named_mac(capture->path));

    for (size_t i = 0; fine && i < capture->session_count; i++)
        fine = add_phone(chosen, expected, mac_of(&capture->sessions[i].client));
    for (size_t i = 0; fine && i < capture->attempt_count; i++)
        fine = add_phone(chosen, expected, mac_of(&capture->attempts[i].client));
    for (size_t i = 0; fine && i < capture->file_count; i++)
        fine = add_phone(chosen, expected, mac_of(&capture->files[i].client)) &&
               add_phone(chosen, expected, named_mac(capture->files[i].name));
    return fine;
}

static int by_index(const void *left, const void *right)
{
    const size_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Each once. */
static void put_in_order(struct lp_chosen *chosen)
{
    size_t kept = 0;

    if (chosen->count > 1)
        qsort(chosen->indices, chosen->count, sizeof *chosen->indices, by_index);
    for (size_t i = 0; i < chosen->count; i++)
        if (kept == 0 || chosen->indices[kept - 1] != chosen->indices[i])
            chosen->indices[kept++] = chosen->indices[i];
    chosen->count = kept;
}

bool lp_chosen_find(struct lp_chosen *chosen, const struct lp_capture *capture,
                    const struct lp_expected *expected)
{
    size_t all = expected ? lp_expected_count(expected) : 0, other_count = 0;
    bool fine = true;

    *chosen = (struct lp_chosen){0};
    if (all == 0)
        return true;
    if (all == 1 || !others_are_out(capture, expected)) {
        for (size_t i = 0; fine && i < all; i++)
            fine = add(chosen, i);
    } else {
        const size_t *others = lp_expected_others(expected, &other_count);
        for (size_t i = 0; fine && i < other_count; i++)
            fine = add(chosen, others[i]);
        fine = fine && add_seen(chosen, capture, expected);
        put_in_order(chosen);
    }
    chosen->left_out = all - chosen->count;
    if (!fine)
        lp_chosen_free(chosen);
    return fine;
}

size_t lp_chosen_first_left_out(const struct lp_chosen *chosen)
{
    size_t first = 0;
    while (first < chosen->count && chosen->indices[first] == first)
        first++;
    return first;
}

void lp_chosen_free(struct lp_chosen *chosen)
{
    lp_free(chosen->indices);
    *chosen = (struct lp_chosen){0};
}
