#include "cli/message.h"

#include "report/out.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static atomic_bool over_progress;

void lp_say_over_progress(bool on)
{
    over_progress = on;
}

void lp_say(const char *format, ...)
{
    struct lp_out out = {.fd = STDERR_FILENO};
    char text[8192]; /* holds two names of the greatest length; what is longer is cut */
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lp_out_text(&out, over_progress ? "\r\033[K" : NULL);
    lp_out_text(&out, "leafprint: ");
    lp_out_clean(&out, text);
    lp_out_char(&out, '\n');
    lp_out_flush(&out); /* where standard error fails there is nobody left to tell */
    lp_out_free(&out);
}
