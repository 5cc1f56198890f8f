// HMAC-SHA256 and private keys, of OpenSSL's libcrypto, which libpq and libcurl bring along.
#pragma once
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

// Whether `digest` was filled.
static inline int dbm_hmac_sha256(const void *key, long key_length, const void *data, long length, unsigned char digest[32]) {
    unsigned int size = 0;
    const unsigned char *bytes = (const unsigned char *)data;
    return HMAC(EVP_sha256(), key, (int)key_length, bytes, (size_t)length, digest, &size) != NULL && size == 32;
}

#define DBM_KEY_FITS 0
#define DBM_KEY_UNREADABLE 1
#define DBM_KEY_ENCRYPTED 2
#define DBM_KEY_OF_ANOTHER 3
#define DBM_KEY_CERTIFICATE_UNREADABLE 4

// Called for a passphrase: the default would ask the terminal.
static inline int dbm_note_passphrase(char *buffer, int size, int writing, void *asked) {
    (void)buffer, (void)size, (void)writing;
    *(int *)asked = 1;
    return -1;
}

// Whether a PEM private key is the one of the first certificate of a PEM text.
static inline int dbm_check_key(const void *certificate, int certificate_length, const void *key, int key_length) {
    int asked = 0, result;
    BIO *certificate_bytes = BIO_new_mem_buf(certificate, certificate_length), *key_bytes = BIO_new_mem_buf(key, key_length);
    X509 *x509 = certificate_bytes ? PEM_read_bio_X509(certificate_bytes, NULL, NULL, NULL) : NULL;
    EVP_PKEY *private_key = key_bytes ? PEM_read_bio_PrivateKey(key_bytes, NULL, dbm_note_passphrase, &asked) : NULL;
    if (!private_key) result = asked ? DBM_KEY_ENCRYPTED : DBM_KEY_UNREADABLE;
    else if (!x509) result = DBM_KEY_CERTIFICATE_UNREADABLE;
    else result = X509_check_private_key(x509, private_key) == 1 ? DBM_KEY_FITS : DBM_KEY_OF_ANOTHER;
    EVP_PKEY_free(private_key);
    X509_free(x509);
    BIO_free(key_bytes);
    BIO_free(certificate_bytes);
    ERR_clear_error();
    return result;
}
