{{/* What the controller may do in the namespaces of migrations: the rules of manifests/rbac/role.yaml; hack/lib/chart-check.sh compares them. */}}
{{- define "dbmigration.rules" -}}
- apiGroups: [migrations.mystira.app]
  resources: [databasemigrations]
  verbs: [list, watch, patch]
- apiGroups: [migrations.mystira.app]
  resources: [databasemigrations/status]
  verbs: [patch]
# Connection strings and credentials by name; originals are found by label.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [list, patch]
# Why a rollout is stuck.
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list]
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
# Health checks of a Service ask every ready address.
- apiGroups: [""]
  resources: [services, endpoints]
  verbs: [get]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
