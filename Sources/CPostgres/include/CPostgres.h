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

// Why dbm_copy_rows came back.
enum dbm_copy_state { DBM_COPY_WAITING, DBM_COPY_FULL, DBM_COPY_LARGE_ROW, DBM_COPY_ENDED };

// Moves whole rows of a COPY OUT that libpq has received to the end of `buffer`, of which `*filled` bytes are used, until there are `wanted`. A row that
// does not fit into `capacity` is handed over in `*row`, to be freed with PQfreemem; its length is in `*length`. An error ends a COPY too: the
// result that follows says which.
static inline enum dbm_copy_state dbm_copy_rows(
    PGconn *connection, unsigned char *buffer, long wanted, long capacity, long *filled, char **row, int *length) {
    while (*filled < wanted) {
        int count = PQgetCopyData(connection, row, 1);
        if (count == 0) return DBM_COPY_WAITING;
        if (count < 0) return DBM_COPY_ENDED;
        if (count > capacity - *filled) {
            *length = count;
            return DBM_COPY_LARGE_ROW;
        }
        __builtin_memcpy(buffer + *filled, *row, (unsigned long)count);
        *filled += count;
        PQfreemem(*row);
    }
    return DBM_COPY_FULL;
}
