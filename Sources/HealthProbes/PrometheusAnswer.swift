import FoundationEssentials
import HTTPTransport
import MigrationCore
import StructuredData

/// Reads what Prometheus answers to an instant query (`/api/v1/query`). Says why there is no value in words of our own: an answer's may repeat the
/// query, labels or addresses.
enum PrometheusAnswer {
    private static let errorTypes = ["bad_data", "canceled", "execution", "internal", "not_found", "timeout", "unavailable"]

    static func measurement(_ response: HTTPResponse) -> Fact<MeasuredValues> {
        if response.isTruncated { return .unknown("Prometheus answered more than \(PrometheusQueries.bodyLimit >> 20) MiB; aggregate the series") }
        let document = try? JSON.decode(JSONValue.self, from: response.body)
        guard response.status == 200, document?["status"] == "success", let data = document?["data"] else {
            return .unknown(refusal(response.status, document?["errorType"]?.string))
        }
        let values: [JSONValue?]
        switch data["resultType"]?.string {
        case "scalar": values = [data["result"]?[1]]
        case "vector": values = (data["result"]?.array ?? []).map { $0["value"]?[1] }
        default: return .unknown("the query gives neither a scalar nor an instant vector")
        }
        if values.isEmpty { return .unknown("the query gives no series") }
        let numbers = values.compactMap { $0?.string }.compactMap { Double($0) }
        guard numbers.count == values.count else { return .unknown("a series has something else than a number, such as a histogram") }
        return MeasuredValues(numbers).map { .value($0) } ?? .unknown("the query has no value (NaN)")
    }

    private static func refusal(_ status: Int, _ type: String?) -> String {
        guard let type, errorTypes.contains(type) else {
            return status == 200 ? "what answered is not Prometheus" : "Prometheus answered \(status)"
        }
        let remedy = type == "bad_data" ? "; correct the query" : ""
        return "Prometheus answered \(status) (\(type))\(remedy)"
    }
}
