public import MigrationCore

extension Reason {
    /// What it says when a condition or an event carries this reason.
    public var meaning: String { documentation.meaning }

    /// What a person does about it.
    public var remedy: String { documentation.remedy }

    private struct Documentation {
        var meaning: String
        var remedy: String
        init(_ meaning: String, _ remedy: String = "Nothing; it goes on by itself.") {
            self.meaning = meaning
            self.remedy = remedy
        }
    }

    /// One row a reason, as long as the closed list itself.
    private var documentation: Documentation {
        switch self {
        case .progressing: Documentation("The controller is at work.")
        case .progressingWithRetry:
            Documentation("Something failed and is tried again.", "Read the message; what it names may need your help, the next try sees it.")
        case .awaitingApproval: Documentation("The next step needs a person.", "Do what the message says, mostly a change of `spec.goal`.")
        case .goalReached: Documentation("The goal of the spec is reached.", "Nothing; raise `spec.goal` to go further.")
        case .notStarted: Documentation("This step has not begun.")
        case .notRequested: Documentation("The spec does not ask for this step.", "Nothing, or ask for it in the spec.")
        case .succeeded: Documentation("The step is done.")
        case .suspended: Documentation("`spec.suspend` is true.", "Set `spec.suspend: false` to go on.")
        case .deleting: Documentation("The object is being deleted; what is ours is removed first.")
        case .waitingForOwner:
            Documentation("Another migration owns one of the same databases or Secrets.", "Finish or delete the migration the message names.")
        case .goalBehindPhase: Documentation("The goal lies behind what has been done and is ignored.", "Use goal `RolledBack` to go back.")
        case .rollingBack: Documentation("The applications are led back to the source.")

        case .invalidSpec: Documentation("The spec has mistakes; the message lists all with their paths.", "Correct them and apply again.")
        case .notImplemented:
            Documentation("The spec asks for something this version cannot do.", "Use what the message offers instead, or remove the field.")

        case .unreachable: Documentation("A server does not answer.", "Check host, port, DNS, firewall and TLS settings from a pod of the cluster.")
        case .authenticationFailed:
            Documentation("A server refuses user or password.", "Correct the Secret the message names, or the role's password.")
        case .missingPrivilege: Documentation("A role may not do what the migration needs.", "Run the GRANT or ALTER ROLE of the message.")
        case .secretMissing:
            Documentation("A Secret or one of its keys does not exist.", "Create it in the migration's namespace, or correct the reference.")
        case .connectionStringInvalid:
            Documentation(
                "The value in a Secret is no connection string this program can rewrite.",
                "Store the value in a notation of docs/connection-strings.md under that key, or name another key.")
        case .connectionElsewhere:
            Documentation("A connection string points to neither source nor target.", "Correct the Secret, `spec.source`, or the entry's `database`.")
        case .connectionOwned:
            Documentation(
                "A warning: something else writes an object with connection strings, and would turn back what the switch writes there.",
                "Set `spec.cutover.secretWriter: External` and let it write them, or stop it for this object.")
        case .noWorkloadSelected: Documentation("A selector matches no workload of its kinds.", "Correct `spec.cutover.workloads[].selector`.")
        case .workloadNotSelected:
            Documentation(
                "A warning: something reads a connection string of the plan and is not selected.",
                "Add its labels and kind to `spec.cutover.workloads`, or restart it yourself after the switch.")
        case .sessionNotSelected:
            Documentation(
                "A warning: sessions on the source come from no pod of a selected workload.",
                "Find out whose they are; the write pause ends them, and they cannot write there afterwards.")
        case .autoscaled:
            Documentation(
                "A warning: a HorizontalPodAutoscaler scales a workload that has `scaleToZero`.", "Nothing, unless the message says otherwise.")
        case .roleMissing:
            Documentation(
                "A warning: the target lacks roles that the databases need; they are made, but for those of which the message says otherwise.",
                "Nothing, or create them there with attributes and passwords of your own.")
        case .publicationStays:
            Documentation(
                "A warning: the user's own publications stay on the source.", "Let their subscribers subscribe to the target after the switch.")
        case .databaseMissing:
            Documentation("A database does not exist.", "Correct `spec.databases`, or create it on the target when `create` is `Never`.")
        case .targetNotEmpty: Documentation("A target database holds objects that are not ours.", "Drop them, or choose another `targetName`.")
        case .sameServer: Documentation("Source and target are one server.", "Name the server to move to in `spec.target`.")
        case .versionUnsupported:
            Documentation("A server's version is outside of what is supported, or older on the target.", "Use a supported target version.")
        case .preparedTransactions:
            Documentation("Prepared transactions are open on the source.", "COMMIT PREPARED or ROLLBACK PREPARED those the message names.")
        case .serverSettings: Documentation("A server setting stands in the way.", "Set the parameter the message names.")
        case .unsupportedObject:
            Documentation("A database holds objects this version does not carry over.", "Remove or move by hand what the message names.")
        case .replicaIdentityMissing:
            Documentation(
                "A table of the source has no replica identity that would do: its UPDATEs and DELETEs could not be carried.",
                "Run the ALTER TABLE of the message.")
        case .sequenceNearEnd: Documentation("A sequence has used up 95 % of its range.", "Widen it and its column as the message says.")
        case .longTransactions:
            Documentation("A writing transaction is older than a minute; the making of a slot would wait for it.", "Let it end, or end it.")
        case .serversCannotReach:
            Documentation(
                "One server cannot connect to the other, which changes travel by; they connect directly, not through the controller.",
                "Open the way between the servers, or say in `spec.source.replication` or `spec.target.replication` how one reaches the other.")
        case .statusTooLarge:
            Documentation(
                "The status has no room for all there is to show.", "Look where the message says; fewer databases in one migration need less room.")
        case .stateLost:
            Documentation(
                "Our fence or journal stands on a server without a matching record, or the record cannot be read.",
                "Restore the object's status, or look at both servers and remove schema `_dbmigration` and the fence as the message says. It is never "
                    + "taken for a fresh start.")
        case .forbidden: Documentation("The API server denies the controller a verb.", "Apply `manifests/rbac`, in this namespace too.")
        case .observationFailed:
            Documentation("A fact could not be observed.", "Read the message; the controller asks again and does nothing meanwhile.")

        case .copyFailed: Documentation("Copying failed.", "Read the message and the log of the worker's Job; raise `spec.attempt` afterwards.")
        case .verificationMismatch:
            Documentation("Source and target differ after the copy.", "See `status.databases[].mismatches`; raise `spec.attempt` to copy again.")
        case .verificationFailed: Documentation("The comparison itself failed.", "Read the message and the log of the worker's Job.")
        case .workerLost: Documentation("A worker's Job ended without an answer.", "Look at the Job's pod: evicted, out of memory, or no image.")
        case .workerRejected:
            Documentation("A worker's Job cannot be created or started.", "Look at the namespace's quota, PodSecurity and admission.")

        case .laneLost:
            Documentation(
                "A lane's slot or publication is gone or was invalidated: changes are missing.",
                "Nothing: everything is copied again by itself. Find who dropped the slot, or raise the source's `max_slot_wal_keep_size`.")
        case .laneBroken:
            Documentation(
                "A lane does not apply changes at the moment.",
                "Read the message and the subscriber's server log; the lane goes on by itself once mended.")
        case .catchingUp:
            Documentation(
                "The side that changes flow to is further behind than `spec.cutover.maxLagBytes`, or its lanes are being connected: no cutover begins, and "
                    + "no rollback that has writes to carry back. The applications go on.",
                "Wait, have the applications write less, or raise the limit, which counts at once.")
        case .schemaDrift:
            Documentation(
                "A table's columns, types or replica identity, or an enum's labels are not the same on source and target any more. Lanes carry rows, "
                    + "not DDL, and no cutover begins meanwhile.",
                "Run the same DDL on the side the message names, on the target after `BEGIN READ WRITE`: its fence stops rows, not DDL. It is noticed within "
                    + "seconds.")
        case .retainedWALExceeded:
            Documentation(
                "A server kept more WAL for a lane than `spec.copy.maxRetainedWALMiB`, so the lane was dropped before the disk was in danger.",
                "Find what held the lane up, then raise `spec.attempt`, and the limit if the disk allows.")
        case .outsideWindow:
            Documentation(
                "The cutover may begin, but not before its maintenance window opens.",
                "Wait until `status.cutover.nextWindowAt`, or change or remove `spec.cutover.window`, which counts at once.")
        case .jobRunning:
            Documentation(
                "A Job of `spec.cutover.workloads` runs, and the write pause waits for it; CronJobs are suspended meanwhile.",
                "Wait, or end the Job the message names.")
        case .waitingForPoolers:
            Documentation(
                "The cutover may begin as soon as every PgBouncer has its new file, which follows its Secret or ConfigMap with a delay. After the switch: not "
                    + "every PgBouncer leads to the target, so that nothing is promoted.",
                "Wait, or shorten `spec.cutover.poolers[].fileSeconds` where files are known to follow sooner. After the switch, look at the replica the "
                    + "message names.")
        case .poolerNotPaused:
            Documentation(
                "A PgBouncer could not be paused within `spec.cutover.poolers[].pauseSeconds`, or the source not fenced behind it; everything was resumed.",
                "End transactions that last longer, see `SHOW SERVERS` on its console, then raise `spec.attempt`.")
        case .draining: Documentation("The write pause waits until the other side has everything.")
        case .pauseBudgetExceeded:
            Documentation(
                "The write pause reached its budget, and the side that the applications use was opened again. A rollback is tried again by itself once "
                    + "the source is close behind.",
                "Raise `spec.cutover.maxPauseSeconds`; in Snapshot mode `spec.cutover.snapshotPauseSeconds` or `spec.copy.jobs`.")
        case .cutoverAborted:
            Documentation("The cutover was undone before the switch; the applications go on at the source.", "See the reason in the message.")
        case .goalLowered: Documentation("The goal was lowered during the cutover, which was undone.", "Set goal `Promoted` again when ready.")
        case .fenceLost:
            Documentation("A fence does not hold as recorded; somebody changed it.", "Find who changed the database's settings or `_dbmigration`.")
        case .deadlineExceeded: Documentation("A phase took longer than its deadline.", "Remove what the message names, then raise `spec.attempt`.")
        case .awaitingConnections:
            Documentation(
                "`secretWriter` is External, and an object does not hold yet what it has to.",
                "Write the object the message names, as `status.cutover.connections` says; the write pause is undone when its time is over.")
        case .connectionsTurnedBack:
            Documentation(
                "Something else turned back a connection string that the controller had written. It is not written again.",
                "Let whatever writes it lead it there, or stop that and remove the annotation `migrations.mystira.app/written` as the message says.")
        case .rolloutFailed:
            Documentation("The restarted workloads did not become available.", "Look at the pods of the workload the message names.")

        case .verificationStale:
            Documentation("The last comparison is older than `spec.verification.maxAgeSeconds`; both sides are compared again.")
        case .probeFailed: Documentation("A health check failed as often as its limit.", "Look at the application the message names.")
        case .probeInconclusive:
            Documentation(
                "A health check gave no usable answer; that counts neither way. Before the cutover, the baseline of a check could not be read.",
                "Make the address or query of the message answer.")
        case .soaking: Documentation("All checks must stay good for `spec.health.soakSeconds`.")
        case .requested: Documentation("A person asked for it.")
        case .lossless: Documentation("Going back loses nothing that was acknowledged.", "Nothing; set goal `RolledBack` to go back.")
        case .noReverseLane:
            Documentation(
                "The target took client writes and nothing carries them back (Snapshot mode, or `rollback.keepReverseReplication: false`).",
                "Stay on the target, or set `spec.rollback.acceptLoss: NoReverseLane` with goal `RolledBack` and lose what was written there.")
        case .reverseLaneLost:
            Documentation(
                "The target took client writes and a reverse lane or its slot is gone: changes are missing on the source.",
                "Stay on the target, or set `spec.rollback.acceptLoss: ReverseLaneLost` with goal `RolledBack` and lose what was written there.")
        case .reverseLaneBroken:
            Documentation(
                "The target took client writes and a reverse lane does not carry them back at the moment.",
                "Repair what the message names; the lane goes on by itself. Or set `spec.rollback.acceptLoss: ReverseLaneBroken` with goal "
                    + "`RolledBack` and lose what was written there.")
        case .reverseSchemaDrift:
            Documentation(
                "The target took client writes and its tables were changed, so that rows no longer fit the source's: the next such row stops the "
                    + "reverse lane.",
                "Run the same DDL on the source. It is closed to ordinary sessions: log in as a superuser, or with a role that has REPLICATION by "
                    + "`psql \"… replication=database\"`, and begin with `BEGIN READ WRITE`. Or set `spec.rollback.acceptLoss: "
                    + "ReverseSchemaDrift` with goal `RolledBack` and lose what the lanes have not carried by then.")
        case .automaticRollbackOff: Documentation("Going back by itself is switched off.", "Repair the application, or set goal `RolledBack`.")
        case .sourceNeverFenced: Documentation("The source took writes all the time.", "Nothing was switched; there is nothing to go back from.")
        case .rollbackWindowClosed: Documentation("Goal `Completed` closed the way back.", "Start a new migration in the other direction.")
        case .rollbackFailed:
            Documentation(
                "Going back did not come to its end.", "The message says which side takes writes, `status.remaining` what is left to do, as commands."
            )

        case .notificationFailed:
            Documentation(
                "A receiver of `spec.notifications` was not told of something; the migration goes on.",
                "Correct the Secret or the receiver the message names, and try it with `dbmigration notify-test`.")
        }
    }
}
