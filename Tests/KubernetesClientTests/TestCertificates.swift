/// Certificates that nobody trusts, and their keys.
enum TestCertificates {
    /// Until 2126, written as GeneralizedTime.
    static let valid = """
        -----BEGIN CERTIFICATE-----
        MIIBBzCBrgIBAzAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDAR0ZXN0MCAXDTIwMDEw
        MTAwMDAwMFoYDzIxMjYxMDMwMjAyNzU4WjAPMQ0wCwYDVQQDDAR0ZXN0MFkwEwYH
        KoZIzj0CAQYIKoZIzj0DAQcDQgAEBPlVtNYT3oRLH9vpTosT+jvRTwH/EcKYG0xZ
        7cBwPC70wRfuNx9RHbLgUVPz8HXn0J6MBW40Uhgups0MJ3Eb0DAKBggqhkjOPQQD
        AgNIADBFAiB/xf+WSglNoAZXAU/+6L9dA+GHR0rMyp8mlLm6O9X0wgIhALFPiGg6
        zA9Dkf1CeKXjC/o37wzn1NSwFO+mHgF6EJU4
        -----END CERTIFICATE-----
        """

    /// Until 2001, written as UTCTime.
    static let expired = """
        -----BEGIN CERTIFICATE-----
        MIIBBDCBqgIBAjAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDANvbGQwHhcNMDAwMTAx
        MDAwMDAwWhcNMDEwMTAxMDAwMDAwWjAOMQwwCgYDVQQDDANvbGQwWTATBgcqhkjO
        PQIBBggqhkjOPQMBBwNCAAQE+VW01hPehEsf2+lOixP6O9FPAf8RwpgbTFntwHA8
        LvTBF+43H1EdsuBRU/PwdefQnowFbjRSGC6mzQwncRvQMAoGCCqGSM49BAMCA0kA
        MEYCIQDkGK8qrCH9zSCqXAOTXerpkZ5OI/Ws7qs8EM+5x96biwIhAPNxTJcWh5Qu
        CYHUIDaZjcKlDVyR9FcSttLLfRyrOr8y
        -----END CERTIFICATE-----
        """

    /// From 2100.
    static let future = """
        -----BEGIN CERTIFICATE-----
        MIIBDDCBtAIBATAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZmdXR1cmUwIhgPMjEw
        MDAxMDEwMDAwMDBaGA8yMjAwMDEwMTAwMDAwMFowETEPMA0GA1UEAwwGZnV0dXJl
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBPlVtNYT3oRLH9vpTosT+jvRTwH/
        EcKYG0xZ7cBwPC70wRfuNx9RHbLgUVPz8HXn0J6MBW40Uhgups0MJ3Eb0DAKBggq
        hkjOPQQDAgNHADBEAiA520n3zuPHyqHRe/3TxOg1KWRLuYE2+WOieDEtddcYRgIg
        ZnhjD2RMK0dF7hdEabwGj7ImWgLkChfWu3sHNKEWXjM=
        -----END CERTIFICATE-----
        """

    /// Of all of the above.
    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXCgOx2de0oQ5QKrF
        KNdc4CWhbCclQurgSvLIctyT1oChRANCAAQE+VW01hPehEsf2+lOixP6O9FPAf8R
        wpgbTFntwHA8LvTBF+43H1EdsuBRU/PwdefQnowFbjRSGC6mzQwncRvQ
        -----END PRIVATE KEY-----

        """

    /// Of none.
    static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbAzWlGepZ/0/jvZE
        MnfxM4k8Gu75BSHosY6T41RW1fahRANCAAS4P2Cx4drCdROBeug9nro1zytuBLPp
        1UMuLhFE7E+GVDpBuoHXXoibICOpGlCtsIfYtIhcyuRz/rI8OC5hfQ89
        -----END PRIVATE KEY-----
        """

    static let encryptedKey = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAimn240nrJahgICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEBcXtkTsKn80nU4wV/HiRgIEgZBe
        IA9S7b2KXKq+WNmnLZP501oZzgHN7Pz0XA92jlv1EQrFDpMspsIWiFH6A8tnBpil
        jqTabEEAG3YyR1ufWOsvOzpwsYQuxlkm84e0f/kkVhD0pj9bs9lvV1nfeljaaO+/
        mCd5rMKPk64Wi7MOqbhr1y+Lm3ocLIgr6YC3eES5iwi/bOPF783uMtVzUew3IHk=
        -----END ENCRYPTED PRIVATE KEY-----
        """
}
