import ConnectionStrings
import Testing

@Suite("Secrets stay out of printed forms")
struct RedactionTests {
    @Test(
        "A connection string",
        arguments: [
            "postgres://app:hunter2@db:5433,[::1]/orders?sslpassword=hunter2",
            "host=db user=app password='hunter2' dbname=orders sslpassword=hunter2",
        ])
    func connectionString(_ text: String) throws {
        let parsed = try ConnectionString.parse(text)
        #expect(parsed.password == "hunter2")
        for printed in printedForms(parsed) + printedForms([parsed]) + printedForms(parsed.components) {
            #expect(!printed.contains("hunter2"))
        }
        #expect(parsed.description.contains("orders") && parsed.description.contains("db"))
    }

    @Test("Credentials")
    func credentials() {
        for printed in printedForms(ConnectionString.Credentials(user: "app", password: "hunter2")) {
            #expect(!printed.contains("hunter2"))
            #expect(printed.contains("app"))
        }
    }

    private func printedForms(_ value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        return [String(describing: value), String(reflecting: value), "\(value)", dumped, "\(Mirror(reflecting: value).children.map { $0 })"]
    }
}
