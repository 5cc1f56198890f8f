import Foundation
import Testing

@testable import DevCluster

@Suite("Where dev clusters keep their files")
struct StateFolderTests {
    @Test("clusters that begin and end at the same moment leave each other's folder alone")
    func sameMoment() async throws {
        let parent = FileManager.default.temporaryDirectory.appending(path: "dbmigration-folders-\(UUID().uuidString)").path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for cluster in 1...4 {
                group.addTask {
                    let folder = StateFolder(path: "\(parent)/\(cluster)")
                    for _ in 1...200 {
                        try folder.create()
                        #expect(FileManager.default.fileExists(atPath: folder.logs))
                        try folder.remove()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(!FileManager.default.fileExists(atPath: parent))
    }
}
