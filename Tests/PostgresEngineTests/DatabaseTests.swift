import Testing

/// Everything against real servers; one at a time, because two cores are enough for two servers and one test.
@Suite("Against real servers", .serialized, .timeLimit(.minutes(5))) struct DatabaseTests {}
