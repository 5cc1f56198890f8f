// HMAC-SHA256 of OpenSSL's libcrypto, which libpq and libcurl bring along.
#pragma once
#include <openssl/evp.h>
#include <openssl/hmac.h>

// Whether `digest` was filled.
static inline int dbm_hmac_sha256(const void *key, long key_length, const void *data, long length, unsigned char digest[32]) {
    unsigned int size = 0;
    const unsigned char *bytes = (const unsigned char *)data;
    return HMAC(EVP_sha256(), key, (int)key_length, bytes, (size_t)length, digest, &size) != NULL && size == 32;
}
