"""What `hack/bench controller` measures beside ours: answers each change by writing the generation it has seen into the status."""

import kopf

MIGRATIONS = ("migrations.mystira.app", "v1alpha1", "databasemigrations")


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_):
    settings.posting.enabled = False


@kopf.on.resume(*MIGRATIONS)
@kopf.on.create(*MIGRATIONS)
@kopf.on.update(*MIGRATIONS)
async def reconcile(meta, patch, **_):
    patch.status["observedGeneration"] = meta["generation"]
