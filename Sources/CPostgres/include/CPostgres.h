// libpq as Swift can call it. Debian keeps the header in a folder of its own.
#pragma once
#if __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#else
#include <libpq-fe.h>
#endif

// Notices would go to stderr by default; what they say is never needed here.
static inline void dbm_ignore_notice(void *context, const PGresult *result) {
    (void)context;
    (void)result;
}

static inline void dbm_silence_notices(PGconn *connection) { PQsetNoticeReceiver(connection, dbm_ignore_notice, NULL); }
