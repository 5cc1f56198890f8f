import Testing

/// All suites in one, one test after the other: they share a controller, and some of them kill it.
@Suite("End to end on a real control plane and two real servers", .enabled(if: Lab.isPresent), .serialized)
enum EndToEnd {}
