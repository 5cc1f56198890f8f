/// Certificates that nobody trusts, and half a key.
enum TestCertificates {
    /// Until 2126, written as GeneralizedTime.
    static let valid = """
        -----BEGIN CERTIFICATE-----
        MIIBdTCCARugAwIBAgIUQk8kLGeeNUjSpGPWPM5lw7Mzt7QwCgYIKoZIzj0EAwIw
        DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMyMDI3NThaGA8yMTI2MTAzMDIwMjc1
        OFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN/D
        PshDAxhCyvVjH3y9Phyc+NCliGZhWcRgM2VmMlC+PaukZWwwIY/Db6KiscppvaqV
        Qm4ASMrq7cyJlsHHrhajUzBRMB0GA1UdDgQWBBSlxBByEQ6rd7EvgOjD5EB1DmN8
        hzAfBgNVHSMEGDAWgBSlxBByEQ6rd7EvgOjD5EB1DmN8hzAPBgNVHRMBAf8EBTAD
        AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDHuelfS7yoEhPzeVRE2J/2JOPSpiFsjf1E
        oLVMvDElOAIgY+/Ncwoc+w0tENRR3lNXykAdn7nKtqa+STg5bNXgdso=
        -----END CERTIFICATE-----
        """

    /// Until 2001, written as UTCTime.
    static let expired = """
        -----BEGIN CERTIFICATE-----
        MIIBFTCBvQIUX0iOOItHnnMMEn/ZOnGHd8QYMOcwCgYIKoZIzj0EAwIwDjEMMAoG
        A1UEAwwDb2xkMB4XDTAwMDEwMTAwMDAwMFoXDTAxMDEwMTAwMDAwMFowDjEMMAoG
        A1UEAwwDb2xkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE38M+yEMDGELK9WMf
        fL0+HJz40KWIZmFZxGAzZWYyUL49q6RlbDAhj8NvoqKxymm9qpVCbgBIyurtzImW
        wceuFjAKBggqhkjOPQQDAgNHADBEAiAU0f7pY0YUo7je95XGa88Jm9KV7kO/oymA
        LbskPRmNygIgEj/FJzI9CIDSBuYeFMIaUXLKXJwi/qNXYGF2YFn5LmU=
        -----END CERTIFICATE-----
        """

    static let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
}
