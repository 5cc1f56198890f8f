import KubernetesModel
import MigrationAPI
import StructuredData
import YAML

/// Specs the tests start from.
enum Fixtures {
    /// Only what has no default; no plan comes of it.
    static let minimal = """
        source:
          host: old.example.com
          credentialsSecretRef: {name: old-admin}
          caSecretRef: {name: old-ca}
          subscriptionCredentialsSecretRef: {name: old-super}
          replication: {credentialsSecretRef: {name: old-replicator}}
        target: {host: new.example.com, credentialsSecretRef: {name: new-admin}}
        databases: [{name: chain_db}]
        cutover:
          connections: [{secretRef: {name: chain, key: url}}]
          workloads: [{selector: {}}]
          window: {schedule: "@daily", durationMinutes: 60}
          poolers:
            - {name: a, adminSecretRef: {name: a}, file: {}, logins: [{credentialsSecretRef: {name: b}, database: chain_db}]}
        health:
          http:
            - {name: chain, service: {name: chain, port: http}}
            - {name: publisher, url: "https://publisher", caSecretRef: {name: publisher-ca}}
          prometheus: [{name: errors, address: "https://prometheus", query: up, max: 1, caSecretRef: {name: prometheus-ca}}]
          workloads: {}
          sessions: {}
          logs: {errorPattern: FATAL}
        gates: [{name: uat, before: Promoted}]
        notifications: [{webhookSecretRef: {name: hook}, events: [Failed], signingSecretRef: {name: hook}, caSecretRef: {name: hook}}]
        """

    /// Every field this version acts upon but those of ``pooled``, with valid values.
    static let complete = """
        goal: Promoted
        attempt: 2
        suspend: false
        strategy: BlueGreen
        criticality: Low
        source: &server
          host: old.example.com
          port: 5433
          sslMode: verify-ca
          credentialsSecretRef: {name: old-admin, usernameKey: user, passwordKey: pass}
          caSecretRef: {name: old-ca, key: tls.crt}
          maintenanceDatabase: postgres
          storageGiB: 32
          subscriptionCredentialsSecretRef: {name: old-super, usernameKey: user, passwordKey: pass}
          replication:
            host: old.internal
            port: 6432
            sslMode: disable
            credentialsSecretRef: {name: old-replicator, usernameKey: user, passwordKey: pass}
        target:
          host: new.example.com
          port: 5432
          sslMode: require
          credentialsSecretRef: {name: new-admin, usernameKey: user, passwordKey: pass}
          caSecretRef: {name: new-ca, key: tls.crt}
          maintenanceDatabase: maintenance
          subscriptionCredentialsSecretRef: {name: new-super}
          replication: {host: new.internal, port: 7432, sslMode: require, credentialsSecretRef: {name: new-replicator}}
        databases:
          - {name: chain_db, targetName: chain_two, create: Never}
          - {name: publisher_db, create: IfMissing}
        copy: {mode: Snapshot, jobs: 3, onExisting: Refuse, roles: CreateMissing, lanes: 1, maxRetainedWALMiB: 1024, indexJobs: 3, splitAboveMiB: 64}
        verification: {mode: None}
        cutover:
          snapshotPauseSeconds: 60
          maxPauseSeconds: 45
          maxLagBytes: 4096
          verifySeconds: 5
          connections:
            - {secretRef: {name: chain, key: url}, database: chain_db, credentials: {secretRef: {name: chain-new, usernameKey: user}}}
            - {secretRef: {name: publisher, key: url}, database: publisher_db, credentials: Keep}
          workloads:
            - {selector: {matchLabels: {part-of: mys}}, kinds: [Deployment], rolloutSeconds: 30}
          traffic: SecretRollout
          secretWriter: Operator
          window: {schedule: "0 2 * * SUN", durationMinutes: 120, timeZone: Africa/Johannesburg}
        health:
          periodSeconds: 2
          soakSeconds: 30
          http:
            - name: chain
              url: "https://chain.example.com/health"
              expectStatus: [200, 204]
              timeoutSeconds: 3
              failureLimit: 2
              totalFailureLimit: 20
              inconclusiveLimit: 30
              successThreshold: 2
              initialDelaySeconds: 5
              bodyPattern: '"status": *"(ok|up)"'
              headersSecretRef: {name: chain-headers}
              caSecretRef: {name: chain-ca, key: tls.crt}
              followRedirects: false
            - {name: publisher, service: {name: publisher, port: 8080, path: /health}}
          prometheus:
            - name: errors
              address: "https://prometheus.example.com/tenant"
              query: sum(rate(errors_total[5m]))
              max: "0.01"
              min: -1
              maxIncreasePercent: 50
              maxDecreasePercent: 20
              timeoutSeconds: 4
              failureLimit: 2
              totalFailureLimit: 20
              inconclusiveLimit: 30
              successThreshold: 2
              initialDelaySeconds: 5
              headersSecretRef: {name: prometheus-headers}
              caSecretRef: {name: prometheus-ca, key: tls.crt}
          workloads:
            minAvailablePercent: 75
            maxRestarts: 5
            failureLimit: 2
            totalFailureLimit: 20
            inconclusiveLimit: 30
            successThreshold: 2
            initialDelaySeconds: 5
          sessions:
            maxOnSource: 1
            minOnTarget: 2
            maxIncreasePercent: 100
            maxDecreasePercent: 50
            failureLimit: 2
            totalFailureLimit: 20
            inconclusiveLimit: 30
            successThreshold: 2
            initialDelaySeconds: 5
          logs:
            errorPattern: FATAL|could not connect
            maxMatches: 2
            maxIncreasePercent: 50
            failureLimit: 2
            totalFailureLimit: 20
            inconclusiveLimit: 30
            successThreshold: 2
            initialDelaySeconds: 5
        rollback: {automatic: false, acceptLoss: NoReverseLane, keepReverseReplication: false}
        cleanup: {sourceDatabases: Keep}
        gates: [{name: uat, before: Promoted, approval: Manual, approvedBy: jane}, {name: change-board, before: Cutover}]
        notifications:
          - name: ops
            webhookSecretRef: {name: hook, key: address}
            format: Slack
            events: [Promoted, Failed]
            template: "{event}: {message}"
            signingSecretRef: {name: hook, key: signing}
            caSecretRef: {name: hook, key: ca.crt}
          - {webhookSecretRef: {name: other}, events: [ApprovalNeeded]}
        """

