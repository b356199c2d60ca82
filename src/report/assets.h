/* The parts of the page that are no C: src/report/assets, embedded by its embed.cmake. */
#ifndef LP_REPORT_ASSETS_H
#define LP_REPORT_ASSETS_H

#include <stddef.h>
#include <stdint.h>

struct lp_asset {
    const uint8_t *bytes;
    size_t size;
    uint8_t sha256[32]; /* what a Content-Security-Policy admits it by */
};

extern const struct lp_asset lp_asset_page, lp_asset_style, lp_asset_script;

#endif