    /// Every field of traffic PgBouncer.
    static let pooled = """
        cutover:
          poolers:
            - name: one
              service: {name: pgbouncer, port: console}
              addresses: ["10.0.0.1:6432"]
              adminSecretRef: {name: pgb-admin, usernameKey: user, passwordKey: pass}
              file: {secretRef: {name: pgb, key: databases.ini}, configMapRef: {name: pgb, key: pgbouncer.ini}}
              sslMode: require
              databases: [chain_db]
              logins: [{credentialsSecretRef: {name: chain-app, usernameKey: user, passwordKey: pass}, database: chain_db}]
              fileSeconds: 3
              pauseSeconds: 2
        """

    /// Every field of later versions.
    static let later = """
        databases: [{excludeTables: ["audit.*"]}]
        cutover:
          workloads: [{selector: {matchExpressions: [{key: a, operator: Exists}]}, clusterRef: {name: c}}]
        cleanup: {terraformDestroyTargets: [module.database], afterSeconds: 1, quietSeconds: 1, confirm: "yes"}
        discover: {include: ["*_db"]}
        provision: {terraform: {}}
        backup: {formats: [Custom]}
        redis: [{name: cache}]
        objectStores: [{name: files}]
        keyVaults: [{name: vault}]
        """

    /// Connections in every place they may stand, for the schema; no plan is made of it.
    static let places = """
        cutover:
          connections:
            - {}
            - {}
            - secretRef: &place
                {name: app, key: "*_URL", keys: [dsn], parts: {host: host, port: port, user: user, password: password, database: dbname}}
              redis: {host: new-redis, port: 6380, passwordSecretRef: {name: redis, key: password}}
            - configMapRef: *place
        """

    static let status = """
        observedGeneration: 3
        phase: Soaking
        message: All checks are good.
        progressPercent: 93
        etaSeconds: 12
        lagBytes: 0
        lagMeasuredAt: 2026-01-01T00:00:03.000000Z
        attempt: 1
        databases:
          - name: chain_db
            phase: Copied
            tables: {total: 1, copied: 1, verified: 1}
            bytes: {total: 1, copied: 1}
            rows: {copied: 1}
            lanes: [{direction: Reverse, stage: Running, streaming: true, lagBytes: 0, retainedBytes: 56, trouble: the worker ended}]
            mismatches: ["public.ledger: 10 rows on the source, 9 on the target"]
        cutover:
          nextWindowAt: 2026-01-03T00:00:00.000000Z
          startedAt: 2026-01-01T00:00:00.000000Z
          closedAt: 2026-01-01T00:00:00.100000Z
          switchedAt: 2026-01-01T00:00:01.000000Z
          firstClientWriteAt: 2026-01-01T00:00:02.000000Z
          fenceEvidence: no client session
          fenceLSN: 16/B374D848
          reverseLane: Running
          connections: [{kind: Secret, name: app, key: url, wanted: target, held: false, digest: "hmac-sha256:00"}]
          pauseMilliseconds: 1900
        rollback: {startedAt: "2026-01-05T03:04:06.000000Z", pauseMilliseconds: 900}
        endpoints: [{name: chain, verdict: ok, consecutive: 4, failures: 1, lastResult: "200", baseline: 0.1 to 0.25}]
        timeline:
          - {phase: Pending, startedAt: 2026-01-01T00:00:00.000000Z, finishedAt: 2026-01-01T00:00:00.500000Z, reason: Succeeded}
        remaining: [kubectl rollout status deployment]
        record: "{}"
        conditions:
          - {type: Ready, status: "True", observedGeneration: 3, lastTransitionTime: 2026-01-01T00:00:00Z, reason: GoalReached, message: Done.}
        """

    static func json(_ yaml: String) throws -> JSONValue { try YAML.decode(yaml).first ?? .null }

    static func document(spec: JSONValue) -> JSONValue {
        [
            "apiVersion": "migrations.mystira.app/v1alpha1", "kind": "DatabaseMigration", "metadata": ["name": "move", "namespace": "apps"],
            "spec": spec,
        ]
    }

    static func migration(_ spec: JSONValue) throws -> DatabaseMigration { try document(spec: spec).decode() }

    /// ``complete`` with other values merged in, as YAML.
    static func migration(_ changes: String = "{}") throws -> DatabaseMigration { try migration(json(complete).merged(json(changes))) }

    /// The same in Live mode.
    static func live(_ changes: String = "{}") throws -> DatabaseMigration {
        let spec = try json(complete).setting(nil, at: [.key("cutover"), .key("snapshotPauseSeconds")])
        return try migration(spec.merged(json("{copy: {mode: Live}, rollback: {keepReverseReplication: true}}")).merged(json(changes)))
    }
}
